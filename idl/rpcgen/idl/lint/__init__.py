"""Lint: what a good interface file does not do, although the language allows it. One rule is one file of `rules`."""
