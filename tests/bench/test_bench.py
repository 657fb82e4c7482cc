"""The benchmark runs: workers start, answer correctly, are measured and end. No speed is asserted."""

from __future__ import annotations

import os
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import msgspec
import pytest

from tests.bench import calls, codegen, cold, floors, sample, stubs, table, versions
from tests.bench.adapter import WORKLOADS, Transport
from tests.bench.fleet import WorkerFailed
from tests.bench.guarantees import GUARANTEES
from tests.bench.installed import Installed
from tests.bench.plan import ADAPTERS, BROKER_ADAPTERS, Plan
from tests.bench.programs import run
from tests.bench.series import Series
from tests.packages import import_from
from tests.rabbitd import program

SHORT = Plan(rounds=1, seconds=0.05, warm_up=0.02, cold_rounds=1, paired_rounds=1, methods=0)


DIRECT = ("zmq_raw", "zmq_msgspec", "rpcgen_blocking", "rpcgen_aio", "rpcgen_aio_inline")

#: One with everything on, one with nothing, and us.
BROKER = ("oslo_blocking", "py_amqp", "rpcgen_aio")


@pytest.mark.timeout(180)
@pytest.mark.parametrize(
    ("transport", "adapters"),
    [
        ("tcp", DIRECT),
        ("ipc", DIRECT),
        ("amqp", BROKER),
    ],
)
def test_workloads_give_figures_for_the_limit_and_for_us(
    directory: Path, transport: Transport, adapters: tuple[str, ...]
) -> None:
    """Every workload of every adapter whose library the tests have has a positive rate."""
    if transport == "amqp":
        program("rabbitmq-server")
    plan = replace(SHORT, workloads=WORKLOADS, adapters=adapters, transport=transport)
    series, said = Series(), list[str]()
    assert stubs.compile_interface(directory) is None
    with calls.in_directory(directory, plan, directory) as fleet:
        pairs = calls.start(fleet, plan, said.append)
        pids = [worker.pid for pair in pairs for worker in (pair.server, pair.client)]
        calls.measure(pairs, plan, series, said.append)
        if transport == "amqp":
            found = {name: fleet.seen(name) for name in adapters}
            on = {name: GUARANTEES[name] for name in adapters}
            assert found == {name: (it.confirmed, it.acknowledged) for name, it in on.items()}
    assert [line for line in said if line.startswith(("skipped", "lost"))] == []
    for workload in WORKLOADS:
        for adapter in plan.adapters:
            assert (series.median(workload, adapter, "rate") or 0) > 0
    assert [pid for pid in pids if Path(f"/proc/{pid}").exists()] == []
    assert adapters[0] in table.report(series)


def test_cold_programs_run_where_only_their_library_is_installed(directory: Path) -> None:
    """With what that requires, whatever else the tests have."""
    plan = replace(SHORT, workloads=("W5",), adapters=("zmq_msgspec", "rpcgen_aio"))
    series, installed = Series(), Installed(directory / "installed")
    assert stubs.compile_interface(directory) is None
    with calls.in_directory(directory, plan, directory) as fleet:
        pairs = calls.start(fleet, plan, print)
        cold.measure(pairs, installed, plan, series)
        assert [cold.unwanted(pairs[1].cold, installed)] == [[]]
    cold.measure_imports(directory, installed, plan, series)
    rows = ["python -c pass", "zmq_msgspec", "rpcgen_aio"]
    assert series.adapters("W5")[:3] == rows
    assert all((series.median("W5", row, "ms") or 0) > 0 for row in series.adapters("W5"))
    listing = (
        "from importlib import metadata; print(*sorted(d.name for d in metadata.distributions()))"
    )
    ours, bare = (
        run([installed.python(*libraries), "-I", "-c", listing]).split()
        for libraries in (("rpcgen",), ("pyzmq", "msgspec"))
    )
    assert {"rpcgen", "click", "pyzmq", "msgspec"} < set(ours)
    assert "pytest" not in ours
    assert bare == ["msgspec", "pyzmq"]
    where = "import rpcgen.runtime; print(rpcgen.runtime.__file__)"
    found = Path(run([installed.python("rpcgen"), "-I", "-c", where]).strip())
    assert found.is_relative_to(directory / "installed" / "rpcgen")


def test_of_every_cold_program_it_is_known_what_it_needs() -> None:
    """Adapters without one say so."""
    for name in {*ADAPTERS, *BROKER_ADAPTERS} - cold.LIBRARIES.keys():
        source = Path(__file__).parent.joinpath("adapters", f"{name}.py").read_text()
        assert 'return ""' in source, name


def test_a_ratio_is_that_of_one_round() -> None:
    """The middle of them: a machine that becomes slower in between does not change it."""
    series = Series()
    for ours, theirs in ((10.0, 5.0), (100.0, 25.0), (30.0, 20.0)):
        series.add("W1", "ours", {"rate": ours})
        series.add("W1", "theirs", {"rate": theirs})
    assert series.ratio("W1", "ours", "theirs", "rate") == 2.0
    assert series.ratio("W1", "ours", "nobody", "rate") is None


def test_versions_give_figures_for_calls_and_steps(directory: Path) -> None:
    """Both worlds and sizes, unpinned and pinned, each over what it costs without versions."""
    series, said = Series(), list[str]()
    assert [stubs.compile_interface(directory), *stubs.compile_versions(directory)] == [None] * 3
    versions.measure(directory, directory, SHORT, series, said.append)
    versions.measure_steps(directory, SHORT, series)
    rows = series.adapters("W7")
    assert len(rows) == 12
    for row in rows:
        assert (series.median("W7", row, "rate") or 0) > 0
        assert (series.median("W7", row, "cpu_ratio") or 0) > 0 or row.endswith("no versions")
    assert len(series.adapters("W8")) == 20


