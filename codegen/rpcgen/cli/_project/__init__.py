"""The user's project: what `[tool.rpcgen]` of its pyproject.toml says. Knows no interface and no command."""
