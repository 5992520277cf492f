"""Two versions of an event held against each other, in words; and an earlier one put back."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from difflib import SequenceMatcher
from itertools import chain
from typing import Any, Literal

from django.core.exceptions import ValidationError
from django.db.models import Field, Model
from django.utils.translation import gettext as _
from django.utils.translation import pgettext

from sahel.dates import EDTF
from sahel.filters import Facet
from sahel.index import Index
from sahel.models import Actor, Change, Estimate, Event, Place, Quotation, Source
from sahel.models.evidence import refuse_ungrounded
from sahel.models.history import PARTS, Snapshot, event_of, moved_slugs, of_today
from sahel.models.merges import names_of_then

Segment = tuple[Literal["same", "removed", "added"], str]

# What stands for the rest of a part, by which it is found in the other version.
IDENTITY = {
    "quotations": ("key",),
    "estimates": ("quotation", "words", "measure"),
    "involvements": ("actor", "role"),
    "references": ("source", "supports"),
}
# Where the words stand and against what they were checked follows from the source's text.
UNTOLD = {"key", "start", "end", "prefix", "suffix", "repeated", "order"}
UNTOLD |= {"quotation"}  # a figure's own words tell whose it is
STATE = "publication", "withdrawal_en", "withdrawal_fr"  # of which a version does not decide
NAMED: dict[Facet, type[Actor] | type[Place] | type[Source]] = {
    "actor": Actor,
    "place": Place,
    "source": Source,
}
TOKENS = re.compile(r"\s+|\w+|[^\w\s]")
MOST_TOKENS = 2000  # of a text that is compared word by word


@dataclass(frozen=True)
class Difference:
    """What differs in one respect: what was removed, what was added, and what is the same."""

    label: str
    segments: list[Segment]


def compare(before: Snapshot | None, after: Snapshot | None) -> list[Difference]:
    """Say in the active language how a version of an event differs from another one."""
    return compare_each([(before, after)])[0]


def compare_each(
    pairs: Sequence[tuple[Snapshot | None, Snapshot | None]], readers: Index | None = None
) -> list[list[Difference]]:
    """Say of each pair how the later version differs; six queries for all at most.

    To readers, whose index it is then, nothing is told that no page shows them.
    """
    versions = [(before or _nothing(), after or _nothing()) for before, after in pairs]
    if readers is not None:
        versions = [(_as_seen(before), _as_seen(after)) for before, after in versions]
    telling = _Telling(chain(*versions), readers)
    return [list(_differences(telling, old, new)) for old, new in versions]


def _differences(telling: _Telling, old: Snapshot, new: Snapshot) -> Iterator[Difference]:
    yield from telling.columns(Event, "", old["event"], new["event"])
    gone = sorted(set(old["places"]) - set(new["places"]))
    come = sorted(set(new["places"]) - set(old["places"]))
    names = [", ".join(telling.name("place", slug) for slug in slugs) for slugs in (gone, come)]
    if names[0] != names[1]:
        yield Difference(str(Event._meta.get_field("places").verbose_name), _whole(*names))
    for part, model in PARTS.items():
        yield from telling.parts(model, IDENTITY[part], old.get(part, []), new.get(part, []))


def _as_seen(version: Snapshot) -> Snapshot:
    """Give a public version without what waits in it unseen: reasons that do not hold."""
    unseen = dict.fromkeys(("why_uncheckable_en", "why_uncheckable_fr"), "")
    quotations = [
        quotation if quotation.get("state") == Quotation.State.UNCHECKABLE else quotation | unseen
        for quotation in version["quotations"]
    ]
    event = version["event"] | dict.fromkeys(("withdrawal_en", "withdrawal_fr"), "")
    return version | {"event": event if version["event"] else {}, "quotations": quotations}


def _nothing() -> Snapshot:
    return {"event": {}, "places": [], **{part: [] for part in PARTS}}


class _Telling:
    """Puts the values of versions in words, with the names that are known today."""

    def __init__(self, versions: Iterable[Snapshot], readers: Index | None = None) -> None:
        wanted: dict[str, set[str]] = {"actor": set(), "place": set(), "source": set()}
        for version in versions:
            wanted["place"] |= set(version["places"])
            for part, model in PARTS.items():
                for row in version.get(part, []):
                    for name, value in row.items():
                        if value and (kind := _related(model, name)) in wanted:
                            wanted[kind].add(value)
        moved = moved_slugs()
        self.names: dict[tuple[str, str], str] = {}
        for kind, model in NAMED.items():
            today = {slug: moved.get((kind, slug), slug) for slug in wanted[kind]}
            rows = model._default_manager.filter(slug__in=today.values())
            known = {
                row.slug: str(row)
                for row in rows
                if readers is None or row.slug in wanted[kind] or row.slug in readers.values[kind]
            }  # who was renamed and is in no public event goes by the slug of then
            self.names |= {(kind, slug): known.get(now, slug) for slug, now in today.items()}
        # What was merged is another name of the same today; then it went by its own.
        self.names |= names_of_then(each for each in self.names if each in moved)

    def name(self, kind: str, slug: str) -> str:
        return self.names.get((kind, slug), slug)

    def columns(
        self, model: type[Model], of: str, old: dict[str, Any], new: dict[str, Any]
    ) -> Iterator[Difference]:
        """Compare the columns of a model; a column of which one version knows nothing is empty."""
        colon = pgettext("before a quotation", ":")
        for name in {**old, **new}:
            was, is_ = old.get(name), new.get(name)
            if name in UNTOLD or was == is_:
                continue
            field = _field(model, name)
            texts = self.words(model, name, was), self.words(model, name, is_)
            if texts[0] == texts[1]:
                continue
            label = str(field.verbose_name) if field else name
            label = f"{of}{colon} {label}" if of else label
            closed = name == "date" or (field and (field.choices or field.is_relation))
            yield Difference(label, (_whole if closed else _by_word)(*texts))

    def parts(
        self,
        model: type[Model],
        identity: tuple[str, ...],
        old: list[dict[str, Any]],
        new: list[dict[str, Any]],
    ) -> Iterator[Difference]:
        """Compare rows that belong to the event, each with the one that is the same."""
        label = str(model._meta.verbose_name)
        was = {tuple(row.get(name) for name in identity): row for row in old}
        is_ = {tuple(row.get(name) for name in identity): row for row in new}
        gone = {key: self.whole(model, row) for key, row in was.items() if key not in is_}
        come = {key: self.whole(model, row) for key, row in is_.items() if key not in was}
        # Two that were merged may have had the same name: nothing that can be told.
        alike = set() if model is Quotation else {*gone.values()} & {*come.values()}
        for words in gone.values():
            if words not in alike:
                yield Difference(label, [("removed", words)])
        for key, row in is_.items():
            if key in was:
                yield from self.columns(model, label, was[key], row)
            elif come[key] not in alike:
                yield Difference(label, [("added", come[key])])

    def whole(self, model: type[Model], row: dict[str, Any]) -> str:
        """Tell a row of a part in one line."""
        if model is Estimate:
            kept = {f.name for f in Estimate._meta.concrete_fields} - {"id", "quotation"}
            made = Estimate(**{name: value for name, value in row.items() if name in kept})
            return " · ".join(filter(None, [str(made), made.of_whom, made.words]))
        told = ("exact", "speaker", "stance", "source") if model is Quotation else row
        values = (self.words(model, name, row.get(name)) for name in told if name not in UNTOLD)
        return " · ".join(value for value in values if value)

    def words(self, model: type[Model], name: str, value: Any) -> str:
        """Tell a value as readers see it elsewhere."""
        if value in (None, ""):
            return ""
        if kind := _related(model, name):
            return self.name(kind, value)
        field = _field(model, name)
        if field is not None and field.choices:
            return str(dict(field.flatchoices).get(value, value))
        if name == "date":
            return f"{EDTF.parse(value).in_words()} ({value})"
        return str(value)


def _field(model: type[Model], name: str) -> Field[Any, Any] | None:
    """Give a column's field; None: it was there when the version was written, and is no more."""
    return {field.name: field for field in model._meta.concrete_fields}.get(name)


