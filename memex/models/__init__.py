"""The models: where they come from, and the one adapter of each."""

import os

# CTranslate2 and llama.cpp compute with OpenMP, whose threads by default wait for
# each other by spinning. Two daemons share the cores, so a spinning thread takes
# the core that the thread it waits for needs. Read when the libraries are loaded.
os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")
