"""Merges, done and undone: whatever is changed on the way is kept in a `Merge`."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from typing import Any

from django.apps import apps
from django.conf import settings
from django.core.exceptions import ValidationError
from django.db import IntegrityError, transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from sahel.merging import FILLED, READ, Merging, above, misplaced, were_public
from sahel.models import (
    Change,
    Event,
    FormerSlug,
    Merge,
    Quotation,
    Source,
    SourceText,
    changes,
    verify,
)
from sahel.models.evidence import OUTCOME, refuse_ungrounded
from sahel.models.history import last_number
from sahel.notes import Row, make_again, note_of, plain, put_back, read, row_of, set_columns

SIGNED = (
    *("edited_by_id", "approved_by_id", "publication", "published"),
    *("publish_at", "scheduled_by_id"),
)


def merge(merging: Merging, *, by: Any, author: Row) -> Merge:
    """Do it, as one change of whoever `author` says, in the words of `changes()`; give its record.

    Each event has its entry in the history before the old addresses lead on: it tells who was
    named before. Raises ValidationError where the database would not have it.
    """
    kept, others, kind = merging.kept, merging.others, str(merging.model._meta.model_name)
    former = FormerSlug.objects.filter(kind=kind, key__in=merging.keys)
    slugs = defaultdict(list)
    for each in former:
        slugs[each.key].append(each.slug)
    gone = [{**row_of(o), "slugs": list(dict.fromkeys([o.slug, *slugs[o.pk]]))} for o in others]
    with transaction.atomic():
        with changes(Change.Way.EDITOR, **author):
            before = _signatures(merging.events)  # what is moved takes approvals back
            done = _carry_out(merging)
            for event in Event.objects.filter(pk__in=merging.events):
                _sign(event, by)
            after = _signatures(merging.events)
            done["events"] = {key: [was, after[key]] for key, was in before.items()}
        kept_slugs = [slug for row in gone for slug in row["slugs"]]
        known = FormerSlug.objects.filter(kind=kind, slug__in=kept_slugs)
        done["moved"] += set_columns(FormerSlug, known, key=kept.pk)
        done["redirects"] = sorted(set(kept_slugs) - {each.slug for each in known})
        FormerSlug.objects.bulk_create(
            FormerSlug(kind=kind, slug=slug, key=kept.pk) for slug in done["redirects"]
        )
        made = Merge(kind=kind, key=kept.pk, slug=kept.slug, by=by, why=author["why"])
        made.number, made.merged, made.done = last_number(), gone, done
        made.save()
        return made


def _carry_out(merging: Merging) -> Row:
    """Move and drop what leads to the others, fill in, and take them off the record."""
    kept, model = merging.kept, merging.model
    done: Row = {"moved": [], "dropped": []}
    for field, keys in merging.dropped.items():
        for row in field.model._base_manager.filter(pk__in=keys):
            done["dropped"].append([field.model._meta.label_lower, row_of(row)])
            row.delete()
    for field, keys in merging.moved.items():
        if (field.model, field.name) != (Quotation, "source"):
            rows = field.model._base_manager.filter(pk__in=keys).defer(*_long(field.model))
            done["moved"] += set_columns(field.model, rows, **{field.attname: kept.pk})
    done["moved"] += _move_quotations(merging.quotations)
    aliases = merging.aliases
    before = row_of(kept)
    for name, value in merging.filled.items():
        setattr(kept, name, value)
    if aliases:
        kept.aliases = "\n".join([*kept.other_names, *aliases])
    kept.save(update_fields=[*merging.filled, *(["aliases"] if aliases else []), "folded"])
    if aliases:
        done["aliases"] = {"added": aliases, "before": before["aliases"], "after": kept.aliases}
    done["filled"] = {name: [before[name], row_of(kept)[name]] for name in merging.filled}
    rest = model._base_manager.filter(pk__in=merging.keys)
    rest.update(**{above(model): None})  # one of them may stand under another
    rest.delete()
    return done


def _long(model: Any) -> list[str]:
    return ["text"] if model is SourceText else []


def _move_quotations(after: list[Quotation]) -> list[Row]:
    """Write where quotations stand now, none in another's way meanwhile; give what was changed."""
    before = Quotation.objects.in_bulk([each.pk for each in after])
    columns = ["source_id", *OUTCOME]
    unlike = [
        each
        for each in after
        if any(getattr(each, name) != getattr(before[each.pk], name) for name in columns)
    ]
    unchecked = {"state": Quotation.State.UNCHECKED, "start": None, "end": None}
    elsewhere = [each.pk for each in unlike if each.start != before[each.pk].start]
    Quotation.objects.filter(pk__in=elsewhere).update(**unchecked)
    notes: list[Row] = []
    for each in unlike:
        source = {"source_id": each.source_id}
        outcome = {name: getattr(each, name) for name in OUTCOME}
        Quotation.objects.filter(pk=each.pk).update(**source, **outcome)
        # Two notes: it moves back even where it was checked again since.
        for part in (source, outcome):
            notes += note_of([before[each.pk]], part)
    return notes


