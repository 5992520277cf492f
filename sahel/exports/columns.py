"""The columns of spreadsheets: made of the shapes of records, so that both say the same.

What a record holds within becomes columns of its own (`source_title`), the first of it under the
bare name (`source`: its slug). Lists stand in one cell.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from typing import Any

from django.db.models import TextChoices
from django.utils.text import capfirst
from django.utils.translation import gettext, pgettext
from django.utils.translation import gettext_lazy as _

from sahel.exports.shapes import (
    SHAPES,
    Figure,
    Involved,
    Kind,
    Located,
    Quoted,
    Referred,
    Words,
    fields,
)
from sahel.fields import chooser, vocabulary
from sahel.models import Estimate, Quotation

type Cell = str | int | float | bool | None


@dataclass(frozen=True)
class Column:
    """A column: its name, what is said of it, and how its cell is taken from a record.

    A text may have been written by anybody: it alone needs to be escaped.
    """

    name: str
    about: Any
    cell: Callable[[Any], Cell]
    codes: type[TextChoices] | None = None  # the vocabulary that its cells are of


# What the record is written in, which are not all the languages that pages may have.
CODES = tuple(Words.__annotations__)


@cache
def columns(kind: Kind, language: str) -> tuple[Column, ...]:
    """Give the columns of a kind of records, for a reader of a language."""
    made = [each for each in _of(SHAPES[kind]) if each.name != "type"]
    if kind == "events":
        at = [each.name for each in made].index("quotations")
        made[at:at] = _of_events(language)
    return tuple(made)


def _of(shape: type, *path: str) -> list[Column]:
    found: list[Column] = []
    for name, field in fields(shape).items():
        # The first field of what stands within has the name of what holds it.
        full = "_".join([*path, name] if found or not path else path)
        if field.shape is Words:
            found += [_column(f"{full}_{code}", field.about, *path, name, code) for code in CODES]
        elif field.shape:
            found += _of(field.shape, *path, name)
        elif field.item:
            found.append(Column(full, field.about, _listed(field.item, *path, name)))
        else:
            found.append(_column(full, field.about, *path, name, codes=field.vocabulary))
    return found


def _column(
    name: str, about: Any, *path: str | int, codes: type[TextChoices] | None = None
) -> Column:
    return Column(name, about, lambda record: _at(record, *path), codes)


def _at(found: Any, *path: str | int) -> Any:
    """Give what stands at a path within a record; None where the path ends before."""
    for step in path:
        if not found:  # None, or a list without anything in it
            return None
        found = found[step]
    return found


def _listed(item: Any, *path: str) -> Callable[[Any], Cell]:
    def cell(record: Any) -> Cell:
        listed = _at(record, *path) or []
        if item is Involved:
            return "; ".join(f"{each['slug']}:{each['role']}" for each in listed)
        if item is Located:
            return "; ".join(each["slug"] for each in listed)
        if item in (Quoted, Referred, Figure):
            return json.dumps(listed, ensure_ascii=False) if listed else ""
        return "; ".join(listed)

    return cell


def _of_events(language: str) -> list[Column]:
    """Give what a reader of a table of events looks for first, besides what JSON holds."""
    first = "quotations", 0

    def names(what: str) -> Callable[[Any], Cell]:
        return lambda event: "; ".join(chosen(each["name"], language) for each in event[what])

    def of_one_place(what: str) -> Callable[[Any], Cell]:
        return lambda event: _at(event, "places", 0, what) if len(event["places"]) == 1 else None

    def speaker(event: Any) -> Cell:
        return speaker_of(event["quotations"][0], language) if event["quotations"] else None

    def figures(event: Any) -> Cell:
        return pgettext("between clauses", "; ").join(
            f"{figure_in_words(figure, language)} ({said_by(quoted, language)})"
            for quoted in event["quotations"]
            for figure in quoted["figures"]
        )

    def voices(event: Any) -> Cell:
        colon = pgettext("before a quotation", ":")
        return "\n".join(
            said_by(quoted, language)
            + f"{colon} {gettext('“%(words)s”') % {'words': quoted['exact']}}"
            for quoted in event["quotations"]
        )

    return [
        Column("actor_names", _("the names of the actors"), names("actors")),
        Column("place_names", _("the names of the places"), names("places")),
        Column("latitude", _("degrees north of its one place"), of_one_place("latitude")),
        Column("longitude", _("degrees east of its one place"), of_one_place("longitude")),
        Column("coordinates", _("what these coordinates stand for"), of_one_place("precision")),
        _column("quotation", _("the first of its quotations, letter by letter"), *first, "exact"),
        _column("quotation_language", _("its language, BCP 47"), *first, "language"),
        _column(
            "quotation_stance",
            _("what its speaker does with it"),
            *first,
            "stance",
            codes=Quotation.Stance,
        ),
        Column("quotation_speaker", _("whose words it is; empty for the source itself"), speaker),
        _column(
            "quotation_state",
            _("whether it stands in the source"),
            *first,
            "state",
            codes=Quotation.State,
        ),
        _column("source", _("the slug of its source"), *first, "source", "slug"),
        _column("source_title", _("the title of its source"), *first, "source", "title"),
        _column("source_publisher", _("its publisher"), *first, "source", "publisher"),
        _column("source_url", _("its address"), *first, "source", "url"),
        Column("voices", _("all its quotations, each with who says so: both sides"), voices),
        Column("figures", _("the figures that its quotations give, with who says so"), figures),
    ]


def chosen(words: Words, language: str) -> str:
    """Give a text in a language, in the other one where it is not written yet."""
    return chooser(language)(words["en"], words["fr"])


def figure_in_words(figure: Figure, language: str) -> str:
    """Give a figure in words: "killed: 19 (16 to 22)", "troops: at least 2,000"."""
    known = {name: figure[name] for name in ("low", "best", "high")}
    unit, whom = chosen(figure["unit"], language), chosen(figure["of_whom"], language)
    counted = unit or vocabulary(Estimate.Measure, language)[figure["measure"]]
    colon = pgettext("before a quotation", ":")
    return f"{', '.join(filter(None, [counted, whom]))}{colon} {Estimate(**known).in_words()}"


def said_by(quoted: Quoted, language: str) -> str:
    """Say who says it and does what by it: "claimed by: France, its minister"."""
    stance = capfirst(vocabulary(Quotation.Stance, language)[quoted["stance"]])
    named = speaker_of(quoted, language) or quoted["source"]["publisher"]
    return f"{stance}{pgettext('before a quotation', ':')} {named}"


def speaker_of(quoted: Quoted, language: str) -> str:
    """Name who speaks, and as what; empty where that is the source itself."""
    speaker, role = quoted["speaker"], chosen(quoted["speaker_role"], language)
    return ", ".join(filter(None, [speaker and chosen(speaker["name"], language), role]))
