"""Watching folders: a scan is the truth, watchdog only wakes it."""
