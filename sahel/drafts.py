"""A row of a file made a draft: an event with what belongs to it, checked and not saved yet."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace

from django.core.exceptions import ValidationError
from django.utils.translation import gettext as _

from sahel.dates import EDTF, EDTFError
from sahel.entries import Cells, Entry
from sahel.layouts import LAYOUTS
from sahel.models import Actor, Estimate, Event, ImportBatch, ImportedRow, Place, Quotation, Source
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
    quotation: Quotation | None = None
    estimate: Estimate | None = None


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
        source = self._source(entry, cells)
        draft = Draft(row, Event(**entry.event, restricted=self.layout.restricted))
        self._date(draft.event, entry, cells, source)
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
        if entry.quotation and source:
            self._quote(draft, entry, cells, source)
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

    def _source(self, entry: Entry, cells: Cells) -> Source | None:
        if entry.source:
            with _told(cells, "source"):
                found = self.known.source(entry.source)
                if not entry.quotation:
                    cells.fault("quotation", _("The source is named, but none of its words."))
                return found
            return None
        if self.batch.source_id:
            return self.known.source_of(self.batch.source_id)
        if entry.quotation:
            cells.fault("source", _("Whose words are these? Name the source."))
        return None

    def _date(self, event: Event, entry: Entry, cells: Cells, source: Source | None) -> None:
        if not entry.date:
            return
        anchor = source.date if source and isinstance(source.date, EDTF) else None
        try:
            event.date = read(entry.date, anchor)
        except EDTFError as error:
            cells.fault(entry.date_field, str(error))

    def _quote(self, draft: Draft, entry: Entry, cells: Cells, source: Source) -> None:
        english, french = entry.why_uncheckable
        text = source.texts.first()
        quotation = Quotation(
            source=source,
            exact=plain_line_ends(entry.quotation),
            language=entry.quotation_language or source.language,
            why_uncheckable_en=english,
            why_uncheckable_fr=french,
        )
        with _told(cells, "quotation", {"language": "quotation_language"}):
            quotation.clean_fields(exclude=["event", "source", "speaker"])
            if text:
                quotation.clean()
            else:
                quotation.verify()  # as clean() does, without a query for each row
        said = draft.event.date_words
        if said and text and not find(said, text.text):
            cells.fault("date_words", _("These words do not stand in the source’s text."))
        draft.quotation = quotation
        if entry.figure:
            measure = Estimate.Measure.KILLED
            draft.estimate = Estimate(words=entry.figure_words, measure=measure, **entry.figure)

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
def _told(cells: Cells, name: str, others: dict[str, str] | None = None) -> Iterator[None]:
    """Put what is raised within among the faults of a field, or of the one that `others` names."""
    try:
        yield
    except UnknownError as error:
        cells.fault(name, str(error))
    except ValidationError as error:
        for column, reasons in error.message_dict.items():
            cells.fault((others or {}).get(column, name), " ".join(reasons))
