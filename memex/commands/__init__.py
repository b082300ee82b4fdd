"""The commands of `memex`, a module each."""
