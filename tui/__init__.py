"""The terminal UI: `memex tui` (docs/tui.md)."""
