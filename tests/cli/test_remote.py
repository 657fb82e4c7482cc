"""The commands that talk to servers, against the inventory example."""

from __future__ import annotations

import json
import signal
import socket
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from rpcgen.cli._exit import Exit

from tests.cli.command import rpcgen
from tests.examples.programs import EXAMPLES, ServerProcess, serving
from tests.ports import free_port

NAME = "shop.inventory"


@pytest.fixture(scope="module")
def url() -> Iterator[str]:
    """Two servers of the inventory example."""
    with serving("inventory", "shop-1", "shop-2") as (url, _):
        yield url


@contextmanager
def serving_tcp(port: int) -> Iterator[str]:
    """One server of the inventory example on a port; its URL."""
    url = f"zmq+tcp://127.0.0.1:{port}"
    server = ServerProcess(EXAMPLES / "inventory", url, "shop-1")
    try:
        server.wait_for(f"shop-1 serves at {url}")
        yield url
    finally:
        server.stop()


@pytest.fixture
def nowhere() -> Iterator[str]:
    """A URL at which nobody serves."""
    with tempfile.TemporaryDirectory(prefix="ex-") as folder:
        yield f"zmq+ipc://{folder}"


def test_ls_lists_servers(url: str) -> None:
    """Each server is a line: its name, its state, its topics, its interfaces."""
    lines = rpcgen("ls", url).out.splitlines()
    assert [line.split() for line in lines] == [
        ["SERVER", "STATE", "TOPICS", "INTERFACES"],
        ["shop-1", "ok", "inventory", NAME, "1.1"],
        ["shop-2", "ok", "inventory", NAME, "1.1"],
    ]


def test_ls_as_json(url: str) -> None:
    """--json has the same, and the addresses."""
    rows = json.loads(rpcgen("ls", url, "--json").out)
    assert [row["server"] for row in rows] == ["shop-1", "shop-2"]
    assert rows[0]["interfaces"] == [f"{NAME} 1.1"]
    assert rows[0]["addresses"][0].startswith("ipc://")


def test_ls_over_tcp_asks_every_host_of_the_url() -> None:
    """Of three addresses one is served; at the others are nobody, and somebody who is silent: that is said."""
    with socket.create_server(("127.0.0.1", 0)) as silent, serving_tcp(free_port()) as url:
        nobody, mute = f"127.0.0.1:{free_port()}", f"127.0.0.1:{silent.getsockname()[1]}"
        done = rpcgen("ls", f"{url},{nobody},{mute}")
        rows = json.loads(rpcgen("ls", f"{url},{nobody}", "--json").out)
        nowhere = rpcgen("health", f"zmq+tcp://{nobody}")
    assert done.code == 0
    lines = sorted(line.split(maxsplit=3) for line in done.out.splitlines()[1:])
    assert lines == sorted(
        [
            ["shop-1", "ok", "inventory", f"{NAME} 1.1"],
            [f"tcp://{nobody}", "unreachable", "(connection", "refused)"],
            [f"tcp://{mute}", "unreachable", "(no", "answer within 2 s)"],
        ]
    )
    assert [(row["server"], row["error"]) for row in rows] == [
        ("shop-1", None),
        (f"tcp://{nobody}", "connection refused"),
    ]
    assert nowhere.code == Exit.UNREACHABLE
    assert nowhere.err == (
        f"rpcgen health: nobody serves at zmq+tcp://{nobody} (tcp://{nobody}: connection refused)\n"
    )


def test_ls_where_nobody_serves(nowhere: str) -> None:
    """It is exit code 3, and one line."""
    done = rpcgen("ls", nowhere)
    assert (done.code, done.out) == (Exit.UNREACHABLE, "")
    assert done.err == f"rpcgen ls: nobody serves at {nowhere}\n"


def test_ls_of_a_memory_url_says_why_it_is_empty() -> None:
    """No other process can be found there."""
    done = rpcgen("ls", "memory://shop")
    assert done.code == Exit.UNREACHABLE
    assert "memory:// reaches servers of the same process only" in done.err


def test_health(url: str) -> None:
    """A healthy server is exit code 0; --quiet prints nothing."""
    done = rpcgen("health", url, "--server", "shop-2")
    assert done.code == 0
    assert done.out.startswith("shop-2: ok, 0 running, 0 queued, up ")
    assert rpcgen("health", url, "--quiet").out == ""


def test_health_of_a_server_that_is_not_there(url: str, nowhere: str) -> None:
    """It is exit code 3, and who is there is said."""
    done = rpcgen("health", url, "--server", "shop-9")
    assert done.code == Exit.UNREACHABLE
    assert done.err == (
        f"rpcgen health: nobody serves server 'shop-9' at {url}; found: shop-1 (inventory), shop-2 (inventory)\n"
    )
    assert rpcgen("health", nowhere).code == Exit.UNREACHABLE


