"""What happened to each event: entries that are only ever added, chained by hash.

Triggers note which events were changed, whichever way it was done (`Unrecorded`). Whoever opens
`changes()` says who changes what for what reason; what was changed outside of it goes on record as
that, with the next entry.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from datetime import date
from itertools import batched
from typing import Any

from django.conf import settings
from django.db import connection, models, transaction
from django.db.models import Max, Model, UniqueConstraint
from django.db.models.functions import Lower
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from sahel.dates import EDTF
from sahel.fields import Derived
from sahel.models.estimates import Estimate
from sahel.models.events import Event, Involvement
from sahel.models.evidence import OUTCOME, Quotation, Reference, refuse_ungrounded
from sahel.models.names import Actor, Place
from sahel.models.record import FormerSlug, Record
from sahel.models.sources import Source

Snapshot = dict[str, Any]

# What an event is made of besides its own columns and its places, in the order of a page; each
# comes after what it belongs to.
PARTS: dict[str, type[Model]] = {
    "quotations": Quotation,
    "estimates": Estimate,
    "involvements": Involvement,
    "references": Reference,
}
# When something was done, and by whom, is said by the entries themselves.
TOLD_ELSEWHERE = {"created", "updated", "published", "publish_at"}
TOLD_ELSEWHERE |= {"edited_by", "approved_by", "scheduled_by"}
AT_ONCE = 500  # events that are read in one go
FIRST = "0" * 64  # what stands in for the hash before the first entry


class Change(models.Model):
    """One entry of the history: an event as it was left. The database keeps each as it is."""

    class What(models.TextChoices):
        """What was done to the event: a closed vocabulary."""

        ADDED = "added", _("added, not public yet")
        EDITED = "edited", _("edited, not public")
        PUBLISHED = "published", _("published")
        CORRECTED = "corrected", _("corrected")
        CHECKED = "checked", _("quotations checked again")
        WITHDRAWN = "withdrawn", _("withdrawn")
        TAKEN_BACK = "taken-back", _("taken back, to be reviewed")
        DELETED = "deleted", _("deleted")

    class Way(models.TextChoices):
        """Which way a change came in: a closed vocabulary."""

        EDITOR = "editor", _("an editor")
        FIXTURES = "fixtures", _("the curated files")
        CHECK = "check", _("a check of the quotations")
        OUTSIDE = "outside", _("means other than the site’s own")

    number = models.PositiveBigIntegerField(_("number"), primary_key=True)
    at = models.DateTimeField(_("when"))
    event = models.PositiveBigIntegerField(db_index=True)  # its primary key, which outlives it
    slug = models.SlugField(_("slug"), max_length=100)
    what = models.CharField(_("what was done"), max_length=10, choices=What)
    public = models.BooleanField(_("seen by readers"))  # before it or after
    way = models.CharField(_("way in"), max_length=10, choices=Way)
    who = models.CharField(_("public name"), max_length=100, blank=True)
    account = models.PositiveIntegerField(null=True)  # the user's primary key: not public
    why = models.TextField(_("why"), blank=True)
    why_language = models.CharField(max_length=10, blank=True)
    after = models.TextField()  # the event in JSON, the very text that was hashed; empty: deleted
    hash = models.CharField(max_length=64)

    class Meta:
        verbose_name = _("change")
        verbose_name_plural = _("changes")
        ordering = ["number"]
        indexes = [
            models.Index(fields=["public", "what", "number"], name="change_in_public"),
            models.Index(fields=["at"], name="change_by_time"),
        ]

    def __str__(self) -> str:
        return f"{self.number}: {self.slug}, {self.get_what_display()}"

    @property
    def snapshot(self) -> Snapshot | None:
        """The event as this entry left it; None where it was deleted."""
        return json.loads(self.after) if self.after else None

    def fingerprint(self) -> str:
        """Give the SHA-256 of the event as this entry left it."""
        return hashlib.sha256(self.after.encode()).hexdigest()

    def before(self) -> Snapshot | None:
        """Give the event as the entry before this one left it; None where there is none."""
        earlier = Change.objects.filter(event=self.event, number__lt=self.number)
        last = earlier.order_by("number").last()
        return last.snapshot if last else None

    def digest(self, previous: str) -> str:
        """Give the hash that an entry after one of that hash must have: SHA-256, hexadecimal."""
        names = [f.attname for f in self._meta.concrete_fields if f.name not in ("at", "hash")]
        told = [previous, self.at.isoformat(), *(getattr(self, name) for name in names)]
        return hashlib.sha256(_canonical(told).encode()).hexdigest()


class Signature(models.Model):
    """The name that readers see beside an editor's changes; without one: "an editor"."""

    user = models.OneToOneField(
        settings.AUTH_USER_MODEL, verbose_name=_("account"), on_delete=models.CASCADE
    )
    name = models.CharField(
        _("public name"),
        max_length=100,
        help_text=_("It stays with each change for ever: a name, initials or a role."),
    )

    class Meta:
        verbose_name = _("public name")
        verbose_name_plural = _("public names")
        constraints = [
            UniqueConstraint(
                Lower("name"),
                name="signature_of_one",
                violation_error_message=_("Another one signs by that name."),
            )
        ]

    def __str__(self) -> str:
        return self.name


