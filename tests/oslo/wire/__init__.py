"""The oslo wire without a broker: what becomes of single messages."""
