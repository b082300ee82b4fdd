"""Podcasts: feeds, episodes, transcripts and chapters, over a network that is not trusted.

This module stays empty; what counts is in `web` (the HTTP client), `download`
(enclosures), `feed`, `chapters` and `transcripts`; `subscriptions` is the thread that
looks at the feeds, `episodes` what it does with one episode.
"""
