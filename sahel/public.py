"""All that is public, as the rows of a fixture: plain values, in an order in which each builds on
those before it, and the same whichever database holds the record.
"""

import json
from collections.abc import Iterable, Iterator
from datetime import date
from decimal import Decimal
from itertools import batched
from typing import Any

from django.db.models import Model, QuerySet

from sahel.dates import EDTF
from sahel.models import (
    Actor,
    Change,
    Estimate,
    Event,
    FormerSlug,
    Involvement,
    Place,
    Quotation,
    Reference,
    Source,
)
from sahel.models.history import event_of

Fields = dict[str, Any]
Row = tuple[type[Model], Fields]

# What is given away, field by field: what is not named here stays here.
TITLED = ("name_en", "name_fr", "aliases", "description_en", "description_fr", "wikidata", "kind")
PUBLIC: dict[type[Model], tuple[str, ...]] = {
    Actor: ("slug", *TITLED, "parent"),
    Place: ("slug", *TITLED, "country", "latitude", "longitude", "precision", "parent"),
    Source: (
        *("slug", "title", "author", "publisher", "no_publisher_en", "no_publisher_fr"),
        *("url", "archived_url", "date", "language", "kind", "date_read", "original", "wording"),
        *("text_sha256", "text_length", "note_en", "note_fr"),
    ),
    Event: (
        *("slug", "title_en", "title_fr", "summary_en", "summary_fr", "kind", "status"),
        *("date", "date_basis", "date_words", "date_note_en", "date_note_fr", "position"),
        *("note_en", "note_fr", "publication", "published", "updated", "places"),
    ),
    Involvement: ("event", "actor", "role", "order"),
    Quotation: (
        *("key", "event", "source", "exact", "language", "speaker"),
        *("speaker_role_en", "speaker_role_fr", "stance", "start", "end", "prefix", "suffix"),
        *("repeated", "page", "state", "checked_sha256", "checked_on"),
        *("why_uncheckable_en", "why_uncheckable_fr", "order"),
    ),
    Estimate: (
        *("quotation", "words", "measure", "low", "best", "high"),
        *("of_whom_en", "of_whom_fr", "unit_en", "unit_fr", "order"),
    ),
    Reference: ("event", "source", "supports", "note_en", "note_fr", "order"),
    FormerSlug: ("kind", "slug", "key"),
}
# What a test holds against the models, so that a new field is put on one side or the other; columns
# that follow from others, and primary keys, are on neither.
NOT_PUBLIC: dict[type[Model], tuple[str, ...]] = {
    Event: (
        *("publish_at", "scheduled_by", "withdrawal_en", "withdrawal_fr", "restricted"),
        *("edited_by", "approved_by", "created"),
    ),
}
MODELS_NOT_PUBLIC = {
    *("change", "changedday", "importbatch", "importedrow", "linkcheck", "loading", "merge"),
    *("asking", "subscription"),  # who gets mail
    *("authenticatorapp", "passkey", "recoverycode"),  # what lets an editor in
    "refusal",  # who was refused at the door
    *("opening", "record", "savedview", "signature", "sourcetext", "ungrounded", "unrecorded"),
}

ABOVE: dict[type[Model], str] = {Actor: "parent", Place: "parent", Source: "original"}
PARTS: tuple[type[Model], ...] = (Involvement, Quotation, Estimate, Reference)
AT_ONCE = 500  # rows, or events with all their parts, that are in memory


def rows() -> Iterator[Row]:
    """Give each public row with its fields: first who, where and the sources, then each event with
    its parts, at last the former slugs. Read within `snapshot()`.

    A relation is a list that holds a slug, or the key of a quotation, as in a fixture; dates are
    ISO 8601 or EDTF, decimal numbers texts.
    """
    slugs: dict[str, dict[int, str]] = {}
    for model in ABOVE:
        slugs[str(model._meta.model_name)] = named = _named(model)
        for keys in batched(named, AT_ONCE):
            found = dict(_read(model, model._default_manager.filter(pk__in=keys), "pk"))
            yield from ((model, found[key]) for key in keys)
    in_order = Event.objects.published().in_order()
    for keys in batched(list(in_order.values_list("pk", flat=True)), AT_ONCE):
        yield from _events(keys)
    yield from _former_slugs(slugs)


