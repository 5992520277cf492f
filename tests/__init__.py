"""The tests; `python -m tests` runs them all, on every database and in the browser found here."""
