"""Regular expressions whose matching time is provably bounded. Knows nothing of interfaces."""
