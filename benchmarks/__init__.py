"""How fast, how large, against what; each module prints a table."""
