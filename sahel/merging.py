"""Actors, places or sources that are one and the same: what merging them would do.

All that leads to those that go then leads to the one that is kept: events, quotations, references,
what stands under them. `sahel.merges` does it, and undoes it.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator
from typing import Any

from django.db.models import ForeignKey, Q
from django.utils.translation import gettext as _

from sahel.fields import Derived
from sahel.models import Event, Quotation, Source, SourceText
from sahel.models.names import LINEAGE
from sahel.quotations import find

MOST = 50  # that are merged at once
SHOWN = 20  # events that are named where something stands in the way
# What the one that is kept takes from another where it has nothing: each group as a whole.
FILLED: list[tuple[str, ...]] = [
    *(("name_en",), ("name_fr",), ("description_en",), ("description_fr",), ("wikidata",)),
    *(("country",), ("latitude", "longitude", "precision")),
    *(("title",), ("author",), ("date",), ("date_read",), ("url",), ("archived_url",)),
    *(("note_en",), ("note_fr",)),
]
READ = ("text_sha256", "text_length")


class Merging:
    """What merging does, worked out before anything is done.

    `moved` and `dropped` have the primary keys of rows, by the foreign key that leads to those
    that go; `events` those of all events that change; `filled` the new values of columns of the
    one that is kept; `problems` what stands in the way.
    """

    def __init__(self, kept: Any, others: list[Any]) -> None:
        """Read what leads to the others and hold it against what leads to the one that is kept."""
        self.kept, self.others = kept, others
        self.model = type(kept)
        self.keys = {each.pk for each in others}
        self.moved: dict[ForeignKey[Any, Any], list[int]] = {}
        self.dropped: dict[ForeignKey[Any, Any], list[int]] = {}
        self.events: set[int] = set()
        self.filled: dict[str, Any] = {}
        self.problems: list[str] = []
        self.quotations: list[Quotation] = []  # as they will be
        for field in leading_to(self.model):
            self._sort(field)
        self._fill()
        self._hang()
        if self.model is Source:
            self._hold_quotations()

    def _sort(self, field: ForeignKey[Any, Any]) -> None:
        """Part the rows that will lead to the one that is kept from its doubles."""
        rows = field.model._base_manager.filter(**{f"{field.name}__in": [self.kept, *self.others]})
        if field.model is self.model:
            self.moved[field] = list(rows.exclude(pk__in=self.selected).filter(
                **{f"{field.name}__in": self.others}).values_list("pk", flat=True))  # fmt: skip
            return
        groups = [] if field.model is Quotation else unique_with(field)
        columns = list(dict.fromkeys(name for group in groups for name in group))
        events = ["event_id"] if has_events(field) else []
        taken: set[tuple[Any, ...]] = set()
        self.moved[field], self.dropped[field] = [], []
        values = list(rows.order_by("pk").values("pk", field.attname, *columns, *events))
        for row in sorted(values, key=lambda row: row[field.attname] != self.kept.pk):
            whole = [(group, *(row[name] for name in group)) for group in groups]
            double = any(each in taken for each in whole)
            taken.update(whole)
            if row[field.attname] == self.kept.pk:
                continue
            (self.dropped if double else self.moved)[field].append(row["pk"])
            self.events |= {row[name] for name in events}

    @property
    def selected(self) -> set[int]:
        """The primary keys of all that become one."""
        return {self.kept.pk, *self.keys}

    @property
    def public(self) -> int:
        """How many of the events readers see, or have seen."""
        return were_public(self.events)

    @property
    def aliases(self) -> list[str]:
        """The names by which the others went, that the one that is kept does not have yet."""
        if not hasattr(self.kept, "aliases"):
            return []
        known = {*self.kept.other_names, self.kept.name_en, self.kept.name_fr}
        known |= {"", *(self.filled.get(name, "") for name in ("name_en", "name_fr"))}
        names = [n for o in self.others for n in (o.name_en, o.name_fr, *o.other_names)]
        return [name for name in dict.fromkeys(names) if name not in known]

    def counts(self) -> list[tuple[str, int]]:
        """Say how many rows of each sort move, by the sort’s name."""
        told: Counter[str] = Counter()
        for field, keys in self.moved.items():
            told[sort_of(field)] += len(keys)
        return [(sort, count) for sort, count in told.items() if count]

    def doubles(self) -> list[tuple[str, list[Event]]]:
        """Give the events that have the one that is kept already, by what is dropped of them."""
        told: dict[str, set[int]] = {}
        for field, keys in self.dropped.items():
            if keys and has_events(field):
                rows = field.model._base_manager.filter(pk__in=keys)
                told.setdefault(sort_of(field), set()).update(rows.values_list("event", flat=True))
        return [(sort, list(Event.objects.filter(pk__in=keys))) for sort, keys in told.items()]

    def fillings(self) -> list[tuple[str, str]]:
        """Say which empty fields of the one that is kept are filled in, with what."""
        fields = {field.attname: field for field in self.model._meta.concrete_fields}
        return [
            (str(fields[name].verbose_name), _in_words(fields[name], value))
            for name, value in self.filled.items()
        ]

    def differences(self) -> list[tuple[str, str, list[str]]]:
        """Say which fields the others have otherwise: the name, what is kept, what is not."""
        untold = {"slug", "aliases", "name_en", "name_fr", *READ, *self.filled}
        found = []
        for field in self.model._meta.concrete_fields:
            if field.primary_key or isinstance(field, Derived) or field.attname in untold:
                continue
            mine = getattr(self.kept, field.attname)
            theirs = dict.fromkeys(getattr(other, field.attname) for other in self.others)
            unlike = [each for each in theirs if each not in ("", None, mine)]
            unlike = [each for each in unlike if not (field.is_relation and each in self.selected)]
            if unlike:
                words = [_in_words(field, each) for each in unlike]
                found.append((str(field.verbose_name), _in_words(field, mine), words))
        return found

    def _fill(self) -> None:
        names = {field.name for field in self.model._meta.concrete_fields}
        for group in FILLED:
            if not names.issuperset(group) or any(_said(self.kept, name) for name in group):
                continue
            for other in self.others:
                if all(_said(other, name) for name in group):
                    self.filled |= {name: getattr(other, name) for name in group}
                    break

    def _hang(self) -> None:
        """Give what stood under the others its new place, and refuse circles and what is deep."""
        column = above(self.model)
        was = dict(self.model._default_manager.values_list("pk", column))

        def beyond(key: int | None) -> int | None:
            """Give the first one above that is not to go itself; none where that is a circle."""
            passed: set[int] = set()
            while key is not None and key in self.keys and key not in passed:
                passed.add(key)
                key = was.get(key)
            return None if key in self.selected else key

        now = {
            key: self.kept.pk if up in self.keys else up
            for key, up in was.items()
            if key not in self.keys
        }
        mine = getattr(self.kept, column)
        now[self.kept.pk] = beyond(mine)
        if mine is None:
            for key in filter(None, (beyond(getattr(other, column)) for other in self.others)):
                if self.kept.pk not in _chain(key, now):
                    now[self.kept.pk] = key
                    break
        if now[self.kept.pk] != mine:
            self.filled[column] = now[self.kept.pk]
        self.problems += list(misplaced(self.model, self.kept, now))

    def _hold_quotations(self) -> None:
        """Hold all quotations against the text that was read last, as those of one source."""
        # Texts move along: they are readings of the same document, and what was checked rests on
        # them. The last of all is then the one source's text, as it is for any source.
        texts = SourceText.objects.filter(source__in=self.selected).order_by("-read_at", "-pk")
        newest = texts.first()
        own = texts.filter(source=self.kept).first()
        if newest and newest != own:
            self.filled |= {"text_sha256": newest.sha256, "text_length": len(newest.text)}
        elif not self.kept.text_sha256:
            read = next((other for other in self.others if other.text_sha256), None)
            self.filled |= {name: getattr(read, name) for name in READ} if read else {}
        quotations = Quotation.objects.filter(source__in=self.selected).select_related("event")
        self._refuse_other_words(list(quotations), own, newest)
        for quotation in quotations.order_by("pk"):
            quotation.source_id = self.kept.pk
            if newest:
                quotation.hold_against(newest.text, newest.sha256)
            self.quotations.append(quotation)
        passages = Counter((q.event.slug, q.start) for q in self.quotations if q.start is not None)
        self._refuse(
            {slug for (slug, _start), count in passages.items() if count > 1},
            _(
                "These events quote the same passage of both sources: %(events)s. Delete one of "
                "the two quotations first."
            ),
        )

    def _refuse_other_words(
        self, quotations: list[Quotation], own: SourceText | None, newest: SourceText | None
    ) -> None:
        """Let no quotation move to a text that lacks its words, nor such a text to quotations."""
        lost, unsure = set(), set()
        known = self.filled.get("text_sha256", self.kept.text_sha256)
        for quotation in quotations:
            words, slug = quotation.exact, quotation.event.slug
            if quotation.source_id != self.kept.pk:
                lost |= {slug for text in (own, newest) if text and not find(words, text.text)}
                if not newest and known and quotation.checked_sha256 != known:
                    unsure.add(slug)
            elif newest and newest != own and quotation.state != Quotation.State.MISSING:
                lost |= set() if find(words, newest.text) else {slug}
        self._refuse(
            lost,
            _(
                "Words quoted in these events do not stand, letter by letter, in the text that "
                "was read: %(events)s. Correct them, or keep both sources."
            ),
        )
        self._refuse(
            unsure,
            _(
                "The text of the source that is kept is not on record. Give it, so that what these "
                "events quote can be held against it: %(events)s."
            ),
        )

    def _refuse(self, slugs: set[str], said: str) -> None:
        if slugs:
            more = " …" if len(slugs) > SHOWN else ""
            self.problems.append(said % {"events": ", ".join(sorted(slugs)[:SHOWN]) + more})


def above(model: Any) -> str:
    """Give the column that leads from an actor, a place or a source to what it belongs to."""
    return "original_id" if model is Source else "parent_id"


def leading_to(model: Any) -> list[ForeignKey[Any, Any]]:
    """Give all foreign keys that lead to a model, those of the tables between two models too."""
    found = model._meta.get_fields(include_hidden=True)
    return [each.field for each in found if each.auto_created and each.one_to_many]


def unique_with(field: ForeignKey[Any, Any]) -> list[tuple[str, ...]]:
    """Give each group of columns that may stand but once together with a foreign key."""
    opts = field.model._meta
    columns = {each.name: each.attname for each in opts.concrete_fields}
    groups = [*opts.unique_together, *(each.fields for each in opts.total_unique_constraints)]
    return [
        tuple(columns[name] for name in group if name != field.name)
        for group in groups
        if field.name in group
    ]


def has_events(field: ForeignKey[Any, Any]) -> bool:
    """Say whether the rows that a foreign key is of belong to events."""
    return hasattr(field.model, "event_id")


def sort_of(field: ForeignKey[Any, Any]) -> str:
    """Say what sort of rows a foreign key is of, in the words of the page."""
    if field.model is Event.places.through:
        return _("events that happened there")
    if field.name == "parent":
        return _("what stands under it")
    if field.name == "original":
        return _("copies")
    return str(field.model._meta.verbose_name_plural)


def events_of(model: Any, keys: Iterable[int]) -> dict[int, int]:
    """Count the events of each of these actors, places or sources, by primary key."""
    found: dict[int, set[int]] = {key: set() for key in keys}
    for field in filter(has_events, leading_to(model)):
        rows = field.model._base_manager.filter(**{f"{field.name}__in": list(found)})
        for key, event in rows.values_list(field.attname, "event_id"):
            found[key].add(event)
    return {key: len(events) for key, events in found.items()}


def were_public(events: Iterable[int]) -> int:
    """Count those of these events, by primary key, that readers see or have seen."""
    seen = Q(published__isnull=False) | Q(publication=Event.Publication.PUBLISHED)
    count: int = Event.objects.filter(seen, pk__in=list(events)).count()
    return count


def _said(instance: Any, name: str) -> bool:
    return getattr(instance, name) not in ("", None)


def _in_words(field: Any, value: Any) -> str:
    if value is None:
        return ""
    if field.is_relation:
        return str(field.related_model._default_manager.filter(pk=value).first() or value)
    return str(dict(field.flatchoices).get(value, value) if field.choices else value)


def _chain(key: int | None, up: dict[int, int | None]) -> list[int]:
    """Give a number and all above it, from below; a circle but once."""
    chain: list[int] = []
    while key is not None and key not in chain:
        chain.append(key)
        key = up.get(key)
    return chain


def misplaced(model: Any, kept: Any, up: dict[int, int | None]) -> Iterator[str]:
    """Say where one would stand under itself, or something in its line too deep."""
    chain = _chain(kept.pk, up)
    if up.get(chain[-1]) == kept.pk:
        between = model._default_manager.get(pk=chain[-1])
        yield _("“%(kept)s” would come to stand under itself, by way of “%(between)s”.") % {
            "kept": kept,
            "between": between,
        }
    elif model is not Source:
        chains = (_chain(key, up) for key in up)
        if any(kept.pk in chain and len(chain) > LINEAGE for chain in chains):
            yield _("Something would stand more than four levels deep under “%(kept)s”.") % {
                "kept": kept
            }
