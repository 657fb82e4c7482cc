"""What a program must convert between an older form and the next one, and what each conversion is called.

Knows nothing of Python text: names of classes, and how types are spelled, are decided elsewhere.
"""

from __future__ import annotations

import re

from rpcgen.idl.model import Field, Form, Method
from rpcgen.idl.version import Version

_HUMP = re.compile("(?<=[a-z0-9])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])")


def snake(name: str) -> str:
    """`DiskSource` is `disk_source`, and `HTTPProxy` `http_proxy`."""
    return _HUMP.sub("_", name).lower()


def until_text(until: Version) -> str:
    """How names say it: `until_5_3`."""
    return f"until_{until.major}_{until.minor}"


def field_stem(owner: str, field: Field, until: Version) -> str:
    """The name of what converts a field of a type, error or method (by its name) at a version."""
    return f"{snake(owner)}_{field.name}_{until_text(until)}"


def form_stem(method: Method, until: Version) -> str:
    """The name of what converts a whole method at a version."""
    return f"{method.name}_{until_text(until)}"


def changes_kinds(method: Method, form: Form) -> bool:
    """Whether the form can be sent in other ways than the method as it is now."""
    return form.routes is not None and {route.kind for route in form.routes} != {
        route.kind for route in method.routes
    }


def is_converted(method: Method, form: Form) -> bool:
    """Whether there is anything to convert."""
    return form.args is not None or form.returns is not None or changes_kinds(method, form)
