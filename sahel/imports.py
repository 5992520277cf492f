"""Files that editors import: tried, held against earlier ones, made drafts of, undone.

Nothing is published, and nothing that is there already is changed.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import batched
from typing import Any

from django.db import transaction
from django.db.models import Count, Model
from django.utils import timezone
from django.utils.translation import gettext as _

from sahel.drafts import Draft, Drafting
from sahel.entries import Cells, Fault
from sahel.layouts import LAYOUTS
from sahel.models import (
    Actor,
    Change,
    Estimate,
    Event,
    ImportBatch,
    ImportedRow,
    Involvement,
    Place,
    Quotation,
    Reference,
)
from sahel.stale import version_of

AT_ONCE = 500
MADE: dict[str, type[Model]] = {"actor": Actor, "place": Place}


@dataclass(frozen=True)
class Changed:
    """A row that an earlier file had otherwise: the columns, what stood there, what stands now."""

    row: ImportedRow
    cells: list[tuple[str, str, str]]


@dataclass
class Plan:
    """What a file would come to."""

    batch: ImportBatch
    drafts: list[Draft] = field(default_factory=list)
    faults: list[Fault] = field(default_factory=list)
    changed: list[Changed] = field(default_factory=list)
    vanished: list[ImportedRow] = field(default_factory=list)
    same: list[ImportedRow] = field(default_factory=list)  # of which the events are there
    deleted: int = 0  # rows whose events were deleted since
    skipped: int = 0  # rows that are no events

    @property
    def names(self) -> list[Actor | Place]:
        """The actors and places that would be made."""
        named: dict[int, Actor | Place] = {}
        for draft in self.drafts:
            named |= {id(each): each for each in draft.names if each.pk is None}
        return list(named.values())

    @property
    def token(self) -> str:
        """What stands for the file, how it is read and what would be made: SHA-256."""
        batch = self.batch
        how = [batch.sha256, batch.layout, batch.mapping, batch.source_id, batch.language]
        made = [[draft.row.number, str(draft.event.date)] for draft in self.drafts]
        names = [each.slug for each in self.names]
        return _sha256([*how, batch.kind, batch.makes_names, made, names, len(self.faults)])


def check(batch: ImportBatch) -> Plan:
    """Try a file: what of it is new, what cannot be read, what an earlier file had otherwise."""
    plan, reading = Plan(batch), Drafting(batch)
    earlier = {
        row.key: row
        for row in ImportedRow.objects.known_to(batch).defer("values").iterator(chunk_size=1000)
    }
    seen: dict[str, int] = {}
    others = []
    for number, values in batch.kept():
        cells = Cells(values, batch.mapping)
        if len(values) > len(batch.header):
            said = _("The row has more cells than the file has columns: is a comma in one of them?")
            plan.faults.append(Fault(number, "", said))
            continue
        entry = reading.layout.read(cells, batch)
        if entry is None:
            plan.skipped += 1
            continue
        row = ImportedRow(batch=batch, number=number, key=entry.key, values=values)
        row.digest = _sha256(_steady(row))
        if entry.key in seen and entry.key:
            said = _("It is the same event as row %(row)s.") % {"row": seen[entry.key]}
            plan.faults.append(Fault(number, reading.column(reading.key_field), said))
            continue
        seen[entry.key] = number
        if (known := earlier.get(entry.key)) and entry.key:
            if known.event_id is None:
                plan.deleted += 1
                continue
            row.event_id = known.event_id
            plan.same.append(row)
            if known.digest != row.digest:
                others.append((row, known.pk))
            continue
        draft = reading.draft(row, entry, cells)
        plan.faults += [Fault(number, reading.column(f), reason) for f, reason in cells.faults]
        if not cells.faults:
            plan.drafts.append(draft)
    plan.changed = list(_changed(others))
    gone = [row.pk for key, row in earlier.items() if row.event_id and key not in seen]
    for keys in batched(gone, AT_ONCE):
        plan.vanished += ImportedRow.objects.filter(pk__in=keys).select_related("event", "batch")
    return plan


def make(plan: Plan, user: Any) -> None:
    """Make the drafts of a plan, on behalf of an editor; all or nothing."""
    batch, drafts = plan.batch, plan.drafts
    with transaction.atomic():
        new = plan.names
        for kind, model in MADE.items():
            named = [each for each in new if isinstance(each, model)]
            model._default_manager.bulk_create(named, AT_ONCE)
            batch.made[kind] = {str(each.pk): version_of(each) for each in named}
        for draft in drafts:
            draft.event.edited_by = user
        Event.objects.bulk_create([draft.event for draft in drafts], AT_ONCE)
        involved, where = [], []
        for draft in drafts:
            draft.row.event, draft.row.made = draft.event, True
            for order, (actor, role) in enumerate(draft.actors):
                tie = {"event": draft.event, "actor": actor}
                involved.append(Involvement(**tie, role=role, order=order))
            where += [Event.places.through(event=draft.event, place=p) for p in draft.places]
        Involvement.objects.bulk_create(involved, AT_ONCE)
        Event.places.through._default_manager.bulk_create(where, AT_ONCE)
        Quotation.objects.bulk_create([q for draft in drafts for q in draft.quotations], AT_ONCE)
        Estimate.objects.bulk_create([e for draft in drafts for e in draft.estimates], AT_ONCE)
        Reference.objects.bulk_create([r for draft in drafts for r in draft.references], AT_ONCE)
        ImportedRow.objects.bulk_create([*(draft.row for draft in drafts), *plan.same], AT_ONCE)
        batch.content, batch.confirmed, batch.draft_count = b"", timezone.now(), len(drafts)
        batch.save()


def undo(batch: ImportBatch) -> int:
    """Delete the drafts of an import that nobody has changed since; give how many.

    What was published, or changed, stays; actors and places that were made for it go as well,
    where nothing names them and nobody has changed them.
    """
    made = batch.rows.filter(made=True, event__isnull=False).values("event")
    entries = Change.objects.filter(event__in=made).order_by().values("event")
    changed = entries.annotate(number=Count("pk")).filter(number__gt=1).values("event")
    drafts = Event.objects.filter(
        pk__in=made, publication=Event.Publication.DRAFT, published=None
    ).exclude(pk__in=changed)
    with transaction.atomic():
        keys = list(drafts.values_list("pk", flat=True))
        for some in batched(keys, AT_ONCE):
            Event.objects.filter(pk__in=some).delete()
        for kind, model in MADE.items():
            _delete_unused(model, batch.made.get(kind, {}))
        batch.undone = timezone.now()
        batch.save()
    return len(keys)


def _delete_unused(model: type[Model], made: dict[str, str]) -> None:
    for keys in batched(made, AT_ONCE):
        for each in model._default_manager.filter(pk__in=keys):
            used = any(
                relation.related_model._default_manager.filter(
                    **{relation.field.name: each}
                ).exists()
                for relation in model._meta.related_objects
            )
            if not used and version_of(each) == made[str(each.pk)]:
                each.delete()


def _changed(pairs: list[tuple[ImportedRow, int]]) -> Iterator[Changed]:
    """Compare rows with those of earlier files, by primary key, in the columns that both have."""
    for some in batched(pairs, AT_ONCE):
        before = ImportedRow.objects.select_related("batch").in_bulk([key for _row, key in some])
        events = Event.objects.in_bulk([row.event_id for row, _key in some])
        for row, key in some:
            old, new = _steady(before[key]), _steady(row)
            cells = [
                (name, old[name], new[name])
                for name in new
                if name in old and old[name] != new[name]
            ]
            if cells:
                row.event = events[row.event_id or 0]
                yield Changed(row, cells)


def _steady(row: ImportedRow) -> dict[str, str]:
    """Give all columns of a row, but those of which a change says nothing."""
    unsteady = LAYOUTS[row.batch.layout].unsteady
    header, values = row.batch.header, [value.strip() for value in row.values]
    values += [""] * (len(header) - len(values))
    cells = zip(header, values, strict=False)
    return {name: value for name, value in cells if name.strip().lower() not in unsteady}


def _sha256(value: Any) -> str:
    return hashlib.sha256(json.dumps(value, sort_keys=True).encode()).hexdigest()
