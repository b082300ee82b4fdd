"""Memex: a personal memory that runs on its owner's machine.

This module stays empty but for the version, so that importing any light
module of the package (client, cli, types) costs nothing.
"""

__version__ = "0.1.0"
