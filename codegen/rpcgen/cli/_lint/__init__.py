"""What `rpcgen lint` does with files, and how it says what it found. Knows no rule by name."""
