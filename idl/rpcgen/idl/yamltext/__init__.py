"""YAML text as nodes whose scalars are raw text. Knows nothing of interfaces."""
