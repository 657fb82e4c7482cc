"""The pages that people read first do what they say."""

from __future__ import annotations

import re
import sys
from pathlib import Path

import pytest

from tests.docs.pages import Page

ROOT = Path(__file__).parents[2]
#: `pip install`, into the page's own folder, where programs that are run there find it; no registry is asked, not even for a newer pip.
INSTALL = (
    f"{sys.executable} -m pip install --quiet --no-index --no-deps --no-build-isolation --target ."
)
#: `make demo` makes a virtual environment first; here there is one, in which nothing is installed.
SUBSTITUTES = {
    "make demo": "rpcgen demo",
    "pip install --quiet ./phonebook": f"{INSTALL} ./phonebook",
    "rpcgen ls zmq+phonebook:///tmp/demo-book": "python -m rpcgen.cli ls zmq+phonebook:///tmp/demo-book",
    "pip install --quiet ./rpcgen/docs/how-to/carrier": f"{INSTALL} {ROOT}/docs/how-to/carrier",
    "rpcgen ls carrier:///tmp/demo-shop": "python -m rpcgen.cli ls carrier:///tmp/demo-shop",
}
PAGES = [
    path
    for path in ROOT.rglob("*.md")
    if not {".venv", "tests"} & set(path.relative_to(ROOT).parts)
]
EXECUTABLE = sorted(
    str(page.relative_to(ROOT)) for page in PAGES if "```console\n" in page.read_text()
)


@pytest.mark.parametrize("name", EXECUTABLE)
def test_a_page_does_what_it_says(name: str, tmp_path: Path) -> None:
    """Every command of the page runs, and prints what the page shows."""
    page = Page(tmp_path, SUBSTITUTES)
    try:
        page.run((ROOT / name).read_text())
    finally:
        page.close()


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_links_lead_somewhere(page: Path) -> None:
    """Every relative link of a page names a file or folder of the repository."""
    for link in re.findall(r"\]\((?!https?:)([^)#]+)", page.read_text()):
        assert (page.parent / link).exists(), link
