# Memex from a bare clone. GNU make, bash, Python 3.11 or newer, a C++ compiler.
#
#   make demo    install, fetch the embedded default models, remember the samples, ask
#   make test    every check and every test
#   make lint    the checks alone
#   make clean   remove what these made (.venv with its models, .demo, caches)

SHELL := /bin/bash
PYTHON ?= python3
BIN := .venv/bin
TORCH := torch==2.13.0
TORCH_CPU := https://download.pytorch.org/whl/cpu

export CMAKE_BUILD_PARALLEL_LEVEL ?= $(shell getconf _NPROCESSORS_ONLN)
export PIP_DISABLE_PIP_VERSION_CHECK := 1
export PIP_NO_INPUT := 1
# Models of this clone lie in its virtual environment.
export MEMEX_MODELS := $(CURDIR)/.venv/share/memex/models

SAMPLES := $(filter-out %/README.md,$(wildcard memex/samples/*.*))
DEMO := MEMEX_HOME="$(CURDIR)/.demo" $(BIN)/memex

.PHONY: venv models demo test lint clean system-packages
.DEFAULT_GOAL := demo
.NOTPARALLEL:

venv: .venv/.installed

.venv/.installed: pyproject.toml .ci/constraints.txt
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || \
	  { echo "Memex needs Python 3.11 or newer. Name one: make PYTHON=python3.12 $(MAKECMDGOALS)"; exit 1; }
	@test -x $(BIN)/python || $(PYTHON) -m venv .venv
	@$(BIN)/pip install -qq --upgrade pip
# torch is needed once, to convert the embedding model: without an NVIDIA GPU its
# CPU build will do. Its own index is tried first, and skipped where it cannot be
# reached; macOS has no other build.
	@if ! $(BIN)/pip show --quiet torch 2>/dev/null; then \
	  cpu=(-qq --no-deps --index-url $(TORCH_CPU) $(TORCH)); \
	  if [ "$$(uname)" = Linux ] && [ ! -e /proc/driver/nvidia ] && \
	    $(BIN)/pip install --dry-run --timeout 5 --retries 0 "$${cpu[@]}" >/dev/null 2>&1 && \
	    echo "Installing $(TORCH) (CPU build)" && $(BIN)/pip install --retries 1 "$${cpu[@]}"; then :; \
	  else echo "Installing $(TORCH)" && $(BIN)/pip install -qq -c .ci/constraints.txt $(TORCH); fi; \
	fi
	@echo "Installing Memex (llama-cpp-python is compiled: minutes)"
	@$(BIN)/pip install -qq -c .ci/constraints.txt -e '.[dev]'
	@touch $@

models: venv
	@$(BIN)/memex models pull tiny

demo: models
	@bash .ci/demo $(SAMPLES)

system-packages:
	@bash .ci/system-packages

test: system-packages venv models
	@$(MAKE) --no-print-directory lint
	$(BIN)/pytest

lint: venv
	$(BIN)/ruff check
	$(BIN)/ruff format --check
	$(BIN)/mypy
	$(BIN)/lint-imports

clean:
	@if [ -d .demo ] && [ -x $(BIN)/memex ]; then $(DEMO) down; fi
	rm -rf .venv .demo build dist .mypy_cache .pytest_cache .ruff_cache .import_linter_cache
	find . -name __pycache__ -type d -prune -exec rm -rf {} +
