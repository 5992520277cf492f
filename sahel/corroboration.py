"""On how many independent sources an event rests: a copy of a source is that source."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from sahel.index import Index


@dataclass(frozen=True)
class Corroboration:
    """How many independent sources are quoted, and how many others are named for something."""

    quoted: int
    named: int


def corroboration(index: Index, quoted: Iterable[str], named: Iterable[str]) -> Corroboration:
    """Count the independent ones among the sources, by slug, that are quoted and that are named."""

    def originals(slugs: Iterable[str]) -> set[str]:
        return {[slug, *index.lineage("source", slug)][-1] for slug in slugs}

    first = originals(quoted)
    return Corroboration(len(first), len(originals(named) - first))
