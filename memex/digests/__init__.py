"""Digests: what is remembered of somebody or something, in sentences as they were said or
written. No language model has a part in it, so nothing in it is invented.

`naming` tells what a name is and where a text has it, `places` reads where the library has it,
`quoting` chooses the sentences, `page` puts them together.
"""
