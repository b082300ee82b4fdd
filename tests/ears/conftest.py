"""Fixtures of the ears: virtual microphones."""

from __future__ import annotations

from tests.ears.virtual import mic, mics

__all__ = ["mic", "mics"]
