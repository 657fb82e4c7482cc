"""The commands about the language: schema, explain, and describe of a file."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from jsonschema import Draft202012Validator
from rpcgen.cli._exit import Exit
from rpcgen.idl.rules import rules

from tests.cli.command import rpcgen

EXAMPLES = Path(__file__).parents[2] / "generated_examples"


def test_schema_is_a_json_schema(tmp_path: Path) -> None:
    """What is printed is a schema, and what -o writes is the same."""
    printed = rpcgen("schema")
    assert printed.code == 0
    Draft202012Validator.check_schema(json.loads(printed.out))
    file = tmp_path / "schema.json"
    assert rpcgen("schema", "-o", str(file)).out == ""
    assert file.read_text() == printed.out


@pytest.mark.parametrize(
    ("file", "why"),
    [
        ("none/schema.json", "no such file or directory"),
        ("here/schema.json", "not a directory"),
        ("/dev/full", "no space left on device"),
    ],
)
def test_a_schema_that_cannot_be_written_is_told(tmp_path: Path, file: str, why: str) -> None:
    """One line, as of any file, and exit code 2."""
    (tmp_path / "here").write_text("")
    done = rpcgen("schema", "-o", file, cwd=tmp_path)
    assert (done.code, done.out) == (Exit.BAD_INPUT, "")
    assert done.err == f"rpcgen schema: {file} cannot be written: {why}\n"


def test_explain_prints_a_page() -> None:
    """The page of a rule begins with its code."""
    done = rpcgen("explain", "bad-name")
    assert done.code == 0
    assert done.out.startswith("# bad-name\n")


def test_explain_lists_every_rule() -> None:
    """Without a rule, there is one line for each."""
    lines = rpcgen("explain").out.splitlines()
    assert [line.split()[0] for line in lines] == rules()
    assert all(len(line.split()) > 2 for line in lines)


def test_explain_suggests_the_nearest_rule() -> None:
    """A misspelt rule is an error that names the right one."""
    done = rpcgen("explain", "bad-nmae")
    assert (done.code, done.out) == (Exit.BAD_INPUT, "")
    assert done.err == "rpcgen explain: no rule 'bad-nmae'; did you mean 'bad-name'?\n"


def test_describe_shows_signatures() -> None:
    """Each method of a file has its signature, its documentation and its facts."""
    out = rpcgen("describe", str(EXAMPLES / "inventory/inventory.yaml")).out
    assert out.startswith("shop.inventory 1.1, topic inventory of exchange shop\n")
    assert "\ntake(sku: Sku, count: int = 1, note: string? since 1.1) -> Item\n" in out
    assert "    call any; timeout 5 s; raises NoSuchItem, OutOfStock\n" in out
    assert "    cast fanout\n" in out


def test_describe_of_a_method_shows_what_it_uses() -> None:
    """With a method, its arguments, errors and types are shown, and nothing else."""
    out = rpcgen("describe", str(EXAMPLES / "inventory/inventory.yaml"), "take").out
    assert "count: int = 1           How many pieces. (min 1)" in out
    assert "error OutOfStock: Fewer pieces on the shelf than asked for." in out
    assert "type Condition (open enum)" in out
    assert "recount" not in out
    assert "type Sku = string: Three letters, a dash, four digits. (matches" in out


def test_describe_of_a_type_without_a_word(tmp_path: Path) -> None:
    """A type that has limits and no documentation has its limits after its name."""
    file = tmp_path / "lab.yaml"
    file.write_text(
        'rpcgen: 1\ninterface: lab.api\nversion: "1.0"\ntypes:\n  Name: {type: string, size: 1..9}\n'
        "methods:\n  go: {call: any, args: {name: Name}}\n"
    )
    out = rpcgen("describe", str(file), "go").out
    assert out.endswith("\ntype Name = string (min size 1, max size 9)\n")


def test_describe_prints_the_contract_as_json() -> None:
    """--json is the contract itself."""
    out = rpcgen("describe", str(EXAMPLES / "scheduler/scheduler.yaml"), "--json").out
    assert json.loads(out)["interface"] == "nova.scheduler"


def test_describe_of_a_long_signature() -> None:
    """A signature that is too long for a line has an argument on each."""
    out = rpcgen(
        "describe", str(EXAMPLES / "nova_compute/nova_compute.yaml"), "rebuild_instance"
    ).out
    assert "\nrebuild_instance(\n    instance: Instance,\n" in out


def test_describe_of_what_is_not_there() -> None:
    """A wrong method, interface or file is one line and exit code 2."""
    file = str(EXAMPLES / "inventory/inventory.yaml")
    assert (
        rpcgen("describe", file, "tkae").err
        == "rpcgen describe: there is no method 'tkae'; did you mean 'take'?\n"
    )
    assert rpcgen("describe", file, "--interface", "x").code == Exit.BAD_INPUT
    assert rpcgen("describe", "nowhere.yaml").err.startswith(
        "nowhere.yaml:1:1: error[file-unreadable]"
    )


def test_describe_of_a_wrong_file(tmp_path: Path) -> None:
    """Every mistake of a file is shown, with its place; exit code 2."""
    file = tmp_path / "wrong.yaml"
    file.write_text("rpcgen: 1\ninterface: a.b\n")
    done = rpcgen("describe", str(file))
    assert done.code == Exit.BAD_INPUT
    assert done.err.startswith(f"{file}:")
    assert "error[" in done.err


@pytest.mark.parametrize("options", [["--server"], ["--topic", "--exchange"]])
def test_describe_of_a_file_has_no_servers_to_choose(options: list[str]) -> None:
    """Options that would be ignored are refused."""
    words = [word for option in options for word in (option, "x")]
    done = rpcgen("describe", "inventory.yaml", *words, cwd=EXAMPLES / "inventory")
    assert (done.code, done.out) == (Exit.BAD_INPUT, "")
    said = f"{', '.join(options)}: for servers only, and inventory.yaml is taken for a file"
    assert done.err == f"rpcgen describe: {said}\n"
