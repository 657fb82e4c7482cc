"""thriftpy2 with its Cython framed transport and protocol: one connection for each client thread."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

# Annotated in part only.
# mypy: disable-error-code="no-untyped-call"
import thriftpy2
from thriftpy2.protocol import TCyBinaryProtocolFactory
from thriftpy2.rpc import make_client
from thriftpy2.server import TThreadedServer
from thriftpy2.thrift import TProcessor
from thriftpy2.transport import (
    TCyFramedTransportFactory,
    TServerSocket,
)

from tests.bench import sample
from tests.bench.adapter import Calls, Spot, Tally
from tests.bench.load import BlockingLoad

IDL = Path(__file__).parent.parent / "interfaces" / "bench.thrift"
#: Milliseconds, as in the other adapters: long enough never to matter.
TIMEOUT = 30_000

COLD = """
import thriftpy2
from thriftpy2.protocol import TCyBinaryProtocolFactory
from thriftpy2.rpc import client_context
from thriftpy2.transport import TCyFramedTransportFactory

bench = thriftpy2.load({idl!r}, module_name="bench_thrift")
with client_context(
    bench.Bench,
    proto_factory=TCyBinaryProtocolFactory(),
    trans_factory=TCyFramedTransportFactory(),
    **{where!r},
) as client:
    assert client.add(1, 2) == 3
"""

bench = thriftpy2.load(str(IDL), module_name="bench_thrift")


def _where(spot: Spot) -> dict[str, Any]:
    if spot.transport == "ipc":
        return {"unix_socket": spot.socket_path}
    return {"host": "127.0.0.1", "port": spot.port}


class Handler:
    """Adds, echoes and counts."""

    def __init__(self, tally: Tally) -> None:
        self._tally = tally

    def add(self, a: int, b: int) -> int:
        return a + b

    def echo(self, instance: Any) -> Any:
        return instance

    def note(self, number: int, word: str) -> None:
        self._tally.add()

    def handled(self) -> int:
        return self._tally.handled


class ServerSocket(TServerSocket):
    """Says when it listens."""

    def __init__(self, ready: Callable[[], None], **where: Any) -> None:
        super().__init__(client_timeout=None, **where)
        self._ready = ready

    def listen(self) -> None:
        super().listen()
        self._ready()


def serve(spot: Spot, tally: Tally) -> None:
    TThreadedServer(
        TProcessor(bench.Bench, Handler(tally)),
        ServerSocket(tally.ready, **_where(spot)),
        iprot_factory=TCyBinaryProtocolFactory(),
        itrans_factory=TCyFramedTransportFactory(),
        daemon=True,
    ).serve()


def _instance() -> Any:
    values = sample.instance()
    return bench.Instance(
        **{
            **values,
            "state": bench.PowerState._NAMES_TO_VALUES[values["state"].upper()],
            "flavor": bench.Flavor(**values["flavor"]),
            "addresses": [bench.Address(**address) for address in values["addresses"]],
            "volumes": [bench.Volume(**volume) for volume in values["volumes"]],
        }
    )


def load(spot: Spot) -> BlockingLoad:
    instance = _instance()
    clients: list[Any] = []

    def connect() -> Calls[Any]:
        client = make_client(
            bench.Bench,
            timeout=TIMEOUT,
            proto_factory=TCyBinaryProtocolFactory(),
            trans_factory=TCyFramedTransportFactory(),
            **_where(spot),
        )
        clients.append(client)
        return Calls(
            small=lambda: client.add(1, 2),
            echo=lambda: client.echo(instance),
            cast=lambda: client.note(sample.NOTE_NUMBER, sample.NOTE_WORD),
            handled=client.handled,
        )

    def close() -> None:
        for client in clients:
            client.close()

    return BlockingLoad(connect, expected_echo=instance, shared=False, on_close=close)


def cold(spot: Spot) -> str:
    return COLD.format(idl=str(IDL), where=_where(spot))
