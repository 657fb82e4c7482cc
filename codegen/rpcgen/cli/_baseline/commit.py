"""The files of a commit, in a folder of their own for as long as they are asked for. Asks the installed git, and changes nothing.

Knows no interface.
"""

from __future__ import annotations

import os
import shlex
import subprocess
import tempfile
from collections.abc import Callable, Generator, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from rpcgen.cli._exit import Exit, Failure

_TAGS = "refs/tags/"
#: What `git ls-tree` calls a symbolic link.
_LINK = "120000"


@dataclass(frozen=True, slots=True)
class Commit:
    """A commit whose files can be written to a folder; its links are there from the beginning.

    Attributes:
        ref: as people know it.
        top: the repository's folder.
        folder: where its files are written; no link leads to it.
        digest: its name.
        modes: of everything that it holds, by paths from the top.
    """

    ref: str
    top: str
    folder: Path
    digest: str
    modes: Mapping[str, str]

    def named(self, text: str) -> str:
        """A text with the paths of this commit as people know them."""
        return text.replace(f"{self.folder}/", f"git:{self.ref}:")

    def path(self, file: str | Path) -> str:
        """Where something of the work tree is, from the top."""
        return os.path.relpath(os.path.realpath(file), self.top).replace(os.sep, "/")

    def roots(self, roots: Sequence[str]) -> list[str]:
        """Folders of the work tree as they are here, once files of theirs are written; those that are."""
        there = [os.path.join(self.folder, self.path(each)) for each in roots]
        return [each for each in there if os.path.isdir(each)]

    def write(self, wanted: Callable[[str], bool]) -> list[str]:
        """Write the files that are wanted, and those that wanted links lead to; the paths of what is wanted."""
        found = [name for name in self.modes if wanted(name)]
        files = {
            file
            for file in map(self._file, found)
            if self.modes.get(file, _LINK) != _LINK  # else it leads to nothing, or to itself
        }
        for name, data in _contents(self.top, self.digest, sorted(files)):
            target = self.folder / name
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_bytes(data)
        return found

    def _file(self, name: str) -> str:
        """The file that a name leads to, which is itself unless it is a link."""
        if self.modes[name] != _LINK:
            return name
        return os.path.relpath(os.path.realpath(self.folder / name), self.folder)

    def link(self) -> None:
        """Make the links; one that leads out of the commit leads to nothing here: what is there now is not of the commit."""
        links = [name for name, mode in self.modes.items() if mode == _LINK]
        for name, data in _contents(self.top, self.digest, links):
            target = self.folder / name
            target.parent.mkdir(parents=True, exist_ok=True)
            os.symlink(os.fsdecode(data), target)
        for target in (self.folder / name for name in links):
            if not Path(os.path.realpath(target)).is_relative_to(self.folder):
                target.unlink()
                target.symlink_to(target.name)


@contextmanager
def opened(ref: str, near: Path) -> Generator[Commit]:
    """A commit, with no file written yet.

    Args:
        ref: any name that git knows, or `tag=NAME`.
        near: a folder in its repository.

    Raises:
        Failure: there is no git, no repository, or no such commit.
    """
    if ref.startswith("tag="):
        ref = f"{_TAGS}{ref.removeprefix('tag=')}"
    top = _top(near)
    digest = _commit(top, ref)
    with tempfile.TemporaryDirectory(prefix="rpcgen-git-") as folder:
        real = Path(os.path.realpath(folder))
        commit = Commit(ref, top, real, digest, _modes(top, digest))
        commit.link()
        yield commit


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


def _modes(top: str, commit: str) -> dict[str, str]:
    """The modes of the files and links of a commit, by their paths."""
    done = _git(top, "ls-tree", "-r", "-z", commit)
    if done.returncode:
        raise Failure(f"git cannot list {commit}: {_words(done)}", Exit.NO_BASELINE)
    found: dict[str, str] = {}
    for line in done.stdout.decode("utf-8", "surrogateescape").split("\0"):
        facts, _, name = line.partition("\t")
        mode, kind = [*facts.split(" "), ""][:2]
        if kind == "blob" and ".." not in PurePosixPath(name).parts and "\n" not in name:
            found[name] = mode
    return found


def _contents(top: str, commit: str, names: Sequence[str]) -> Iterator[tuple[str, bytes]]:
    """Yield files of a commit with what they hold."""
    if not names:
        return
    asked = "".join(f"{commit}:{name}\n" for name in names)
    done = _git(top, "cat-file", "--batch", stdin=asked.encode("utf-8", "surrogateescape"))
    if done.returncode:
        raise Failure(f"git cannot read {commit}: {_words(done)}", Exit.NO_BASELINE)
    data, at = done.stdout, 0
    for name in names:
        end = data.index(b"\n", at)
        head = data[at:end]
        if head.endswith(b" missing"):
            raise Failure(f"this clone lacks {name} of {commit}; fetch all of it", Exit.NO_BASELINE)
        size = int(head.split()[-1])
        at = end + 1 + size + 1
        yield name, data[end + 1 : at - 1]


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
