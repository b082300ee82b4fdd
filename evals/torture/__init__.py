"""Torture of the always-on worker: a seeded script makes files and things come and go
while the daemons are killed; then library, index and disk are compared with it.
"""
