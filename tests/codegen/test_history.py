"""What generated code makes of older versions: what is told to the runtime, and what a program sees of it."""

from __future__ import annotations

import asyncio
import importlib
import inspect
import subprocess
import sys
from pathlib import Path
from types import ModuleType
from typing import Any
from uuid import UUID

import msgspec
import pytest
from rpcgen.codegen import generate
from rpcgen.codegen.conversions import snake
from rpcgen.idl import loads, render

pytestmark = pytest.mark.usefixtures("packages")


def load(name: str) -> ModuleType:
    """A generated package."""
    return importlib.import_module(name)


def recording(cls: type) -> Any:
    """A client that only keeps what its methods pass on."""

    def keep(self: Any, *passed: object) -> None:
        seen.append(passed)

    async def keep_later(self: Any, *passed: object) -> None:
        seen.append(passed)

    seen: list[tuple[object, ...]] = []
    hook = keep_later if cls.__name__.startswith("Async") else keep
    members = {"_call": hook, "_cast": hook, "seen": seen}
    return object.__new__(type("Recording", (cls,), members))


def thing(majors: ModuleType) -> Any:
    """A struct of the case with several majors."""
    return majors.Thing(
        id=UUID(int=1),
        level=majors.Level.LOW,
        label="a",
        weight=1.5,
        parts=[majors.Piece(name="p")],
    )


def test_gone_arguments_are_passed_apart() -> None:
    """What only older versions have is a keyword of the client, and is no part of the arguments' struct."""
    majors = load("case_majors")
    client = recording(majors.MajorsClient)
    client.store(thing=thing(majors), name="n", number=3, words=["w"])
    _, arguments, gone = client.seen[0]
    assert gone == {
        "maker": None,
        "number": 3,
        "words": ["w"],
        "when": None,
        "level": majors.Level.LOW,
    }
    assert not gone.keys() & {field.name for field in msgspec.structs.fields(arguments)}
    client.bare()
    assert len(client.seen[1]) == 2


def test_both_worlds_pass_the_same() -> None:
    """An asyncio client passes what a blocking one does."""
    majors = load("case_majors")
    blocking, asyncio_ = recording(majors.MajorsClient), recording(majors.AsyncMajorsClient)
    given = {"thing": thing(majors), "name": "n", "maker": "m"}
    blocking.store(**given)
    asyncio.run(asyncio_.store(**given))
    assert blocking.seen == asyncio_.seen


def test_gone_method_has_its_last_shape() -> None:
    """A method that the newest version has not looks as it did at the last version that has it."""
    majors = load("case_majors")
    methods = {method.name: method for method in majors.INTERFACE.methods}
    assert [field.name for field in msgspec.structs.fields(methods["gone"].args)] == [
        "thing",
        "place",
        "more",
    ]
    assert [gone.name for gone in majors.INTERFACE.gone[methods["gone"].args]] == ["less"]
    parameters = inspect.signature(majors.MajorsEndpoint.gone).parameters
    assert list(parameters) == ["self", "ctx", "thing", "place", "more"]


def test_destination_of_gone_method() -> None:
    """Its destination is read from the arguments that it has."""
    majors = load("case_majors")
    method = next(each for each in majors.INTERFACE.methods if each.name == "gone")
    given = {"thing": thing(majors), "place": "there"}
    assert method.destination is not None
    assert method.destination(method.args(**given)) == "there"


def test_tables_hold_inherited_history() -> None:
    """What a struct inherits has its history in the table of the heir, too."""
    majors = load("case_majors")
    parts = majors.INTERFACE.parts
    assert parts[majors.Thing].items() <= parts[majors.Box].items()
    assert [gone.name for gone in majors.INTERFACE.gone[majors.Box]] == ["room", "colour", "lid"]


