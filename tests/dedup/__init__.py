"""Handlers whose effects are committed with the ids of their messages (PROMISES: effectively once)."""
