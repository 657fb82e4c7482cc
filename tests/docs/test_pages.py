"""The convention of executable pages itself: a page that is wrong is found out."""

from __future__ import annotations

from pathlib import Path

import psutil
import pytest

from tests.conformance.waiting import eventually
from tests.docs.pages import Page, blocks, same


def run(folder: Path, page: str) -> None:
    """Run a page, and end what it started."""
    runner = Page(folder)
    try:
        runner.run(page)
    finally:
        runner.close()


def test_files_are_written_and_commands_run(tmp_path: Path) -> None:
    """A file block and a console block work together."""
    run(tmp_path, "```text file=a.txt\nhello\n```\n\n```console\n$ cat a.txt\nhello\n$ true\n```\n")


def test_a_wrong_output_is_found(tmp_path: Path) -> None:
    """A page that says something else than the command prints fails."""
    with pytest.raises(AssertionError, match="the page says"):
        run(tmp_path, "```console\n$ echo 1\n2\n```\n")


def test_silence_is_checked(tmp_path: Path) -> None:
    """A command that prints what the page leaves out fails."""
    with pytest.raises(AssertionError, match="the page says"):
        run(tmp_path, "```console\n$ echo 1\n```\n")


def test_a_background_command_is_awaited(tmp_path: Path) -> None:
    """A command with & runs while the others do."""
    run(tmp_path, "```console\n$ sh -c 'echo ready; sleep 60' &\nready\n$ echo next\nnext\n```\n")


def test_a_background_command_ends_with_its_page(tmp_path: Path) -> None:
    """Each program of it, also one that stands before a pipe."""
    run(tmp_path, "```console\n$ sh -c 'echo $$ > first; echo up; sleep 60' | cat &\nup\n```\n")
    first = int((tmp_path / "first").read_text())
    eventually(lambda: not runs(first))  # a signal is sent before it arrives


def runs(pid: int) -> bool:
    try:
        return psutil.Process(pid).status() != psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return False


def test_what_differs_from_run_to_run_is_the_same() -> None:
    """Durations and temporary folders are not compared; dots stand for lines."""
    assert same("took 3.5 ms in /tmp/abc\n", "took 1 s in /tmp/def\n")
    assert same("a\n...\nb\n", "a\n1\n2\nb\n")
    assert not same("a\n...\nb\n", "a\n1\n2\n")


def test_other_fences_are_for_reading() -> None:
    """A fence without a file is found, but has nowhere to go."""
    assert [block.how for block in blocks("```python\nx\n```\n")] == [""]


def test_what_a_command_prints_of_a_folder_is_as_the_page_names_it(tmp_path: Path) -> None:
    """A run has a folder of its own for /tmp/demo-, and nobody sees that."""
    run(tmp_path, "```console\n$ mkdir /tmp/demo-x; ls -d /tmp/demo-x\n/tmp/demo-x\n```\n")
