"""Satellites, displays and wearables: Memex on small devices."""
