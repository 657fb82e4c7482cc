"""`rpcgen matrix`, run as a user does: a clean history, its reports, and its filters."""

from __future__ import annotations

import json
import re
from collections import Counter
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import pytest
from rpcgen.cli._exit import Exit
from rpcgen.cli._matrix.cells import Outcome

from tests.cli.command import rpcgen

ROOT = Path(__file__).parents[2]
DEPOT = sorted(str(path) for path in (Path(__file__).parent / "upgrades/depot").iterdir())
PAGE = (ROOT / "docs/cli.md").read_text().partition("\n## rpcgen matrix\n")[2].partition("\n## ")[0]


def matrix(*args: str) -> dict[str, Any]:
    """The JSON of a run without failures."""
    done = rpcgen("matrix", *args, "--format", "json")
    assert (done.code, done.err) == (0, "")
    found: dict[str, Any] = json.loads(done.out)
    return found


@pytest.fixture(scope="module")
def depot() -> dict[str, Any]:
    """Three minors and a major, with everything that can be dated."""
    return matrix(*DEPOT)


def outcomes(cells: list[dict[str, Any]], **wanted: str) -> Counter[str]:
    """The outcomes of the cells that have these values."""
    return Counter(
        cell["outcome"]
        for cell in cells
        if all(cell[key] == value for key, value in wanted.items())
    )


def test_the_table_has_a_row_for_each_pin_and_a_column_for_each_server() -> None:
    """Without a terminal, the table is plain text, and the summary its last line."""
    done = rpcgen("matrix", *DEPOT[:2])
    assert (done.code, done.err) == (0, "")
    lines = done.out.splitlines()
    assert lines[0].split("  ")[0] == "CLIENT"
    assert re.fullmatch(r"CLIENT +PIN +SERVER 1\.0 +SERVER 1\.1", lines[0])
    rows = [tuple(line.split()[:2]) for line in lines[1:-2]]
    assert rows == [
        ("1.0", "none"),
        ("1.0", "auto"),
        ("1.1", "none"),
        ("1.1", "1.0"),
        ("1.1", "auto"),
    ]
    assert re.fullmatch(r"\d+ cells in \d+\.\d s: \d+ ok, .*; none failed", lines[-1])


def test_a_clean_history_has_no_failure(depot: dict[str, Any]) -> None:
    """Renames, ends, older types, forms, fallbacks, unions, routes and topics that are dated break nobody."""
    assert depot["summary"]["failed"] == 0
    assert not any(cell["failed"] for cell in depot["cells"])


def test_servers_can_be_upgraded_first(depot: dict[str, Any]) -> None:
    """Every message of an older client without a pin is handled by every newer server that speaks its major."""
    for client, server in (("1.0", "1.1"), ("1.0", "2.0"), ("1.2", "2.0"), ("2.0", "2.0")):
        found = outcomes(depot["cells"], client=client, server=server, pin="none")
        assert set(found) <= {"ok", "pinned"}, (client, server, found)


def test_a_client_that_is_ahead_is_refused_by_name(depot: dict[str, Any]) -> None:
    """Calls are refused, casts unheard, and a topic that no server has yet is unreached."""
    ahead = outcomes(depot["cells"], client="1.1", server="1.0", pin="none")
    assert set(ahead) == {"ok", "refused", "unheard"}
    assert set(outcomes(depot["cells"], client="1.2", server="1.1", pin="none")) == {"unreached"}
    refused = [cell for cell in depot["cells"] if cell["outcome"] == "refused"]
    assert refused
    assert all(cell["kind"] == "call" and cell["needs"] and cell["detail"] for cell in refused)


@pytest.mark.parametrize("server", ["1.0", "1.1", "1.2", "2.0"])
def test_auto_is_never_refused(depot: dict[str, Any], server: str) -> None:
    """A client that asks the servers refuses itself what they do not understand."""
    assert set(outcomes(depot["cells"], pin="auto", server=server)) <= {"ok", "pinned"}


def test_every_dated_part_has_a_payload(depot: dict[str, Any]) -> None:
    """Arguments, fields, values and members with a date are set alone, in arguments and in results."""
    payloads = {(cell["method"], cell["payload"]) for cell in depot["cells"]}
    for each in (
        ("put", "minimal"),
        ("put", "full"),
        ("put", "note"),
        ("put", "clerk"),
        ("put", "box.mark.chip"),
        ("put", "box.mark.label.colour"),
        ("find", "query.states.sealed"),
        ("find", "minimal -> mark.chip"),
        ("find", "minimal -> raises NoSuchBox"),
        ("state", "minimal -> sealed"),
    ):
        assert each in payloads


def test_every_route_that_can_be_chosen_is_used(depot: dict[str, Any]) -> None:
    """Both kinds of a method, and each of its destinations, have cells."""
    routes = {(cell["method"], cell["kind"], cell["to"]) for cell in depot["cells"]}
    assert {("move", "call", "server"), ("move", "cast", "server")} <= routes
    assert {("sweep", "cast", "any"), ("sweep", "cast", "fanout")} <= routes


def test_the_json_is_what_the_page_says(depot: dict[str, Any]) -> None:
    """Every key is documented, every documented key is there, and the counts are right."""
    tables = PAGE.split("| key of a cell |")
    documented = [set(re.findall(r"`(\w+)`", " ".join(column(text)))) for text in tables]
    assert documented[0] - set(Outcome) == set(depot)
    for cell in depot["cells"]:
        assert set(cell) == documented[1]
    assert all(set(each) == {"name", "file", "version", "serves"} for each in depot["files"])
    assert depot["format"] == 1
    counted = outcomes(depot["cells"])
    assert depot["summary"]["cells"] == len(depot["cells"])
    assert depot["summary"]["outcomes"] == {str(each): counted[each] for each in Outcome}
    assert [each["version"] for each in depot["files"]] == ["1.0", "1.1", "1.2", "2.0"]


