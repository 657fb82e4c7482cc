"""Stores (`store.py`) in databases. Each is loaded by whoever uses it."""
