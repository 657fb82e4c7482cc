"""Interface files as they are in a commit: `git:REF[:PATH]`. Asks the installed git, and changes nothing."""

from __future__ import annotations

import os
import posixpath
import shlex
import subprocess
import tempfile
from collections.abc import Sequence
from pathlib import Path, PurePosixPath

from rpcgen.cli._baseline.baseline import Baseline
from rpcgen.cli._baseline.files import describes, describing, given, read_all
from rpcgen.cli._exit import Exit, Failure

PREFIX = "git:"
_TAGS = "refs/tags/"
_SUFFIXES = (".yaml", ".yml", ".json")


def committed(against: str, interface: str, file: str, roots: Sequence[str]) -> Baseline:
    """What a commit has of an interface.

    Args:
        against: `git:REF`, for the same file, or `git:REF:PATH`, for a file or folder; PATH begins at the top.
        interface: its name.
        file: where it is now.
        roots: folders that it may import from.

    Raises:
        Failure: there is no git, no such commit, or no such PATH.
    """
    ref, _, path = against.removeprefix(PREFIX).partition(":")
    path = posixpath.normpath(path) if path else ""
    if ref.startswith("tag="):
        ref = f"{_TAGS}{ref.removeprefix('tag=')}"
    if not ref or ref.startswith("-"):
        raise Failure(f"--against {against}: expected git:REF or git:REF:PATH")
    top = _top(Path(file).resolve().parent)
    commit = _commit(top, ref)
    wanted = path or os.path.relpath(os.path.realpath(file), top).replace(os.sep, "/")
    names = _names(top, commit)
    inside = [name for name in names if wanted == "." or f"{name}/".startswith(f"{wanted}/")]
    origin = f"git:{ref}:{wanted}"
    if path and not inside:
        raise Failure(f"{ref} has no file or folder {path!r}", Exit.NO_BASELINE)
    with tempfile.TemporaryDirectory(prefix="rpcgen-git-") as folder:
        _write(top, commit, names, Path(folder))
        tops = [os.path.relpath(os.path.realpath(each), top) for each in roots]
        there = [each for name in tops if os.path.isdir(each := os.path.join(folder, name))]
        then = Path(folder) / wanted

        def named(text: str) -> str:
            return text.replace(f"{folder}/", f"{PREFIX}{ref}:")

        if path or (then.is_file() and describes(then)):
            return given(then, interface, there, origin, named)
        # It may have been at another place then.
        files = describing(Path(folder), interface)
        found = [each.relative_to(folder).as_posix() for each in files]
        origin = f"git:{ref}:{' '.join(found) or wanted}"
        return read_all(files, interface, there, origin, named)


def _top(folder: Path) -> str:
    done = _git(str(folder), "rev-parse", "--show-toplevel")
    if done.returncode:
        # There may be one that git refuses, such as one of another owner: in containers of CI, most are.
        raise Failure(
            f"{folder} is in no git repository; git says: {_words(done)}", Exit.NO_BASELINE
        )
    return done.stdout.decode().strip()


def _commit(top: str, ref: str) -> str:
    done = _git(top, "rev-parse", "--verify", "--quiet", "--end-of-options", f"{ref}^{{commit}}")
    if done.returncode == 0:
        return done.stdout.decode().strip()
    shallow = _git(top, "rev-parse", "--is-shallow-repository").stdout.strip() == b"true"
    command = _fetching(top, ref, "--depth=1 " if shallow else "")
    if shallow:
        command = command or "git fetch --unshallow"
        raise Failure(
            f"this clone is shallow and does not have {ref!r}; run `{command}`, or let CI fetch it all "
            "(fetch-depth: 0)",
            Exit.NO_BASELINE,
        )
    advice = f"; run `{command}`" if command else ""
    raise Failure(f"git knows no commit {ref!r}{advice}", Exit.NO_BASELINE)


def _fetching(top: str, ref: str, depth: str) -> str:
    """The command that brings a branch of a remote, or a tag; nothing for anything else."""
    remotes = _git(top, "remote").stdout.decode("utf-8", "surrogateescape").split()
    if remotes and ref.startswith(_TAGS):
        return f"git fetch {depth}{remotes[0]} tag {shlex.quote(ref.removeprefix(_TAGS))}"
    for remote in remotes:
        branch = ref.removeprefix(f"{remote}/")
        if branch != ref:
            # A clone of one branch would not make a name for another one of its own accord.
            refs = f"{branch}:refs/remotes/{remote}/{branch}"
            return f"git fetch {depth}{remote} {shlex.quote(refs)}"
    return ""


def _names(top: str, commit: str) -> list[str]:
    done = _git(top, "ls-tree", "-r", "-z", "--name-only", commit)
    if done.returncode:
        raise Failure(f"git cannot list {commit}: {_words(done)}", Exit.NO_BASELINE)
    names = done.stdout.decode("utf-8", "surrogateescape").split("\0")
    return [
        name for name in names if name.endswith(_SUFFIXES) and ".." not in PurePosixPath(name).parts
    ]


def _write(top: str, commit: str, names: Sequence[str], folder: Path) -> None:
    """Write the files of a commit that may matter: interface files, what they import, and releases."""
    asked = "".join(f"{commit}:{name}\n" for name in names if "\n" not in name)
    done = _git(top, "cat-file", "--batch", stdin=asked.encode("utf-8", "surrogateescape"))
    if done.returncode:
        raise Failure(f"git cannot read {commit}: {_words(done)}", Exit.NO_BASELINE)
    rest = done.stdout
    for name in (name for name in names if "\n" not in name):
        head, _, rest = rest.partition(b"\n")
        if head.endswith(b" missing"):
            raise Failure(f"this clone lacks {name} of {commit}; fetch all of it", Exit.NO_BASELINE)
        size = int(head.split()[-1])
        target = folder / name
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_bytes(rest[:size])
        rest = rest[size + 1 :]


def _words(done: subprocess.CompletedProcess[bytes]) -> str:
    """What git says of a failure, in one line."""
    return " ".join(done.stderr.decode("utf-8", "replace").removeprefix("fatal: ").split())


def _git(folder: str, *arguments: str, stdin: bytes = b"") -> subprocess.CompletedProcess[bytes]:
    try:
        return subprocess.run(
            ["git", "-C", folder, *arguments], input=stdin, capture_output=True, check=False
        )
    except FileNotFoundError:
        raise Failure(
            "--against git: needs git, which is not installed", Exit.NO_BASELINE
        ) from None
