"""The world of threads: a thin shell round the core. Decides nothing about messages."""
