"""Podcasts: feeds, episodes, transcripts and chapters, over a network that is not trusted.

This module stays empty; what counts is in `web` (the HTTP client), `download`
(enclosures), `feed`, `chapters` and `transcripts`; `subscriptions` is the thread that
waits for feeds to be due, `looking` a look at one, `episodes` what it does with an episode.
"""
