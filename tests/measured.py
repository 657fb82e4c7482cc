"""What tests promise and have measured, a line each; printed at the end of a run, whichever process ran them."""

MEASURED: list[str] = []
