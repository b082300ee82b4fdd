"""Readers of public sets as their authors published them; one module a set.

Each has `read(files)`, which makes the rows of `corpus.jsonl.gz` and `queries.jsonl`
(`evals.published.form`). The sets themselves are not part of Memex: get them from their
authors, under their licences.
"""
