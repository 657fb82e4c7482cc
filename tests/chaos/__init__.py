"""Real processes that are replaced, stopped and killed under load, and what they wrote down about it."""
