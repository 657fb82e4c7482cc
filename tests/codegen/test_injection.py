"""No text of an interface file becomes code: only string constants differ, and they hold exactly the text."""

from __future__ import annotations

import ast
import json
import re
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from rpcgen.codegen import generate
from rpcgen.codegen.literals import text_literal
from rpcgen.idl import Interface
from rpcgen.idl.regex.spelling import exact

from tests.codegen.cases import interface_of
from tests.codegen.poison import poisoned

SENTINEL = "RPCGEN_TOUCHED"
FINGERPRINT = re.compile("[0-9a-f]{64}")
SURROGATE = re.compile("[\ud800-\udfff]")
TOUCH = f"__import__('os').environ.__setitem__('{SENTINEL}', '1')"

PAYLOADS = (
    '"""',
    "'''",
    '"',
    "'",
    '\\"',
    "\\",
    "\\\\",
    'x\\"""\n' + TOUCH + '\n"""',
    f'"""\n{TOUCH}\n"""',
    f"'\n{TOUCH}\n'",
    f'" + {TOUCH} + "',
    f'")\n{TOUCH}\n("',
    "\\N{BULLET}",
    "\\x22",
    "\\u0022",
    "line\nbreak",
    "carriage\rreturn\r\n" + TOUCH,
    "form\x0cfeed " + TOUCH,
    "vertical\x0btab",
    f"\u2028{TOUCH}\u2029{TOUCH}\x85{TOUCH}",
    "nul\x00nul",
    "\x1a\x1b[31m\x7f",
    "\u202e\u2066\ufeff\u200b",
    "\ud800 lone",
    "{{ 7 * 7 }}",
    "{% raw %}{% include '/etc/passwd' %}",
    "{# comment",
    "#}",
    "{{ ''.__class__ }}",
    "${HOME} $(id) `id`",
    "%s %(x)s %n",
    "{0} {x!r} {",
    f"\nimport os\n{TOUCH}",
    "# type: ignore",
    "# noqa # fmt: off",
    "  indented\n        more",
    "\ttab",
    "é ü 漢字 🎉",
    "very long " * 200,
)


def benign(interface: Interface) -> tuple[Interface, list[str]]:
    """The interface with numbered texts in every place, and those texts."""
    marks: list[str] = []

    def mark(_text: str) -> str:
        marks.append(f"mark{len(marks):04}mark")
        return marks[-1]

    return poisoned(interface, mark), marks


def with_texts(interface: Interface, texts: Iterator[str]) -> Interface:
    """The interface with the given texts, in the same order."""
    return poisoned(interface, lambda _text: next(texts))


class Constants(ast.NodeTransformer):
    """Takes the string constants out of a tree."""

    def __init__(self) -> None:
        self.found: list[str] = []

    def visit_Constant(self, node: ast.Constant) -> ast.AST:
        if isinstance(node.value, str):
            self.found.append(node.value)
            return ast.Constant("")
        return node


def dissected(text: str) -> tuple[str, list[str]]:
    """The shape of a module, and its string constants."""
    constants = Constants()
    tree = constants.visit(ast.parse(text))
    return ast.dump(tree), constants.found


def loosened(text: str) -> str:
    """A docstring without what laying it out may change: white space, a full stop at an end, what is no text."""
    return SURROGATE.sub("?", "".join(text.split()).replace(".", ""))


def check_texts(interface: Interface, texts: list[str]) -> None:
    """Generate with benign marks and with the texts, and compare."""
    marked, marks = benign(interface)
    assert len(texts) == len(marks)
    plain = generate(marked)
    attacked = generate(with_texts(interface, iter(texts)))
    assert plain.keys() == attacked.keys()
    for path, before in plain.items():
        after = attacked[path]
        if not path.endswith(".py"):
            continue
        shape, constants = dissected(before)
        shape_after, constants_after = dissected(after)
        assert shape == shape_after, path
        for constant, found in zip(constants, constants_after, strict=True):
            if FINGERPRINT.fullmatch(constant) and FINGERPRINT.fullmatch(found):
                continue
            wanted = constant
            for mark, text in zip(marks, texts, strict=True):
                if mark in wanted:
                    # A docstring tells some defaults as the literals that they are.
                    wanted = wanted.replace(f'"{mark}"', text_literal(text)).replace(mark, text)
            # Patterns are spelled as they are checked.
            same = found in (wanted, exact(wanted)) or loosened(wanted) == loosened(found)
            assert same, path
    json.loads(attacked["case_every_text/contract.json"])


@pytest.fixture(scope="module")
def interface() -> Interface:
    """An interface that has text wherever the language has it."""
    return interface_of("every_text")


@pytest.mark.parametrize("payload", PAYLOADS, ids=range(len(PAYLOADS)))
def test_one_payload_everywhere(interface: Interface, payload: str) -> None:
    """A payload in every place at once changes string constants only."""
    _, marks = benign(interface)
    check_texts(interface, [f"{number}{payload}" for number in range(len(marks))])
    check_texts(interface, [f"{payload}{number}" for number in range(len(marks))])
    check_texts(interface, [f"{number}{payload}{number}" for number in range(len(marks))])


NASTY = st.text(
    st.one_of(
        st.sampled_from("\"'\\\n\r\t\x0b\x0c\x00\x1a\x85\u2028\u2029{}%#$`: ."),
        st.characters(),
    ),
    min_size=1,
    max_size=30,
)


@settings(
    max_examples=40,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
)
@given(data=st.data())
def test_any_texts_everywhere(interface: Interface, data: st.DataObject) -> None:
    """Whatever the texts are, the same holds; each example has a different one in each place."""
    _, marks = benign(interface)
    drawn = data.draw(st.lists(NASTY, min_size=len(marks), max_size=len(marks)))
    check_texts(interface, [f"{text}{number}" for number, text in enumerate(drawn)])


def importable(text: str) -> Callable[[str], str]:
    """Put a payload everywhere but into patterns, which must be regular expressions when a package is imported."""
    numbers = iter(range(10**6))

    def replace(old: str) -> str:
        return old if old.startswith("^") else f"{next(numbers)}{text}"

    return replace


def test_importing_touches_nothing(interface: Interface, tmp_path: Path) -> None:
    """Packages with every payload are imported, all modules of them, and none of it runs."""
    modules: list[str] = []
    for number, payload in enumerate(PAYLOADS):
        files = generate(poisoned(interface, importable(payload)))
        for path, text in files.items():
            target = tmp_path / f"attack{number}" / path.partition("/")[2]
            target.parent.mkdir(exist_ok=True)
            target.write_bytes(text.encode())
        names = ("client", "async_client", "endpoint", "publisher", "async_publisher", "subscriber")
        modules += [f"attack{number}.{name}" for name in names]
    code = (
        "import importlib, os, sys\n"
        f"for name in {modules!r}: importlib.import_module(name)\n"
        f"assert {SENTINEL!r} not in os.environ\n"
        "print(sum(name.startswith('attack') for name in sys.modules))"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=tmp_path, capture_output=True, text=True, check=False
    )
    assert done.stdout == f"{10 * len(PAYLOADS)}\n", done.stderr