def _related(model: type[Model], name: str) -> str:
    field = _field(model, name)
    related = field.related_model if field is not None else None
    return str(related._meta.model_name) if related and not isinstance(related, str) else ""


def _whole(old: str, new: str) -> list[Segment]:
    found: list[Segment] = [("removed", old), ("added", new)]
    return [each for each in found if each[1]]


def _by_word(old: str, new: str) -> list[Segment]:
    was, is_ = TOKENS.findall(old), TOKENS.findall(new)
    if not (was and is_) or len(was) + len(is_) > MOST_TOKENS:
        return _whole(old, new)
    segments: list[Segment] = []
    for what, a, b, c, d in SequenceMatcher(None, was, is_, autojunk=False).get_opcodes():
        if what == "equal":
            segments.append(("same", "".join(was[a:b])))
        else:
            segments += _whole("".join(was[a:b]), "".join(is_[c:d]))
    return segments


def restore(entry: Change) -> Event:
    """Make an event what an entry of the history left it, as a change like any other.

    Its publication is not put back: that is what steps are for (`Event.take`). Quotations are held
    against their sources' texts of today. Raises ValidationError where what
    the entry names is not there any more, or the event could not be saved like this by hand.
    """
    if not entry.after:
        raise ValidationError(_("That entry is the deletion: restore the one before it."))
    version = of_today(entry.snapshot or _nothing(), moved_slugs())
    event = Event.objects.filter(pk=entry.event).first() or Event(pk=entry.event)
    _fill(event, {name: value for name, value in version["event"].items() if name not in STATE})
    event.full_clean(validate_unique=True)
    event.save()
    event.places.set([_named(Place, slug) for slug in version["places"]])
    for part, model in PARTS.items():
        rows = version[part]
        kept = model._default_manager.filter(**{event_of(model): event.pk})
        known: dict[Any, Model] = {}
        if model is Quotation:  # which have addresses of their own
            keys = [row["key"] for row in rows]
            there = Quotation.objects.filter(event=event, key__in=keys)
            # None in the other's way while they change places.
            there.update(state=Quotation.State.UNCHECKED, start=None, end=None)
            known = {row.key: row for row in there}
        kept.exclude(pk__in=[row.pk for row in known.values()]).delete()
        # What was merged since may stand there twice.
        for row in {tuple(row[name] for name in IDENTITY[part]): row for row in rows}.values():
            tie = {} if model is Estimate else {"event": event}  # a figure is a quotation's
            made = known.get(row.get("key")) or model(**tie)
            _fill(made, row)
            if isinstance(made, Quotation):
                made.verify()
            made.save()
    refuse_ungrounded()
    return event


def put_back(now: Snapshot | None, then: Snapshot | None) -> Snapshot:
    """Give what an event is once a version of then is put back: its state stays that of now."""
    now, then = now or _nothing(), then or _nothing()
    kept = {name: now["event"][name] for name in STATE if name in now["event"]}
    return then | {"event": then["event"] | kept}


def _fill(instance: Model, row: dict[str, Any]) -> None:
    for name, value in row.items():
        field: Any = instance._meta.get_field(name)
        if field.is_relation:
            setattr(instance, name, value and _named(field.related_model, value))
        else:
            setattr(instance, name, field.to_python(value))


def _named(model: Any, name: str) -> Any:
    of_it = {"key": name} if model is Quotation else {"slug": name}
    found = model._default_manager.filter(**of_it).first()
    if found is None:
        words = {"kind": model._meta.verbose_name, "slug": name}
        raise ValidationError(_("There is no %(kind)s “%(slug)s” any more: add it first.") % words)
    return found
