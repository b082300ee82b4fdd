"""Numbered steps of the library's schema, applied in order by `memex.library`."""
