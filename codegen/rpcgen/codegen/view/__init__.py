"""What templates are given: named tuples of ready-to-print Python text. Nothing here knows a template."""
