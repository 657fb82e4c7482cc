"""What a row of the chaos tests promises, and what was measured; printed at the end of a run."""

ROWS: list[str] = []
