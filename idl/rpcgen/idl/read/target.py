"""`target`: where an interface lives."""

from __future__ import annotations

from collections.abc import Mapping as MappingOf

from rpcgen.idl.model import Method, TargetDefaults, Topic
from rpcgen.idl.read.methods import read_router
from rpcgen.idl.read.routes import read_paths, read_topic
from rpcgen.idl.read.scope import Scope, items_at, text_at, wire_name
from rpcgen.idl.report import Report
from rpcgen.idl.yamltext.nodes import Mapping, Text


def read_target(main: Mapping, scope: Scope) -> TargetDefaults:
    """Read where an interface lives; what is not said comes from its name."""
    node = main.get("target")
    node = node if isinstance(node, Mapping) else Mapping({}, main.at)
    segments = scope.interface.split(".")
    exchange = text_at(node, "exchange")
    topic = read_topic(node.get("topic"), scope) or Topic(segments[-1])
    return TargetDefaults(
        wire_name(exchange, scope, "an exchange") if exchange is not None else segments[0],
        topic,
        read_paths(node.get("to"), scope),
        read_router(node, scope),
        _also(node, topic, scope),
    )


def _also(node: Mapping, topic: Topic, scope: Scope) -> tuple[str, ...]:
    """Read the other topics; the first is the one that a newer topic replaced."""
    also: list[str] = []
    for item in items_at(node, "also"):
        if not isinstance(item, Text):
            continue
        name = wire_name(item, scope, "a topic")
        if name == topic.name or name in also:
            message = f'servers listen on "{name}" already'
            scope.report.error("topic-repeated", message, item.at)
            continue
        also.append(name)
    if topic.since and not also:
        scope.report.error(
            "topic-without-older",
            f'nothing says which topic it was before "{topic.name}"',
            node.entries["topic"].value.at,
            hint="name it in `also`: also: [old]",
        )
    return tuple(also)


def check_default_paths(
    target: TargetDefaults, methods: MappingOf[str, Method], report: Report
) -> None:
    """Doubt a path that no method's arguments fit."""
    for path in target.to:
        if not any(path.argument in method.args for method in methods.values()):
            arguments = {name for method in methods.values() for name in method.args}
            report.warning(
                "unused-path",
                f'no method has an argument "{path.argument}"',
                path.position,
                hint=report.suggest(path.argument, sorted(arguments)),
            )
