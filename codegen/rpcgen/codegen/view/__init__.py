"""What templates are given: frozen dataclasses of ready-to-print Python text. Nothing here knows a template."""
