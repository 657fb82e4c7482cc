"""One file for each way to make the same calls; the file's name is the adapter's name.

An adapter module has what `tests.bench.adapter.AdapterModule` names. It is imported in the worker processes only, so a
library that is not installed costs its own rows and no others.
"""
