"""`python -m evals`: measurements of recall, of recognition, and of speed."""

from __future__ import annotations

from evals.commands import evals

evals(prog_name="python -m evals")