def test_the_interfaces_with_and_without_a_past_are_the_same(directory: Path) -> None:
    """Their newest messages have the same fields of the same kinds, and the sample sets all of them."""
    stubs.compile_versions(directory)
    plain, dated = (fields_of(directory, package) for package in ("plain_bench", "dated_bench"))
    assert len(plain) == 6
    assert plain == dated
    assert list(sample.full_instance()) == [name for name, _ in plain["Instance"]]
    assert None not in sample.full_instance().values()


def fields_of(directory: Path, package: str) -> dict[str, list[tuple[str, str]]]:
    """The structs of a package: the names of their fields, and what kinds of types those have."""
    modules = [import_from(directory, f"{package}.{module}") for module in ("types", "descriptor")]
    infos = [
        msgspec.inspect.type_info(cls)
        for module in modules
        for cls in vars(module).values()
        if isinstance(cls, type) and cls.__module__ == module.__name__
    ]
    return {
        info.cls.__name__: [(field.name, type(field.type).__name__) for field in info.fields]
        for info in infos
        if isinstance(info, msgspec.inspect.StructType)
    }


def test_the_layers_of_a_call_and_of_a_cast_are_told() -> None:
    """The command that shows where the time goes, with few calls: the core's layers and the handlers have some."""
    text = "from tests.bench import layers; layers.CALLS, layers.ROUNDS = 400, 1; layers.main()"
    printed = run([sys.executable, "-c", text])
    for layer in ("server: accept, run, reply", "encode, and read back", "all"):
        (row,) = [line for line in printed.splitlines() if line.startswith(f"| {layer} ")]
        assert all(float(cell) > 0 for cell in row.split("|")[2:4])


def test_a_missing_library_costs_its_own_rows_only(directory: Path) -> None:
    """An adapter that cannot be imported is skipped with the reason, and the others run."""
    plan = replace(SHORT, workloads=("W1",), adapters=("rpcgen_aio", "zmq_raw"))
    series, said = Series(), list[str]()
    # Nothing was compiled into this directory, so the generated package is missing.
    with calls.in_directory(directory, plan, directory) as fleet:
        pairs = calls.start(fleet, plan, said.append)
        calls.measure(pairs, plan, series, said.append)
    assert any(line.startswith("skipped rpcgen_aio: No module named") for line in said)
    assert series.adapters("W1") == ["zmq_raw"]


def test_a_worker_that_dies_is_reported(directory: Path) -> None:
    """A measurement of an ended client raises instead of waiting."""
    plan = replace(SHORT, workloads=("W1",), adapters=("zmq_raw",))
    with calls.in_directory(directory, plan, directory) as fleet:
        (pair,) = calls.start(fleet, plan, print)
        os.kill(pair.client.pid, 9)
        with pytest.raises(WorkerFailed, match="client zmq_raw ended with -9"):
            pair.measure("W1", 0.05)


def test_the_sample_is_as_big_as_the_workload_says() -> None:
    """The object has more than 25 fields, 10 sub-objects and 2 to 3 KB."""
    instance = sample.instance()
    assert len(instance) >= 25
    assert 1 + len(instance["addresses"]) + len(instance["volumes"]) == 10
    assert 2_000 <= len(msgspec.msgpack.encode(instance)) <= 3_000


def test_the_interface_with_many_methods_compiles(directory: Path) -> None:
    """What the generator of big interfaces writes is a valid interface."""
    source = directory / "many.yaml"
    source.write_text(codegen.interface("many.methods", methods=3, types=2))
    subprocess.run(stubs.rpcgen(source, directory), check=True, capture_output=True, timeout=60)
    assert (directory / "many_methods" / "client.py").exists()


def test_an_unmeasured_floor_is_broken_unless_it_was_left_out() -> None:
    """A floor without figures fails the run, except where the user chose other workloads."""
    everything, nothing = Plan(), Plan(workloads=("W8",))
    assert len(floors.broken(everything, Series())) == len(floors.FLOORS)
    assert floors.broken(nothing, Series()) == []
    broker = Plan(transport="amqp", adapters=BROKER_ADAPTERS)
    assert len(floors.broken(broker, Series())) == len(floors.BROKER_FLOORS)
    assert floors.broken(replace(broker, adapters=("rpcgen_aio",)), Series()) == []


def test_a_floor_compares_medians_of_one_run() -> None:
    """A floor holds at its value and breaks below it, and so the other way round."""
    plan = Plan(workloads=("W2",), adapters=("rpcgen_aio", "grpc_aio"))
    for rate, cpu, expected in (
        (10_000.0, 1.0, []),
        (9_000.0, 1.0, ["found 9"]),
        (10_000.0, 1.1, ["found 0.11"]),
    ):
        series = Series()
        series.add("W2", "rpcgen_aio", {"rate": rate, "cpu": cpu})
        series.add("W2", "grpc_aio", {"rate": 1_000.0, "cpu": 10.0})
        broken = floors.broken(plan, series)
        assert [reason.rpartition(": ")[2] for reason in broken] == expected


def test_unknown_names_are_refused() -> None:
    """A misspelt adapter or workload is an error that lists the known ones."""
    with pytest.raises(ValueError, match=f"unknown adapter 'grpc'; expected some of {ADAPTERS[0]}"):
        Plan(adapters=("grpc",))
