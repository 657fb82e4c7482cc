"""Tell what changed between two versions of an interface, in Markdown."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING

import click
from rpcgen.cli._exit import Failure
from rpcgen.cli._inputs import inputs, lock_option, read_interfaces, roots_option

if TYPE_CHECKING:
    from rpcgen.cli._baseline.baseline import Baseline
    from rpcgen.cli._check.judge import Settings
    from rpcgen.idl import Interface
    from rpcgen.idl.compat import Comparison, Finding


@click.command()
@click.argument("files", nargs=-1, metavar="[[OLD] NEW]")
@lock_option
@roots_option
def command(files: tuple[str, ...], lock: Path | None, roots: tuple[str, ...]) -> None:
    """Tell what changed between two versions of an interface, in Markdown, as for a changelog.

    OLD and NEW are interface files, or releases that `rpcgen release` kept; OLD may also be git:REF or git:REF:PATH. Without
    OLD, NEW is compared with the last release before its version; without NEW, that is told of every file of the project.

    Exit codes: 0 told, or nothing was ever released; 1 a release is not what was released; 2 a mistake in a file or on the
    command line; 3 OLD cannot be read.
    """
    from rpcgen.cli.check import settings
    from rpcgen.idl.compat import compare

    if len(files) > 2:
        raise click.UsageError("expected at most OLD and NEW", click.get_current_context())
    given = inputs(files[-1:], roots)
    chosen = settings(given, None, lock)
    if files:
        every = [_new(files[-1], chosen)]
    else:
        every, _ = read_interfaces(given, "nothing was compared")
    told: list[str] = []
    for after in every:
        before = _old(files[0], after, chosen) if len(files) == 2 else _last(after, chosen)
        if before is None:
            click.echo(f"{after.name}: nothing was ever released", err=True)
        else:
            told.append(_text(before, after, compare(before, after)))
    click.echo("\n".join(told), nl=False)


def _new(file: str, chosen: Settings) -> Interface:
    from rpcgen.cli._baseline.files import given
    from rpcgen.idl import load, render

    if file.endswith(".json"):
        base = given(Path(file), "", chosen.roots)
        (release,) = base.releases.values()
        _require_intact(release, base, chosen)
        return release
    loaded = load(file, roots=chosen.roots)
    if loaded.interface is None:
        click.echo(render(loaded.diagnostics, loaded.sources), nl=False, err=True)
        raise Failure(f"{file} has mistakes; nothing was compared")
    return loaded.interface


def _last(after: Interface, chosen: Settings) -> Interface | None:
    """The last release before a version; that of the version itself if there is no other."""
    from rpcgen.cli._baseline.folder import locked

    base = locked(chosen.lock, after.name)
    _require_intact(after, base, chosen)
    older = [version for version in base.releases if version < after.version]
    return base.releases.get(max(older, default=after.version))


def _old(against: str, after: Interface, chosen: Settings) -> Interface:
    from rpcgen.cli._baseline.choose import baseline

    base = baseline(after, against, chosen.lock, chosen.roots)
    _require_intact(after, base, chosen)
    releases = base.releases
    if len(releases) != 1:
        count = "no release" if not releases else f"{len(releases)} releases"
        raise Failure(f"{against} has {count} of {after.name}, expected one")
    (found,) = releases.values()
    return found


def _require_intact(interface: Interface, base: Baseline, chosen: Settings) -> None:
    from rpcgen.cli._baseline.intact import require_intact

    require_intact(interface, base, "nothing was compared", chosen.waived(interface))


def _text(before: Interface, after: Interface, comparison: Comparison) -> str:
    """A heading, and a list for each of what breaks, what is new, what else changed, what is deprecated."""
    from rpcgen.idl.compat import Verdict

    findings = [each for each in comparison.findings if each.severity is None]
    breaks = [each for each in findings if each.verdict == Verdict.MAJOR]
    rest = [each for each in findings if each.verdict != Verdict.MAJOR]
    new = [each for each in rest if each.rule.endswith("-added")]
    sections = {
        "Breaks": _items(breaks),
        "New": _items(new),
        "Changed": _items(each for each in rest if each not in new),
        "Deprecated": _deprecated(before, after),
    }
    lines = [
        f"## {after.name} {after.version}",
        "",
        f"Since {before.version}: {_verdict(comparison)}.",
    ]
    for title, items in sections.items():
        if items:
            lines += ["", f"### {title}", "", *(f"- {item}" for item in dict.fromkeys(items))]
    return "\n".join(lines) + "\n"


def _verdict(comparison: Comparison) -> str:
    words = {
        "none": "nothing that counts changed",
        "minor": "minor changes",
        "major": "major changes",
    }
    return words[str(comparison.verdict)]


def _items(findings: Iterable[Finding]) -> list[str]:
    texts = (each.message.replace('"', "`") for each in findings)
    return [text[0].upper() + text[1:] for text in texts]


def _deprecated(before: Interface, after: Interface) -> list[str]:
    """Methods, arguments, events and types that callers are told to leave."""
    old, new = dict(_deprecations(before)), dict(_deprecations(after))
    return [
        f"`{name}`" + (f": use `{use}`" if use else "")
        for name, use in new.items()
        if name not in old
    ]


def _deprecations(interface: Interface) -> Iterable[tuple[str, str]]:
    for method in interface.methods.values():
        if method.deprecated is not None:
            yield method.name, method.deprecated.use or ""
        for field in method.args.values():
            if field.deprecated is not None:
                yield f"{method.name}.{field.name}", field.deprecated.use or ""
    for part in (*interface.types.values(), *interface.events.values(), *interface.errors.values()):
        if part.deprecated is not None:
            yield part.name, part.deprecated.use or ""