class Unrecorded(models.Model):
    """An event that was changed and of which the history has no entry yet; triggers write it."""

    event = models.PositiveBigIntegerField(primary_key=True)

    def __str__(self) -> str:
        return str(self.event)


@contextmanager
def changes(
    way: Change.Way, *, who: str = "", account: int | None = None, why: str = "", language: str = ""
) -> Iterator[None]:
    """Put what is changed within on record as done by someone for a reason, or change nothing.

    One such block follows another: each waits until the one before has ended.
    """
    with transaction.atomic():
        with connection.cursor() as cursor:  # the lock under which all changes queue up
            cursor.execute(
                "INSERT INTO sahel_record (id, version, renamed, emptied, entries, head) "
                "VALUES (1, 1, 0, 0, 0, '') ON CONFLICT (id) DO UPDATE SET id = 1"
            )
        record_changes(Change.Way.OUTSIDE)
        yield
        refuse_ungrounded()
        record_changes(way, who=who, account=account, why=why, why_language=language)


def record_changes(way: Change.Way, **said: Any) -> int:
    """Add an entry for each event that was changed since the last one; give how many were added."""
    added = 0
    with transaction.atomic():
        changed = list(Unrecorded.objects.order_by("event").values_list("event", flat=True))
        for keys in batched(changed, AT_ONCE):
            added += _append(_entries(keys, way, said))
        for keys in batched(changed, AT_ONCE):
            Unrecorded.objects.filter(event__in=keys).delete()
    return added


def _entries(keys: Iterable[int], way: Change.Way, said: dict[str, Any]) -> list[Change]:
    """Give the entries that say how these events differ from what the history has of them."""
    before, after, moved = latest(keys), snapshots(keys), moved_slugs()
    entries = []
    for key in keys:
        was, new = before.get(key, ""), after.get(key)
        old = of_today(json.loads(was), moved) if was else None
        if old == new:
            continue
        what = _what(old, new)
        entries.append(
            Change(
                event=key,
                slug=(new or old or {})["event"]["slug"],
                what=what,
                public=_is_public(old) or _is_public(new),
                way=way,
                after=_canonical(new) if new else "",
                **said,
            )
        )
    return entries


def _append(entries: list[Change]) -> int:
    if not entries:
        return 0
    record = Record.objects.select_for_update().get(pk=1)
    now, number, head = timezone.now(), record.entries, record.head or FIRST
    for number, entry in enumerate(entries, record.entries + 1):
        entry.number, entry.at = number, now
        head = entry.hash = entry.digest(head)
    Change.objects.bulk_create(entries)
    # A new version, for pages that show the history to be drawn anew.
    version = models.F("version") + 1
    Record.objects.filter(pk=1).update(entries=number, head=head, version=version)
    return len(entries)


def last_number(event: int | None = None) -> int:
    """Give the number of the last entry, of one event or of all; 0 where there is none."""
    entries = Change.objects.all() if event is None else Change.objects.filter(event=event)
    number: int | None = entries.aggregate(last=Max("number"))["last"]
    return number or 0


def fingerprint(event: int) -> str:
    """Give the SHA-256 of an event as it is now, with all that belongs to it."""
    return hashlib.sha256(_canonical(snapshots([event]).get(event)).encode()).hexdigest()


def latest(keys: Iterable[int]) -> dict[int, str]:
    """Give what the history has last of events, by primary key: JSON, empty where deleted."""
    newest = Change.objects.filter(event__in=keys).order_by().values("event")
    last = newest.annotate(last=Max("number")).values("last")
    return dict(Change.objects.filter(number__in=last).values_list("event", "after"))


def snapshots(keys: Iterable[int]) -> dict[int, Snapshot]:
    """Give the events with these primary keys as they are now, in plain values.

    What they name is named by slug, so that an entry can be read in another database, or later.
    """
    found: dict[int, Snapshot] = {}
    columns = _columns(Event)
    for pk, *values in Event.objects.filter(pk__in=keys).values_list("pk", *columns.values()):
        event = dict(zip(columns, map(_plain, values), strict=True))
        found[pk] = {"event": event, "places": [], **{name: [] for name in PARTS}}
    places = Event.places.through.objects.filter(event__in=keys).order_by("place__slug")
    for pk, slug in places.values_list("event", "place__slug"):
        found[pk]["places"].append(slug)
    for name, model in PARTS.items():
        columns = _columns(model)
        key, order = event_of(model), model._meta.ordering or ()
        rows = model._default_manager.filter(**{f"{key}__in": keys})
        rows = rows.order_by(key, *(column for column in order if column != "event"))
        for pk, *values in rows.values_list(key, *columns.values()):
            found[pk][name].append(dict(zip(columns, map(_plain, values), strict=True)))
    return found


def event_of(model: type[Model]) -> str:
    """Give what leads from a part to the primary key of its event, in the ORM's words."""
    return "quotation__event_id" if model is Estimate else "event_id"


