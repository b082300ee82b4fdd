"""Measurements that guard the quality of Memex: `python -m evals --help`."""