def test_converters_are_both_or_none() -> None:
    """Each side has a class with what it needs, and an interface without conversions has neither."""
    forms = load("case_method_forms")
    client, server = forms.INTERFACE.client_converters, forms.INTERFACE.server_converters
    assert client.__abstractmethods__ == {
        "down_reshaped_until_1_3",
        "down_reshaped_until_2_2",
        "down_to_nothing_until_2_3",
        "down_from_nothing_until_1_2",
        "result_reshaped_until_1_3",
        "result_answers_until_2_3",
    }
    assert {name.replace("up_", "down_") for name in server.__abstractmethods__} == set(
        client.__abstractmethods__
    )
    assert load("case_versions").INTERFACE.client_converters is None


def test_optional_converters_say_that_they_are_missing() -> None:
    """A converter that only another kind needs is inherited, and does nothing."""
    forms = load("case_method_forms")
    with pytest.raises(NotImplementedError):
        forms.MethodFormsClientConverters.result_was_cast_until_2_4(None, None)


@pytest.mark.parametrize(
    ("name", "result"),
    [("DiskSource", "disk_source"), ("HTTPProxy", "http_proxy"), ("Thing2", "thing2"), ("x", "x")],
)
def test_snake(name: str, result: str) -> None:
    """Converters are called in snake case."""
    assert result == snake(name)


def files(body: str, version: str = "6.5") -> dict[str, str]:
    """What an interface is compiled to, by file."""
    loaded = loads(f'rpcgen: 1\ninterface: demo.some\nversion: "{version}"\n{body}')
    assert loaded.interface is not None, render(loaded.diagnostics, loaded.sources)
    return {path.partition("/")[2]: text for path, text in generate(loaded.interface).items()}


def test_what_nobody_speaks_is_not_generated() -> None:
    """What ended before the versions that are still spoken leaves no trace."""
    found = files(
        """
types:
  Kind: {enum: [new, old until 5.3]}
  Some: {fields: {a: int, b: {type: int, until: "4.0"}}}
methods:
  kept: {call: any, args: {some: Some, kind: Kind, c: {type: int, until: "6.0"}}}
  ended: {call: any, until: "6.0"}
  called: {call: [any, server until 5.8], cast: any until 6.0}
  renamed: {call: any, was: {"5.2": older_name}}
  dated: {call: any, args: {d: "int = 1 since 5.7", e: {type: int, was: {"6.0": f}}}}
"""
    )
    python = "".join(text for name, text in found.items() if name.endswith(".py"))
    for absent in (
        "ended",
        "ENDED",
        "OLD",
        "b:",
        "c:",
        "Gone",
        "Form",
        "Part",
        "older_name",
        "_V_5",
        "called_cast",
    ):
        assert absent not in python


def test_nothing_is_said_of_what_never_changed() -> None:
    """An interface without history has neither tables, nor converters, nor questions."""
    found = files("methods: {run: {call: any, args: {a: int}}}")
    assert "converters.py" not in found
    assert not [line for line in found["descriptor.py"].splitlines() if "parts=" in line]
    assert "supports" not in found["client.py"]


def test_field_of_a_clock_counts_on_it() -> None:
    """A required field that a type got later may be missing, whatever the interface's version is."""
    clocks = load("case_clocks")
    found = msgspec.convert({"id": str(UUID(int=1))}, clocks.Plain)
    assert found.code is None
    assert clocks.INTERFACE.parts[clocks.Child].keys() == {"extra"}


def test_constants_always_travel() -> None:
    """A constant is sent in every version that has it, also if it is newer than its method."""
    found = files(
        'methods: {run: {call: any, args: {a: int? since 6.2, b: {type: int, constant: 3, since: "6.1"}}}}'
    )
    assert "b: int = _field(default_factory=_sent(3))" in found["descriptor.py"]
    assert '"b": Part(since=_V_6_1, always=True)' in found["descriptor.py"]


def test_import_loads_no_client(packages: Path) -> None:
    """A package with converters stays lazy."""
    code = (
        "import sys, case_majors; case_majors.MajorsServerConverters; "
        "print([m for m in sys.modules if m.startswith('case_majors.') and 'client' in m])"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, cwd=packages, check=False
    )
    assert done.stdout == "[]\n"
