"""What changes cost."""