def test_describe_of_a_server(url: str) -> None:
    """A server describes itself as its file does."""
    file = str(EXAMPLES / "inventory/inventory.yaml")
    assert rpcgen("describe", url).out == rpcgen("describe", file).out
    assert rpcgen("describe", url, "take").out == rpcgen("describe", file, "take").out


def test_call_prints_json(url: str) -> None:
    """The result is JSON; arguments are pairs or an object."""
    done = rpcgen("call", url, NAME, "show", "sku=SCR-0001", "--server", "shop-1")
    assert done.code == Exit.BAD_INPUT  # `show` goes to any server
    done = rpcgen("call", url, NAME, "show", "sku=SCR-0001")
    assert (done.code, done.err) == (0, "")
    assert json.loads(done.out) == {
        "sku": "SCR-0001",
        "count": 100,
        "condition": "new",
        "labels": {"size": "M4"},
    }
    assert rpcgen("call", url, NAME, "show", '{"sku": "SCR-0001"}').out == done.out


def test_call_shows_a_declared_error(url: str) -> None:
    """A declared error is exit code 1, with its fields."""
    done = rpcgen("call", url, NAME, "take", "sku=DRL-0002", "count=9")
    assert (done.code, done.out) == (Exit.NEGATIVE, "")
    assert done.err == 'rpcgen call: OutOfStock: only 1 left {"sku":"DRL-0002","left":1}\n'


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["take", "sku=screw"], "argument 'sku'"),
        (["take"], "'sku'"),
        (["take", "skuu=SCR-0001"], "take has no argument 'skuu'; did you mean 'sku'?"),
        (["tkae"], "shop.inventory 1.1 has no method 'tkae'; did you mean 'take'?"),
        (["put", "sku=SCR-0001", "count=1", "--fanout"], "put cannot be sent as cast fanout"),
    ],
)
def test_call_refuses_a_mistake(url: str, words: list[str], message: str) -> None:
    """A wrong method, route or argument is exit code 2, and one line."""
    done = rpcgen("call", url, NAME, *words)
    assert (done.code, done.out) == (Exit.BAD_INPUT, "")
    assert message in done.err
    assert done.err.count("\n") == 1


def test_call_of_an_unknown_interface(url: str) -> None:
    """The nearest one that is served is named."""
    done = rpcgen("call", url, "shop.inventroy", "take")
    assert done.code == Exit.BAD_INPUT
    assert (
        done.err
        == "rpcgen call: nobody serves 'shop.inventroy' there; did you mean 'shop.inventory'?\n"
    )


def test_call_casts_what_can_only_be_cast(url: str) -> None:
    """A cast says on stderr whom it was sent to, and has no output."""
    done = rpcgen("call", url, NAME, "recount")
    assert (done.code, done.out, done.err) == (0, "", "sent to shop-1, shop-2\n")


def test_serve_serves_until_sigterm() -> None:
    """A class of the current folder is served; SIGTERM ends the command with 0."""
    with tempfile.TemporaryDirectory(prefix="ex-") as folder:
        url = f"zmq+ipc://{folder}"
        with subprocess.Popen(
            [
                sys.executable,
                "-m",
                "rpcgen.cli",
                "serve",
                "server:Inventory",
                "--url",
                url,
                "--server",
                "shop-7",
            ],
            cwd=EXAMPLES / "inventory",
            stderr=subprocess.PIPE,
            text=True,
        ) as process:
            try:
                assert process.stderr is not None
                assert "shop-7 serves shop.inventory 1.1" in process.stderr.readline()
                assert rpcgen("health", url).code == 0
                process.send_signal(signal.SIGTERM)
                assert process.wait(20) == 0
            finally:
                process.kill()


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("server", "'server' is not MODULE:CLASS"),
        ("sevrer:Inventory", "there is no module 'sevrer'"),
        ("server:Inventroy", "server has no 'Inventroy'; its endpoint classes: Inventory"),
        ("server:Item", "server:Item is no subclass of a generated endpoint class"),
        ("shop_inventory:InventoryEndpoint", "lacks handlers: put, recount, show, take"),
    ],
)
def test_serve_refuses_what_is_no_endpoint(name: str, message: str, nowhere: str) -> None:
    """Each mistake is one line and exit code 2."""
    done = rpcgen("serve", name, "--url", nowhere, cwd=EXAMPLES / "inventory")
    assert done.code == Exit.BAD_INPUT
    assert message in done.err
    assert done.err.count("\n") == 1


def test_serve_of_a_module_that_fails_shows_where(tmp_path: Path) -> None:
    """A module with a mistake of its own keeps its traceback."""
    (tmp_path / "broken.py").write_text("import no_such_module\n")
    done = rpcgen("serve", "broken:Thing", "--url", "memory://x", cwd=tmp_path)
    assert done.code == Exit.BAD_INPUT
    assert 'broken.py", line 1' in done.err
    assert done.err.splitlines()[-1] == (
        "rpcgen serve: broken cannot be imported: ModuleNotFoundError: No module named 'no_such_module'"
    )
