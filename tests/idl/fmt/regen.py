"""Write every case's expectation anew: `python -m tests.idl.fmt.regen`. Read the difference before committing it."""

from __future__ import annotations

from tests.idl.fmt.cases import case_folders, run_case


def main() -> None:
    """Rewrite all cases."""
    for folder in case_folders():
        (folder / "expected.yaml").write_text(run_case(folder), encoding="utf-8", newline="")


if __name__ == "__main__":
    main()
