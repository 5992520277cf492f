"""`manage.py check_links`: ask whether the addresses of sources still answer."""

from argparse import ArgumentParser
from collections import Counter
from datetime import datetime, timedelta
from time import monotonic, sleep
from typing import Any
from urllib.parse import urlsplit

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError
from django.db.models import F, OuterRef, Q, Subquery
from django.utils import timezone

from sahel.links import ask
from sahel.models import LinkCheck, Source

PAUSE = 1.0  # seconds between two questions to the same host


class Command(BaseCommand):
    """Fill the editors' list of sources at risk; nothing that readers see changes.

    It contacts the sites on which the record rests, and so runs only where LINK_CHECK says it may.
    """

    help = "Ask whether the addresses of sources, and of their archived copies, still answer."

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Take how many to ask, and how long an answer holds."""
        parser.add_argument("--limit", type=int, default=500, help="ask at most so many addresses")
        parser.add_argument(
            "--days", type=int, default=7, help="leave out what was asked within so many days"
        )

    def handle(self, *args: Any, limit: int, days: int, **options: Any) -> None:
        """Ask, those first that were never asked or the longest ago."""
        if not settings.LINK_CHECK:
            raise CommandError(
                "This asks the sites of all sources whether their pages still answer. "
                "Set LINK_CHECK=1 where that is meant."
            )
        if limit < 1 or not 0 <= days <= 36500:
            raise CommandError("Give a --limit of 1 or more, and --days from 0 to 36500.")
        before = timezone.now() - timedelta(days=days)
        outcomes: Counter[str] = Counter()
        asked_at: dict[str, float] = {}
        for source, archived, url in due(before, limit):
            host = urlsplit(url).netloc
            sleep(max(0.0, asked_at.get(host, 0.0) + PAUSE - monotonic()))
            answer = ask(url)
            asked_at[host] = monotonic()
            outcomes[answer.outcome] += 1
            LinkCheck.objects.update_or_create(
                source_id=source,
                archived=archived,
                defaults={
                    "url": url,
                    "outcome": answer.outcome,
                    "status": answer.status or None,
                    "led_to": "" if answer.url == url else answer.url,
                    "detail": answer.detail[:200],
                    "checked_at": timezone.now(),
                },
            )
            if answer.outcome in LinkCheck.AT_RISK:
                self.stdout.write(f"{url} {LinkCheck.Outcome(answer.outcome).label}")
        for outcome in LinkCheck.Outcome:
            if number := outcomes[outcome]:
                self.stdout.write(f"{number:>9,}  {outcome.label}")


def due(before: datetime, limit: int) -> list[tuple[int, bool, str]]:
    """Give addresses that were not asked since a moment: source, whether archived, address."""
    found = []
    for archived, column in ((False, "url"), (True, "archived_url")):
        # What was asked of another address, which the source had then, does not count.
        known = LinkCheck.objects.filter(
            source=OuterRef("pk"), archived=archived, url=OuterRef(column)
        )
        sources = Source.objects.exclude(**{column: ""}).order_by()
        rows = sources.annotate(asked=Subquery(known.values("checked_at")))
        rows = rows.filter(Q(asked=None) | Q(asked__lt=before))
        rows = rows.order_by(F("asked").asc(nulls_first=True), "pk")
        found += [
            (asked is not None, asked or before, pk, archived, url)
            for asked, pk, url in rows.values_list("asked", "pk", column)[:limit]
        ]
    return [(pk, archived, url) for _known, _asked, pk, archived, url in sorted(found)[:limit]]
