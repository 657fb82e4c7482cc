"""JUnit's XML: a suite for each file, a test case for each finding, and one that passes where there is none."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from xml.sax.saxutils import quoteattr

from rpcgen.cli._formats.entry import Entry, Group
from rpcgen.cli._formats.xml import attribute, content


def as_junit(groups: Iterable[Group], name: str) -> str:
    """One document."""
    suites = list(groups)
    lines = ['<?xml version="1.0" encoding="UTF-8"?>']
    every = [each for group in suites for each in group.entries]
    empty = sum(not group.entries for group in suites)
    lines.append(f"<testsuites name={quoteattr(name)}{_counts(every, empty)}>")
    for group in suites:
        counts = _counts(group.entries, int(not group.entries))
        skipped = sum(bool(each.waived) for each in group.entries)
        lines.append(
            f"  <testsuite name={attribute(group.name)} file={attribute(group.file)}{counts} skipped={quoteattr(str(skipped))}>"
        )
        lines += [line for each in group.entries for line in _case(each, group)]
        if not group.entries:
            lines.append(
                f"    <testcase classname={attribute(group.name)} name={quoteattr(name)}/>"
            )
        lines.append("  </testsuite>")
    return "\n".join([*lines, "</testsuites>"]) + "\n"


def _counts(entries: Sequence[Entry], passed: int) -> str:
    failed = sum(each.level == "error" and not each.waived for each in entries)
    return f' tests="{len(entries) + passed}" failures="{failed}" errors="0"'


def _case(entry: Entry, group: Group) -> Iterator[str]:
    title = f"{entry.rule} {entry.place}"
    yield f"    <testcase classname={attribute(group.name)} name={attribute(title)}>"
    message = f"message={attribute(entry.message)}"
    if entry.waived:
        yield f"      <skipped message={attribute(f'waived: {entry.waived}')}/>"
    elif entry.level == "error":
        yield f"      <failure type={attribute(entry.rule)} {message}>{content(entry.text)}</failure>"
    else:
        yield f"      <system-out>{content(f'{entry.level}: {entry.text}')}</system-out>"
    yield "    </testcase>"
