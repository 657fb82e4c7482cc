"""What commands found in files, for other programs: SARIF, GitHub's annotations, JUnit's XML. Knows no command."""