def column(text: str) -> list[str]:
    """What the first column of the tables in a text says."""
    return re.findall(r"^\| (`[^|]+) \|", text, re.M)


def test_every_outcome_is_documented() -> None:
    """docs/cli.md has a row for each outcome."""
    rows = re.findall(r"^\| `(\w+)` \|", PAGE.partition("| key |")[0], re.M)
    assert rows == list(Outcome)


def test_two_runs_say_the_same() -> None:
    """The JSON does not depend on the clock, or on the order of the files."""
    first = rpcgen("matrix", *DEPOT[:2], "--format", "json").out
    second = rpcgen("matrix", *reversed(DEPOT[:2]), "--format", "json", "-I", ".").out
    assert first == second


def test_junit_has_a_case_for_each_cell() -> None:
    """The suites, their counts and their cases are those of the JSON."""
    cells = matrix(*DEPOT[:2])["cells"]
    done = rpcgen("matrix", *DEPOT[:2], "--format", "junit")
    assert (done.code, done.err) == (0, "")
    root = ElementTree.fromstring(done.out)
    assert root.tag == "testsuites"
    suites = Counter((cell["client"], cell["pin"], cell["server"]) for cell in cells)
    assert [int(suite.attrib["tests"]) for suite in root] == list(suites.values())
    assert len(root.findall("testsuite/testcase")) == len(cells) == int(root.attrib["tests"])
    assert root.attrib["failures"] == "0"
    told = [each.text or "" for each in root.findall("testsuite/testcase/system-out")]
    assert Counter(text.partition(":")[0] for text in told) == {
        key: value for key, value in outcomes(cells).items() if key != "ok"
    }


def test_only_and_pin_choose() -> None:
    """--only and --pin may be repeated; names of releases are pins."""
    cells = matrix(*DEPOT, "--only", "state", "--only", "close", "--pin", "birch", "--pin", "auto")[
        "cells"
    ]
    assert {cell["method"] for cell in cells} == {"state", "close"}
    # A client of 1.0 that is pinned to birch (1.1) writes for 1.0.
    assert {(cell["client"], cell["pin"]) for cell in cells if cell["pin"] != "auto"} == {
        ("1.0", "1.0"),
        ("1.1", "1.1"),
        ("1.2", "1.1"),
        ("2.0", "1.1"),
    }


def test_one_file_is_tried_with_every_version_that_it_knows() -> None:
    """With one file, the pins are the versions at which something changed."""
    cells = matrix(DEPOT[-1])["cells"]
    assert {cell["pin"] for cell in cells} == {"none", "auto", "1.2", "1.1", "1.0"}


def test_one_moment_is_one_value_in_any_zone(tmp_path: Path) -> None:
    """A default with an offset arrives as the moment that it is."""
    file = tmp_path / "moment.yaml"
    file.write_text(
        'rpcgen: 1\ninterface: test.moment\nversion: "1.0"\n'
        'methods: {go: {call: any, args: {at: {type: datetime, default: "2025-01-31T13:00:00+01:00"}}}}\n'
    )
    assert matrix(str(file))["summary"]["cells"] > 0


def test_examples_have_no_failure() -> None:
    """Our own examples survive themselves."""
    for file in ("inventory/inventory.yaml", "nova_compute/nova_compute.yaml"):
        assert matrix(str(ROOT / "generated_examples" / file))["summary"]["cells"] > 0


@pytest.mark.parametrize(
    ("args", "message"),
    [
        (["--only", "stat"], "rpcgen matrix: there is no method 'stat'; did you mean 'state'?"),
        (
            ["--pin", "oak"],
            "rpcgen matrix: the pin 'oak' is no version, and none of: none, auto, alder, birch",
        ),
        (["--pin", "none", "--pin", "7.0"], "rpcgen matrix: no FILE speaks 7 of the pin '7.0'"),
    ],
)
def test_a_wrong_option_is_one_line(args: list[str], message: str) -> None:
    """What no file has is a mistake of the command line."""
    done = rpcgen("matrix", *DEPOT[:2], *args)
    assert (done.code, done.out, done.err) == (Exit.BAD_INPUT, "", f"{message}\n")


def test_mistakes_of_all_files_are_shown(tmp_path: Path) -> None:
    """A file that does not load, and names that clash, end with 2 before anything runs."""
    broken, clash = tmp_path / "broken.yaml", tmp_path / "clash.yaml"
    broken.write_text("rpcgen: 1\ninterface: depot.store\n")
    clash.write_text(
        'rpcgen: 1\ninterface: depot.store\nversion: "1.0"\nmethods:\n  go: {call: any, args: {class: int, class_: int}}\n'
    )
    done = rpcgen("matrix", str(broken), DEPOT[0], str(clash), str(tmp_path / "nowhere.yaml"))
    assert (done.code, done.out) == (Exit.BAD_INPUT, "")
    assert f"{broken}:" in done.err
    assert "error[python-name-clash]" in done.err
    assert "nowhere.yaml:1:1: error[file-unreadable]" in done.err
    assert re.search(r"^rpcgen matrix: \d mistakes; nothing was run$", done.err, re.M)


def test_files_of_two_interfaces_are_refused() -> None:
    """A matrix is of one interface."""
    other = str(ROOT / "generated_examples/inventory/inventory.yaml")
    done = rpcgen("matrix", DEPOT[0], other)
    assert done.code == Exit.BAD_INPUT
    assert done.err == (
        f"rpcgen matrix: expected versions of one interface; {DEPOT[0]} describes depot.store, {other} shop.inventory; name the files of one\n"
    )
