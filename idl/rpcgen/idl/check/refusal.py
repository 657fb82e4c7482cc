"""`refused_as`: can a client that refuses a message say so with this error?"""

from __future__ import annotations

from collections.abc import Mapping

from rpcgen.idl.model import NO_CONSTRAINTS, Error, Field, Scalar
from rpcgen.idl.position import Position
from rpcgen.idl.report import Report
from rpcgen.idl.resolve import Types, error_fields, resolve

#: What a client can tell, and whether it always knows.
FACTS = {"method": True, "argument": False, "needed": False, "pinned": False}


def check_refusal(
    name: str, at: Position, errors: Mapping[str, Error], types: Types, report: Report
) -> None:
    """Report an error that is unknown, or whose fields a client cannot fill."""
    if name not in errors:
        hint = report.suggest(name, errors)
        report.error("unknown-error", f'unknown error "{name[:80]}"', at, hint=hint)
        return
    for field in error_fields(errors[name], errors).values():
        problem = _problem(field, types)
        if problem:
            report.error(
                "bad-refused-as",
                f'a client cannot raise "{name}" when its pin is too old: {problem}',
                at,
                hint="its fields are among method: string, argument: string?, needed: string?, pinned: string?",
                related=[(field.position, "the field is here")],
            )


def _problem(field: Field, types: Types) -> str:
    if field.name not in FACTS:
        return f'nothing is known for the field "{field.name}"'
    resolved = resolve(field.type, types)
    if resolved is None:
        return ""
    bounded = field.constraints != NO_CONSTRAINTS or resolved.constraints
    if resolved.base != Scalar("string") or bounded or field.constant is not None:
        return f'the field "{field.name}" is no plain string'
    if not FACTS[field.name] and not resolved.nullable:
        return f'"{field.name}" may be unknown, and the field cannot be null'
    return ""
