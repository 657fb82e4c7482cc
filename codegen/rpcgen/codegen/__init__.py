"""Interfaces -> typed Python packages, as text.

Three steps, three types: the model of `rpcgen.idl` -> frozen views of ready-to-print text (`view/`) -> templates,
which know order and blank lines only. `write.py` alone touches the disk.
"""

from __future__ import annotations

from rpcgen.codegen.names import Names, package_name, resolve
from rpcgen.codegen.package import MARKER, OUTPUT_FORMAT, generate
from rpcgen.codegen.render import BadTemplate

__all__ = [
    "MARKER",
    "OUTPUT_FORMAT",
    "BadTemplate",
    "Names",
    "generate",
    "package_name",
    "resolve",
]