def line(model: type[Model], fields: Fields) -> str:
    """Give a row as a line of JSON, its end included."""
    row = {"model": model._meta.label_lower, "fields": fields}
    return json.dumps(row, ensure_ascii=False, separators=(",", ":")) + "\n"


def target_of(field: Any) -> str:
    """Give the field that names the other end of a relation."""
    return "key" if field.related_model is Quotation else "slug"


def _events(keys: Iterable[int]) -> Iterator[Row]:
    events = dict(_read(Event, Event.objects.filter(pk__in=keys), "pk"))
    places: dict[int, list[str]] = {key: [] for key in keys}
    of = Event.places.through._default_manager.filter(event__in=keys)
    for key, slug in of.values_list("event", "place__slug"):
        places[key].append(slug)
    parts: dict[int, list[Row]] = {key: [] for key in keys}
    for model in PARTS:
        path = event_of(model)
        order = [each for each in model._meta.ordering or () if each != "event"]
        found = model._default_manager.filter(**{f"{path}__in": keys}).order_by(path, *order)
        for key, fields in _read(model, found, path):
            parts[key].append((model, fields))
    for key in keys:
        # Sorted here: databases do not agree on the order of letters.
        yield Event, {**events[key], "places": [[slug] for slug in sorted(places[key])]}
        yield from parts[key]


def _read(model: type[Model], queryset: QuerySet[Any], by: str) -> Iterator[tuple[int, Fields]]:
    """Give the public columns of rows in plain values, each after its value of `by`."""
    fields: list[Any] = [model._meta.get_field(name) for name in PUBLIC[model]]
    columns = [field for field in fields if not field.many_to_many]
    asked = [f"{f.name}__{target_of(f)}" if f.is_relation else f.name for f in columns]
    for key, *values in queryset.values_list(by, *asked):
        yield key, {f.name: _plain(f, v) for f, v in zip(columns, values, strict=True)}


def _plain(field: Any, value: Any) -> Any:
    if field.is_relation:
        return None if value is None else [value]
    if isinstance(value, date):
        return value.isoformat()
    return str(value) if isinstance(value, EDTF | Decimal) else value


def _named(model: type[Model]) -> dict[int, str]:
    """Give the slugs, by primary key, of all that public events name and of what these stand under.

    What stands under another comes after it.
    """
    public = {"event__publication": Event.Publication.PUBLISHED}
    through: dict[type[Model], list[tuple[Any, str]]] = {
        Actor: [(Involvement, "actor"), (Quotation, "speaker")],
        Place: [(Event.places.through, "place")],
        Source: [(Quotation, "source"), (Reference, "source")],
    }
    stored = model._default_manager.values_list("pk", "slug", ABOVE[model])
    above = {key: (slug, parent) for key, slug, parent in stored}
    depths: dict[int, int] = {}
    for part, name in through[model]:
        keys = part._default_manager.filter(**public, **{f"{name}__isnull": False})
        for key in keys.order_by().values_list(name, flat=True).distinct():
            lineage = [key]  # from it upwards, as long as that is no circle
            while (parent := above[lineage[-1]][1]) and parent not in lineage:
                lineage.append(parent)
            depths |= {each: depth for depth, each in enumerate(reversed(lineage))}
    order = sorted(depths, key=lambda key: (depths[key], above[key][0]))
    return {key: above[key][0] for key in order}


def _former_slugs(slugs: dict[str, dict[int, str]]) -> Iterator[Row]:
    former = FormerSlug.objects.filter(kind="event")
    keys = set(former.values_list("key", flat=True))
    public = Event.objects.published()
    slugs["event"] = {}
    hidden: dict[tuple[int, str], bool] = {}  # what an event was called, if never before readers
    for some in batched(sorted(keys), AT_ONCE):
        slugs["event"] |= dict(public.filter(pk__in=some).values_list("pk", "slug"))
        entries = Change.objects.filter(event__in=some).values_list("event", "slug", "public")
        for key, slug, seen in entries:
            hidden[key, slug] = hidden.get((key, slug), True) and not seen
    told = []
    for kind, slug, key in FormerSlug.objects.values_list("kind", "slug", "key"):
        if key in slugs[kind] and not (kind == "event" and hidden.get((key, slug))):
            told.append((kind, slug, slugs[kind][key]))
    for kind, slug, today in sorted(told):
        yield FormerSlug, {"kind": kind, "slug": slug, "key": [today]}