def _signatures(events: Iterable[int]) -> dict[str, Row]:
    rows = Event.objects.filter(pk__in=list(events)).values_list("pk", *SIGNED)
    return {str(pk): dict(zip(SIGNED, map(plain, values), strict=True)) for pk, *values in rows}


def _sign(event: Event, by: Any) -> None:
    event.updated = timezone.now()  # it was not only just published, whatever it was before
    event.sign(by)


def seen_by_readers(merge: Merge) -> bool:
    """Say whether readers see, or have seen, an event that it changed."""
    return were_public(int(key) for key in merge.done["events"]) > 0


def undo(merge: Merge, *, by: Any) -> int:
    """Take a merge apart: give how many rows stay as they are, having been changed since.

    What still stands where the merge left it goes back. Raises ValidationError where it cannot.
    """
    with transaction.atomic():
        merge = Merge.objects.select_for_update().get(pk=merge.pk)
        kept = merge.model._default_manager.filter(pk=merge.key).first()
        _refuse_undoing(merge, kept)
        try:
            with transaction.atomic():
                stayed = _take_apart(merge, kept, by)
        except IntegrityError as error:
            said = _(
                "It cannot be undone as it is: what was merged has been changed too much since."
            )
            raise ValidationError(said) from error
        refuse_ungrounded()
        merge.undone_at, merge.undone_by = timezone.now(), by
        merge.save()
    return stayed


def _refuse_undoing(merge: Merge, kept: Any) -> None:
    if merge.undone_at is not None:
        raise ValidationError(_("It has been undone already."))
    if kept is None:
        last = Merge.objects.filter(kind=merge.kind, undone_at=None, at__gte=merge.at)
        later = next(
            (m for m in last if any(str(merge.key) == row["id"] for row in m.merged)), None
        )
        if later:
            said = _("“%(slug)s” was itself merged into “%(into)s” since: undo that first.")
            raise ValidationError(said % {"slug": merge.slug, "into": later.slug})
        said = _("“%(slug)s”, into which they were merged, is not on record any more.")
        raise ValidationError(said % {"slug": merge.slug})
    into = Merge.objects.filter(kind=merge.kind, key=merge.key, undone_at=None)
    if later := into.filter(pk__gt=merge.pk).first():  # what is double may be so by that one
        said = _("Since then this was merged, too, which has to be undone first: %(merge)s.")
        raise ValidationError(said % {"merge": later})
    taken = merge.model._default_manager.filter(slug__in=[row["slug"] for row in merge.merged])
    if slugs := ", ".join(taken.values_list("slug", flat=True)):
        said = _("These slugs are taken by others meanwhile: %(slugs)s. Give those another one.")
        raise ValidationError(said % {"slugs": slugs})


