"""A row of a file made a draft: an event with what belongs to it, checked and not saved yet."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from typing import Any

from django.core.exceptions import ValidationError
from django.utils.translation import gettext as _

from sahel.dates import EDTF, EDTFError
from sahel.entries import Cells, Entry, Given, Quoted, Takes
from sahel.layouts import LAYOUTS
from sahel.models import (
    Actor,
    Estimate,
    Event,
    ImportBatch,
    ImportedRow,
    Place,
    Quotation,
    Reference,
    Source,
)
from sahel.named import Known, Slugs, UnknownError
from sahel.quotations import find, plain_line_ends
from sahel.worded import read


@dataclass
class Draft:
    """An event that a row makes, with all that belongs to it; nothing of it is saved yet."""

    row: ImportedRow
    event: Event
    actors: list[tuple[Actor, str]] = field(default_factory=list)  # with their roles
    places: list[Place] = field(default_factory=list)
    quotations: list[Quotation] = field(default_factory=list)
    estimates: list[Estimate] = field(default_factory=list)  # of the quotations
    references: list[Reference] = field(default_factory=list)

    @property
    def names(self) -> list[Actor | Place]:
        """All that it names, speakers among them."""
        speakers = [each.speaker for each in self.quotations if each.speaker]
        return [*(actor for actor, _role in self.actors), *speakers, *self.places]


class Drafting:
    """Makes drafts of what rows say; what is wrong goes into the cells' faults."""

    def __init__(self, batch: ImportBatch) -> None:
        """Read what rows may name; six queries, whatever the number of rows."""
        self.batch, self.layout = batch, LAYOUTS[batch.layout]
        self.known, self.slugs = Known(batch.language, makes=batch.makes_names), Slugs(Event)
        self.key_field = next(iter(self.layout.fields))

    def column(self, name: str) -> str:
        """Give the name of the column that a field stands in; of the field, where in none."""
        at = self.batch.mapping.get(name)
        header = self.batch.header
        return header[at] if at is not None and at < len(header) else name

    def draft(self, row: ImportedRow, entry: Entry, cells: Cells) -> Draft:
        """Make a draft, of which nothing is to be used where there are faults."""
        draft = Draft(row, Event(**entry.event, restricted=self.layout.restricted))
        for quoted in entry.quotations:
            self._quote(draft, quoted)
        for given in entry.references:
            self._refer(draft, given)
        self._date(draft, entry, cells)
        for named in entry.actors:
            with _told(cells, named.field):
                pair = self.known.actor(named), named.role
                if pair not in draft.actors:
                    draft.actors.append(pair)
        for where in entry.places:
            if self.layout.restricted:  # a place is public, once another event names it
                where = replace(where, latitude=None, longitude=None)
            with _told(cells, where.field):
                place = self.known.place(where)
                if place not in draft.places:
                    draft.places.append(place)
        self._clean(draft.event, cells)
        self._address(draft.event, entry, cells)
        return draft

    def _address(self, event: Event, entry: Entry, cells: Cells) -> None:
        if len(entry.key) > 100:
            cells.fault(self.key_field, _("It has more than 100 characters."))
        elif event.slug:
            if not self.slugs.take(event.slug):
                cells.fault("slug", _("There is, or was, an event with this slug."))
        elif not cells.faults:
            event.slug = self.slugs.make(event.slug_words())

    def _source(self, given: Given) -> Source | None:
        if given.sources:
            with _told(given, "source"):
                return self.known.source(*given.sources)
        elif self.batch.source_id:
            return self.known.source_of(self.batch.source_id)
        else:
            given.fault("source", _("Whose words are these? Name the source."))
        return None

    def _date(self, draft: Draft, entry: Entry, cells: Cells) -> None:
        sources = [each.source for each in draft.quotations]
        texts = [text.text for source in sources if (text := source.texts.first())]
        if not sources and self.batch.source_id:
            sources = [self.known.source_of(self.batch.source_id)]
        if entry.date:
            anchor = sources[0].date if sources and isinstance(sources[0].date, EDTF) else None
            try:
                draft.event.date = read(entry.date, anchor)
            except EDTFError as error:
                cells.fault(entry.date_field, str(error))
        said = draft.event.date_words
        if said and texts and not any(find(said, text) for text in texts):
            cells.fault("date_words", _("These words do not stand in the source’s text."))

    def _quote(self, draft: Draft, quoted: Quoted) -> None:
        source = self._source(quoted)
        if source is None or not quoted.columns["exact"]:
            return
        columns = {**quoted.columns, "exact": plain_line_ends(quoted.columns["exact"])}
        columns["language"] = columns["language"] or source.language
        order = len(draft.quotations)
        quotation = Quotation(event=draft.event, source=source, order=order, **columns)
        if quoted.speaker:
            with _told(quoted, "speaker"):
                speaker = Takes("speaker", quoted.speaker, "", Actor.Kind.ORGANISATION)
                quotation.speaker = self.known.actor(speaker)
        with _told(quoted, "exact", quotation):
            if source.texts.first():
                quotation.clean()
            else:
                quotation.verify()  # as clean() does, without a query for each row
            quotation.clean_fields(exclude=["event", "source", "speaker"])
        passages = [(each.source_id, each.start) for each in draft.quotations]
        if quotation.start is not None and (source.pk, quotation.start) in passages:
            quoted.fault("exact", _("This event quotes that passage already."))
        draft.quotations.append(quotation)
        self._count(draft, quotation, quoted)

    def _count(self, draft: Draft, quotation: Quotation, quoted: Quoted) -> None:
        counted = set()
        for order, given in enumerate(quoted.figures):
            estimate = Estimate(quotation=quotation, order=order, **given.columns)
            with _told(given, "words", estimate):
                estimate.clean_fields(exclude=["quotation"])
                estimate.clean()
            if (estimate.words, estimate.measure) in counted:
                given.fault("words", _("The quotation has that figure already."))
            counted.add((estimate.words, estimate.measure))
            draft.estimates.append(estimate)

    def _refer(self, draft: Draft, given: Given) -> None:
        if source := self._source(given):
            order = len(draft.references)
            reference = Reference(event=draft.event, source=source, order=order, **given.columns)
            same = [(each.source_id, each.supports) for each in draft.references]
            if (source.pk, reference.supports) in same:
                said = _("This event refers to that source for this already.")
                given.fault("source", said)
            draft.references.append(reference)

    def _clean(self, event: Event, cells: Cells) -> None:
        # Column by column, without a query: what is empty and must not be was said already, and
        # the constraints ask for nothing that `read()` and the layouts do not see to.
        names = [each.name for each in Event._meta.concrete_fields]
        try:
            event.clean_fields(exclude=[name for name in names if name not in self.layout.fields])
        except ValidationError as error:
            at_fault = {name for name, _reason in cells.faults}
            for name, reasons in error.message_dict.items():
                if name not in at_fault and getattr(event, name):
                    cells.fault(name, " ".join(reasons))


@contextmanager
def _told(given: Cells | Given, name: str, made: Any = None) -> Iterator[None]:
    """Put what is raised within among the faults: of that column, or of those of what is made.

    What is empty and must not be was said already.
    """
    try:
        yield
    except UnknownError as error:
        given.fault(name, str(error))
    except ValidationError as error:
        for column, reasons in error.message_dict.items():
            if getattr(made, column) != "":
                given.fault(column, " ".join(reasons))
