"""The lint rules, each a file that is named for its id: its docstring is its page."""