def _columns(model: type[Model]) -> dict[str, str]:
    """Give the columns that an entry keeps, each with what to ask the database for."""
    kept = [
        field
        for field in model._meta.concrete_fields
        if not (field.primary_key or field.name == "event" or isinstance(field, Derived))
        and not (model is Event and field.name in TOLD_ELSEWHERE)
    ]
    return {f.name: _named(f) if f.is_relation else f.name for f in kept}


def _named(field: Any) -> str:
    """Give what names the other end of a relation."""
    return f"{field.name}__{'key' if field.related_model is Quotation else 'slug'}"


def _plain(value: Any) -> Any:
    if isinstance(value, EDTF):
        return str(value)
    return value.isoformat() if isinstance(value, date) else value


def _canonical(value: Any) -> str:
    """Give the one JSON text of a value, which can be hashed."""
    return json.dumps(value, ensure_ascii=False, sort_keys=True, separators=(",", ":"))


def _is_public(snapshot: Snapshot | None) -> bool:
    return snapshot is not None and snapshot["event"]["publication"] == Event.Publication.PUBLISHED


def _what(old: Snapshot | None, new: Snapshot | None) -> Change.What:
    """Say what was done, from what the event was and is."""
    if new is None:
        return Change.What.DELETED
    match _is_public(old), _is_public(new):
        case False, True:
            return Change.What.PUBLISHED
        case True, False:
            withdrawn = new["event"]["publication"] == Event.Publication.WITHDRAWN
            return Change.What.WITHDRAWN if withdrawn else Change.What.TAKEN_BACK
        case True, True:
            same = old is not None and _unchecked(old) == _unchecked(new)
            return Change.What.CHECKED if same else Change.What.CORRECTED
    return Change.What.ADDED if old is None else Change.What.EDITED


def _unchecked(snapshot: Snapshot) -> Snapshot:
    """Leave out what a check of the quotations finds."""
    quotations = [
        {name: value for name, value in quotation.items() if name not in OUTCOME}
        for quotation in snapshot["quotations"]
    ]
    return {**snapshot, "quotations": quotations}


def faults() -> Iterator[str]:
    """Say where the history is not what was written; if it is all, where an event is unlike it."""
    broken = False
    for fault in _broken_links():
        broken = True
        yield fault
    if not broken:
        yield from _unlike_the_record()


def _broken_links() -> Iterator[str]:
    """Hold the entries against their hashes, and the last one against the head on record."""
    record = Record.objects.filter(pk=1).first() or Record(entries=0, head="")
    previous, number = FIRST, 0
    for number, entry in enumerate(Change.objects.order_by("number").iterator(AT_ONCE), 1):
        if entry.number != number:
            yield f"Entry {number} is missing: {entry.number} stands in its place."
            return  # all that follows has another number
        if entry.digest(previous) != entry.hash:
            yield f"Entry {number} ({entry.slug}) is not what was written, or not where it was."
        previous = entry.hash
    if (number, previous) != (record.entries, record.head or FIRST):
        yield (
            f"The history ends with entry {number}, {previous}; "
            f"its head on record is entry {record.entries}, {record.head or FIRST}."
        )


def _unlike_the_record() -> Iterator[str]:
    noted = set(Unrecorded.objects.values_list("event", flat=True))  # changed just now
    known = set(Change.objects.values_list("event", flat=True).order_by().distinct())
    keys = sorted((known | set(Event.objects.values_list("pk", flat=True))) - noted)
    moved = moved_slugs()
    for some in batched(keys, AT_ONCE):
        last, now = latest(some), snapshots(some)
        for key in some:
            was = json.loads(last[key]) if last.get(key) else None
            if (of_today(was, moved) if was else None) != now.get(key):
                slug = (now.get(key) or was or {})["event"]["slug"]
                yield f"{slug} is not as the last entry of the history left it."


def of_today(snapshot: Snapshot, moved: dict[tuple[str, str], str]) -> Snapshot:
    """Give an event of an entry as it would be told today: columns come and go, slugs change."""

    def fit(model: type[Model], row: dict[str, Any]) -> dict[str, Any]:
        told = {}
        for name in _columns(model):
            field: Any = model._meta.get_field(name)
            told[name] = row[name] if name in row else _plain(field.get_default())
            if kind := field.is_relation and field.related_model._meta.model_name:
                told[name] = moved.get((kind, told[name]), told[name])
        return told

    return {
        "event": fit(Event, snapshot["event"]),
        "places": sorted(moved.get(("place", slug), slug) for slug in snapshot["places"]),
        **{
            name: [fit(model, row) for row in snapshot.get(name, ())]
            for name, model in PARTS.items()
        },
    }


def moved_slugs() -> dict[tuple[str, str], str]:
    """Give the slug of today for each former slug, with the model's name."""
    moved: dict[tuple[str, str], str] = {}
    for model in (Actor, Place, Source):
        kind = str(model._meta.model_name)
        former = dict(FormerSlug.objects.filter(kind=kind).values_list("slug", "key"))
        slugs = dict(
            model._default_manager.filter(pk__in=former.values()).values_list("pk", "slug")
        )
        moved |= {(kind, slug): slugs[key] for slug, key in former.items() if key in slugs}
    return moved
