"""The `rpcgen` command: one file a sub-command, found by its name. Files that begin with an underscore are no commands.

The only portion that may import all the others; nothing imports it.
"""
