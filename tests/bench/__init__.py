"""The benchmark: workloads, peers, and one command that prints the table (`python -m tests.bench`)."""
