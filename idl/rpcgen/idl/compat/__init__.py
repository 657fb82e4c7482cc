"""What a change to an interface costs: two models in, findings out. No I/O."""

from __future__ import annotations

from rpcgen.idl.compat.compare import Comparison, compare
from rpcgen.idl.compat.discipline import Check, check
from rpcgen.idl.compat.finding import Finding
from rpcgen.idl.compat.registry import page_of, rule_ids, rule_named
from rpcgen.idl.compat.verdict import Verdict
from rpcgen.idl.compat.view import view_at

__all__ = [
    "Check",
    "check",
    "Comparison",
    "Finding",
    "Verdict",
    "compare",
    "page_of",
    "rule_ids",
    "rule_named",
    "view_at",
]
