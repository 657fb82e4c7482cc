"""Rewrites what every case must give: `python -m tests.codegen.regen`. Read the diff before you commit it."""

from __future__ import annotations

import shutil

from tests.codegen.cases import BAD, CASES, GOOD, compiled, complaints


def main() -> None:
    """Rewrite all cases."""
    for case in GOOD:
        root = CASES / case / "expected"
        shutil.rmtree(root, ignore_errors=True)
        for path, text in compiled(case).items():
            (root / path).parent.mkdir(parents=True, exist_ok=True)
            (root / path).write_bytes(text.encode())
    for case in BAD:
        (CASES / case / "expected.err").write_text(complaints(case), encoding="utf-8")


if __name__ == "__main__":
    main()
