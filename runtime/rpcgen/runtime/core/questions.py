"""What a program may ask before it starts something: can this be sent at the version that a client writes for?"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from rpcgen.runtime.advice import did_you_mean
from rpcgen.runtime.core.dates import exists, in_effect
from rpcgen.runtime.core.routes import can_be_sent
from rpcgen.runtime.core.versions.parts import ALWAYS, is_there
from rpcgen.runtime.descriptor import Interface, Method, Version
from rpcgen.runtime.errors import ConfigurationError


def method_named(interface: Interface, name: str) -> Method[Any, Any]:
    """The method of a name; raises ConfigurationError if there is none."""
    for method in interface.methods:
        if name in (method.name, method.attribute):
            return method
    names = [method.name for method in interface.methods]
    raise ConfigurationError(
        f"{interface.name} has no method {name!r}; {did_you_mean(name, names)}"
    )


def understands(
    version: Version | None,
    method: Method[Any, Any],
    arguments: Sequence[str],
    converters: object = None,
) -> bool:
    """Whether messages of a version can hold a method and some of its arguments.

    Args:
        version: None: nothing can be said.
        method, arguments: what is asked for.
        converters: the client's: with one of them, a call may be sent where there was only a cast.

    Raises:
        ConfigurationError: the method has no such argument.
    """
    if version is None or not exists(method.since, method.until, version):
        return False
    if not can_be_sent(method, version, converters):
        return False
    form = in_effect(method.forms, version)
    replaced = form is not None and form.args is not None
    fields = dict(
        zip(method.args.__struct_fields__, method.args.__struct_encode_fields__, strict=True)
    )
    parts = method.interface.parts.get(method.args, {})
    gone = {
        each.name: each.part
        for each in method.interface.gone.get(method.args, ())
        if not each.constant
    }
    for argument in arguments:
        wire = fields.get(argument, argument)
        if wire not in method.args.__struct_encode_fields__ and wire not in gone:
            names = [*fields.values(), *gone]
            raise ConfigurationError(
                f"{method.name} has no argument {argument!r}; {did_you_mean(argument, names)}"
            )
        if wire in gone and replaced:
            return False  # the form's converter knows today's arguments alone
        if not is_there(gone.get(wire) or parts.get(wire, ALWAYS), version):
            return False
    return True
