"""`manage.py verify`: hold quotations against the texts of their sources."""

import hashlib
from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.db.models import Count, F

from sahel.models import Change, Quotation, Source, changes, verify
from sahel.quotations import Passage, problems


class Command(BaseCommand):
    """Exit with an error, and name the first difference, where a quotation is not verbatim.

    With a file, the quotations of one source are held against it, and nothing is written. Without,
    every source whose text editors gave is held against that, and the outcome goes on record.
    """

    help = "Check quotations, letter by letter: against a file, or all against the texts on record."

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Take the file and, where its hash is not on record, the source it is of."""
        parser.add_argument(
            "text", type=Path, nargs="?", help="a file with a source's text, in UTF-8"
        )
        parser.add_argument("--source", help="the source's slug; found by SHA-256 if left out")

    def handle(self, *args: Any, text: Path | None, source: str | None, **options: Any) -> None:
        """Check and report."""
        if text is None:
            self._all(Source.objects.filter(slug=source) if source else Source.objects.all())
        else:
            self._one(text, source)

    def _all(self, sources: Any) -> None:
        lost = 0
        with changes(Change.Way.CHECK):
            for quotation in verify(sources.order_by("pk").values_list("pk", flat=True)):
                if quotation.state == Quotation.State.MISSING:
                    event, named = quotation.event.slug, quotation.source.slug
                    self.stderr.write(f"{event}: not found any more in {named}: {quotation}")
        states = Quotation.objects.filter(source__in=sources).values_list("state")
        counts = dict(states.annotate(Count("pk")).order_by("state"))
        for state in Quotation.State:
            if number := counts.get(state, 0):
                self.stdout.write(f"{number:>9,}  {state.label}")
        # What rests on a text that is not on record any more as it was checked.
        checked = Quotation.objects.filter(source__in=sources, state__in=Quotation.CHECKED)
        stale = checked.exclude(checked_sha256=F("source__text_sha256"))
        for quotation in stale.select_related("event", "source").iterator(chunk_size=1000):
            lost += 1
            self.stderr.write(
                f"{quotation.event.slug}: checked against another text of "
                f"{quotation.source.slug} than the one on record"
            )
        lost += counts.get(Quotation.State.MISSING, 0)
        if lost:
            raise CommandError(f"{lost} quotations do not stand in their source as recorded")

    def _one(self, text: Path, source: str | None) -> None:
        try:
            content = text.read_bytes()
            words = content.decode()
        except (OSError, UnicodeDecodeError) as error:
            raise CommandError(f"{text} cannot be read as UTF-8 text: {error}") from error
        digest = hashlib.sha256(content).hexdigest()
        found = self._source(source, digest)
        quotations = found.quotations.select_related("event").order_by("start", "pk")
        faults = list(
            problems((Passage(q.event.slug, q.exact, q.start) for q in quotations), words)
        )
        if found.text_sha256 != digest:
            faults.insert(0, f"SHA-256 of the file is {digest}, on record {found.text_sha256}")
        for fault in faults:
            self.stderr.write(fault)
        if faults:
            raise CommandError(
                f"{found.slug}: {len(faults)} of {len(quotations) + 1} checks failed"
            )
        self.stdout.write(
            f"{found.slug}: {len(quotations)} quotations, all verbatim; SHA-256 as recorded."
        )

    def _source(self, slug: str | None, digest: str) -> Source:
        if slug:
            named: Source | None = Source.objects.filter(slug=slug).first()
            if not named:
                raise CommandError(f"There is no source with the slug {slug}.")
            return named
        found: Source | None = Source.objects.filter(text_sha256=digest).first()
        if found:
            return found
        # The one text on record is meant even if its hash differs: that is what is to be told.
        candidates: list[Source] = list(Source.objects.exclude(text_sha256="")[:2])
        if len(candidates) == 1:
            return candidates[0]
        raise CommandError(
            f"No source has a text with SHA-256 {digest}; name the source with --source SLUG."
        )
