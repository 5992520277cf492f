"""A database as the first release left it, and what becomes of it."""
