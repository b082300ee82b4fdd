"""memex-ingest: the process that reads, listens and recognises."""
