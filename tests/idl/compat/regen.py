"""Write every case's expectation anew: `python -m tests.idl.compat.regen`. Read the difference before committing it."""

from __future__ import annotations

from tests.idl.compat.cases import (
    case_folders,
    history_folders,
    run_case,
    run_history,
    text_of,
    text_of_check,
)


def main() -> None:
    """Rewrite all cases."""
    for folder in case_folders():
        text = text_of(run_case(folder), folder)
        (folder / "expected.txt").write_text(text, encoding="utf-8")
    for folder in history_folders():
        text = text_of_check(run_history(folder), folder)
        (folder / "expected.txt").write_text(text, encoding="utf-8")


if __name__ == "__main__":
    main()