def _take_apart(merge: Merge, kept: Any, by: Any) -> int:
    done, model = merge.done, merge.model
    redirects = FormerSlug.objects.filter(kind=merge.kind, slug__in=done["redirects"])
    redirects.filter(key=kept.pk).delete()
    again = _make_again(model, merge.merged)
    stayed, settled = _move_back(done["moved"])
    for label, row in done["dropped"]:
        stayed += not make_again(apps.get_model(label), row)
    stayed += _empty_again(kept, done["filled"])
    if named := done.get("aliases"):
        left = (name for name in kept.other_names if name not in named["added"])
        as_left = kept.aliases == named["after"]
        kept.aliases = named["before"] if as_left else "\n".join(left)
    kept.save()
    if model is Source:
        _hold_again([kept, *again], settled)
    _refuse_misplaced(model, [kept, *again])
    _sign_back(merge, by)
    return stayed


def _empty_again(kept: Any, filled: Row) -> int:
    """Take out of the one that was kept what was filled in; give how much is otherwise by now."""
    stayed = 0
    for group in [*FILLED, READ, (above(type(kept)),)]:
        was = {name: filled[name] for name in group if name in filled}
        if all(plain(getattr(kept, name)) == after for name, (_before, after) in was.items()):
            before = {name: each[0] for name, each in was.items()}
            for name, value in read(type(kept), before).items():
                setattr(kept, name, value)
        else:
            stayed += 1
    return stayed


def _make_again(model: Any, rows: list[Row]) -> list[Any]:
    """Make those that were merged anew, each then under what it stood under, if that is there."""
    column = above(model)
    again = [model(**read(model, {**row, column: None})) for row in rows]
    model._base_manager.bulk_create(again)
    for each, row in zip(again, rows, strict=True):
        setattr(each, column, read(model, {column: row[column]})[column])
        model._base_manager.filter(pk=each.pk).update(**{column: getattr(each, column)})
    return again


def _move_back(notes: list[Row]) -> tuple[int, set[int]]:
    """Put back what can be; give how many rows stay, and the quotations that are as they were."""
    stayed = 0
    quoted: set[int] = set()
    loose: set[int] = set()
    for note in notes:
        left = len(note["keys"]) - put_back(note)
        stayed += left
        if note["model"] == Quotation._meta.label_lower:
            quoted.update(note["keys"])
            loose.update(note["keys"] if left else ())
    return stayed, quoted - loose


def _hold_again(sources: list[Source], settled: set[int]) -> None:
    """Go by each source's own text again, where another one was read or quoted since."""
    stale = []
    for source in sources:
        last = source.texts.first()
        if last is None:
            continue
        others = source.quotations.exclude(pk__in=settled).exclude(checked_sha256="")
        if source.text_sha256 != last.sha256:
            size = {"text_sha256": last.sha256, "text_length": len(last.text)}
            Source.objects.filter(pk=source.pk).update(**size)
            stale.append(source.pk)
        elif others.exclude(checked_sha256=last.sha256).exists():
            stale.append(source.pk)
    list(verify(stale))


def _refuse_misplaced(model: Any, again: list[Any]) -> None:
    now = dict(model._default_manager.values_list("pk", above(model)))
    for each in again:
        for said in misplaced(model, each, now):
            raise ValidationError(said)


def _sign_back(merge: Merge, by: Any) -> None:
    """Let events that nobody changed since be signed as before; the others are changed now."""
    signed = merge.done["events"]
    events = Event.objects.filter(pk__in=[int(key) for key in signed])
    now = _signatures(map(int, signed))
    since = Change.objects.filter(number__gt=merge.number, event__in=events.values("pk"))
    changed = set(since.values_list("event", flat=True))
    for event in events:
        before, after = signed[str(event.pk)]
        values = read(Event, before)
        public = values["publication"] == Event.Publication.PUBLISHED
        approved = values["approved_by_id"] is not None or not (public and settings.APPROVAL)
        as_left = event.pk not in changed or _is_as_left(event, merge.number)
        if now[str(event.pk)] == after and approved and as_left:
            Event.objects.filter(pk=event.pk).update(**values, updated=timezone.now())
        else:
            _sign(event, by)


def _is_as_left(event: Event, number: int) -> bool:
    """Say whether an event, as it was before it was taken apart, is what the merge made of it."""
    entries = Change.objects.filter(event=event.pk).order_by("number").values_list("after")
    return entries.filter(number__lte=number).last() == entries.last()
