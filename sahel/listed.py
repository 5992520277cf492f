"""Quotations with their figures, and references: what stands in one cell, as JSON.

The keys are those of our own exports (`Quoted`, `Figure` and `Referred` of `exports/shapes.py`).
What follows from others, or from the source's text, is not taken from a file.
"""

from __future__ import annotations

import json
from typing import Any

from django.utils.translation import gettext as _

from sahel.entries import Cells, Given, Quoted, none_of
from sahel.fields import NOT_IN_XML
from sahel.models import Estimate, Quotation, Reference
from sahel.worded import LANGUAGES

MOST_ITEMS = 100  # of a list

QUOTATION = (
    *("exact", "language", "stance", "speaker", "speaker_role", "source", "start", "pdf_page"),
    *("why_uncheckable", "figures"),
)
NOT_TAKEN = "key", "state", "checked_on", "checked_sha256", "end", "prefix", "suffix", "page"
FIGURE = "words", "measure", "low", "best", "high", "of_whom", "unit"
REFERENCE = "source", "supports", "note"
# Where what is wrong with a quotation is told, if it has columns of its own.
ALONE = {"exact": "quotation", "start": "quotation", "language": "quotation_language"}


def quotations(cells: Cells) -> list[Quoted]:
    """Give the quotations of a row: those that are listed or, without a list, the one it gives."""
    if cells["quotations"]:
        return [_quotation(item) for item in _items(cells, "quotations", QUOTATION + NOT_TAKEN)]
    words, sources = cells["quotation"], (cells["source"],) if cells["source"] else ()
    if words:
        columns = {"exact": words, "language": cells["quotation_language"]}
        return [Quoted(cells, columns, sources, ALONE)]
    if sources:
        cells.fault("quotation", _("The source is named, but none of its words."))
    return []


def references(cells: Cells) -> list[Given]:
    """Give the references that a row lists."""
    return [
        Given(
            item,
            {"supports": item.choice("supports", Reference.Supports), **item.words("note")},
            item.named("source", "slug", "url"),
        )
        for item in _items(cells, "references", REFERENCE)
    ]


def _quotation(item: Item) -> Quoted:
    columns = {
        "exact": item.required("exact", _("Give the words, letter by letter.")),
        "language": item["language"],
        "stance": item.choice("stance", Quotation.Stance, Quotation.Stance.REPORTS),
        **item.words("speaker_role"),
        "start": item.whole("start"),
        "page": item.whole("pdf_page"),
        **item.words("why_uncheckable"),
    }
    return Quoted(
        item,
        columns,
        item.named("source", "slug", "url"),
        {"page": "pdf_page"},
        "".join(item.named("speaker", "slug")),
        [_figure(each) for each in _items(item, "figures", FIGURE)],
    )


def _figure(item: Item) -> Given:
    numbers = {name: item.whole(name) for name in ("low", "best", "high")}
    known = [number for number in numbers.values() if number is not None]
    if not known and not item.faults:
        item.fault("best", _("Give a figure, or the least or the most it may be."))
    if known != sorted(known):
        said = _("The least must not be more than the figure, nor the figure than the most.")
        item.fault("best", said)
    columns = {
        "words": item.required("words", _("Give the words, letter by letter.")),
        "measure": item.choice("measure", Estimate.Measure),
        **numbers,
        **item.words("of_whom"),
        **item.words("unit"),
    }
    if columns["measure"] == Estimate.Measure.OTHER and not (
        columns["unit_en"] or columns["unit_fr"]
    ):
        item.fault("unit", _("Say what is counted: give the unit."))
    return Given(item, columns)


class Item(Cells):
    """An object of a list, asked for by its keys; its faults are those of the cell it stands in."""

    def __init__(self, outer: Cells, name: str, given: Any, keys: tuple[str, ...]) -> None:
        """Take what stands at a key of another item, or in a column, and the keys it may have."""
        super().__init__([], {})
        self.outer, self.name = outer, name
        self.given = given if isinstance(given, dict) else {}
        if not isinstance(given, dict):
            said = _("Give an object in braces, with the keys %(keys)s.")
            self.fault("", said % {"keys": ", ".join(keys)})
        elif unknown := [key for key in given if key not in keys]:
            self.fault("", none_of(unknown[0], keys))

    def fault(self, name: str, reason: str) -> None:
        """Put on record what is wrong with a key, once, and where in the cell it stands."""
        if name in dict(self.faults):
            return
        super().fault(name, reason)
        where = f"{self.name}, {name}" if name else self.name
        if isinstance(self.outer, Item):
            self.outer.fault(where, reason)
        else:
            column, _space, place = where.partition(" ")
            told = {"place": place, "reason": NOT_IN_XML.sub("", reason)}
            self.outer.fault(column, _("Item %(place)s: %(reason)s") % told)

    def __getitem__(self, name: str) -> str:
        value = self.given.get(name)
        if value is None or isinstance(value, str):
            return NOT_IN_XML.sub("", value or "").strip()
        self.fault(name, _("Give a text, in quotation marks."))
        return ""

    def whole(self, name: str) -> int | None:
        """Give a whole number that is not negative; None where there is none."""
        value = self.given.get(name)
        if value is None or (type(value) is int and 0 <= value < 10**18):
            return value
        shown = str(value)[:50] if isinstance(value, str | int | float) else "…"
        self.fault(name, _("“%(text)s” is not a whole number.") % {"text": shown})
        return None

    def words(self, name: str) -> dict[str, str]:
        """Give a text in both languages, as columns of a model."""
        value = self.given.get(name)
        inner = Item(self, name, {} if value is None else value, LANGUAGES)
        return {f"{name}_{language}": inner[language] for language in LANGUAGES}

    def named(self, name: str, *keys: str) -> tuple[str, ...]:
        """Give what names something: a text or, as exports have it, what stands at these keys."""
        value = self.given.get(name)
        if not isinstance(value, dict):
            return (text,) if (text := self[name]) else ()
        inner = Item(self, name, value, tuple(value))
        found = tuple(text for key in keys if (text := inner[key]))
        if not found:
            self.fault(name, none_of("", keys))
        return found


def _items(cells: Cells, name: str, keys: tuple[str, ...]) -> list[Item]:
    """Give the objects of a list that stands in a column, or at a key."""
    found = cells.given.get(name, []) if isinstance(cells, Item) else _read(cells, name)
    if not isinstance(found, list):
        cells.fault(name, _("Give a list, in square brackets."))
        return []
    if len(found) > MOST_ITEMS:
        cells.fault(name, _("At most %(most)s items fit in a list.") % {"most": MOST_ITEMS})
        return []
    items = [Item(cells, f"{name} {at}", each, keys) for at, each in enumerate(found, 1)]
    return [item for item, each in zip(items, found, strict=True) if isinstance(each, dict)]


def _read(cells: Cells, name: str) -> Any:
    if not cells[name]:
        return []
    try:
        return json.loads(cells[name])
    except (ValueError, RecursionError) as error:
        said = _(
            "This is no JSON from character %(at)s on: is a quotation mark, a comma or a bracket "
            "missing, or was the cell cut off?"
        )
        cells.fault(name, said % {"at": getattr(error, "pos", 0) + 1})
        return []
