"""How editors work: Django's admin, one module for each part of the record."""

from sahel.admin import alerts, events, history, imports, merges, names, quotations, sources

__all__ = ["alerts", "events", "history", "imports", "merges", "names", "quotations", "sources"]
