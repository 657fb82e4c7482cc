"""Write every case's expectations anew: `python -m tests.idl.lint.regen`. Read the difference before committing it."""

from __future__ import annotations

from tests.idl.lint.cases import case_folders, run_case


def main() -> None:
    """Rewrite all cases."""
    for folder in case_folders():
        outcome = run_case(folder)
        for name, text in (("expected.txt", outcome.told), ("fixed.yaml", outcome.fixed)):
            path = folder / name
            if text:
                path.write_text(text, encoding="utf-8")
            else:
                path.unlink(missing_ok=True)


if __name__ == "__main__":
    main()
