"""What a change is said to cost, against what becomes of messages: the check's verdicts are tried by running both files."""
