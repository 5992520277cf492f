"""Sources that are on record already, found by what an editor pastes: an address or a citation."""

from __future__ import annotations

import re
from functools import reduce
from operator import or_
from urllib.parse import parse_qsl, urlencode, urlsplit

from django.db.models import Q

from sahel.filters import words
from sahel.models import Source

MOST = 200  # sources that are compared with a citation
TELLING = 6  # of its longest words by which they are looked for
# What is added to an address to follow its readers about; it leads to the same page without.
TRACKING = re.compile(r"(?i)^(utm_\w+|fbclid|gclid|xtor|at_\w+|ref|mc_[ce]id|igshid|cmpid)$")


def bare(url: str) -> str:
    """Give an address as it is compared: without scheme, www., fragment, tracking, last slash."""
    parts = urlsplit(url.strip())
    asked = [pair for pair in parse_qsl(parts.query) if not TRACKING.match(pair[0])]
    host = parts.netloc.lower().removeprefix("www.").removeprefix("m.")
    query = f"?{urlencode(asked)}" if asked else ""
    return f"{host}{parts.path.rstrip('/')}{query}"


def by_address(url: str) -> list[Source]:
    """Give the sources of which an address leads to the same page, five at most."""
    try:
        wanted = bare(url)
        path = urlsplit(url.strip()).path.rstrip("/")
    except ValueError:  # as of a broken IPv6 address
        return []
    if not wanted or "/" not in url:
        return []
    near = Source.objects.filter(Q(url__icontains=path) | Q(archived_url__icontains=path))
    found = [
        source
        for source in near.order_by("pk")[:MOST]
        if wanted in (bare(source.url), bare(source.archived_url))
    ]
    return found[:5]


def by_key(key: str) -> Source | None:
    """Give the source of a primary key as a form sends it; None where there is none."""
    numeric = key.isascii() and key.isdigit() and len(key) < 19
    return Source.objects.filter(pk=int(key)).first() if numeric else None


def by_citation(text: str) -> list[Source]:
    """Give the sources of which the title stands in a citation, the longest title first."""
    said = words(text)
    telling = sorted({word for word in said if len(word) > 3}, key=len, reverse=True)[:TELLING]
    if len(telling) < 2:
        return []
    near = Source.objects.exclude(title="")
    near = near.filter(reduce(or_, (Q(folded__contains=f" {word}") for word in telling)))
    found = []
    for source in near.order_by("pk")[:MOST]:
        title = words(source.title)
        if len(title) > 1 and set(title) <= set(said):
            found.append((len(title), source))
    return [source for _words, source in sorted(found, key=lambda pair: (-pair[0], pair[1].pk))][:5]
