"""Several people at the same record: a form that is out of date says so, and overwrites nothing.

Each field of a form carries the value that it was shown with, and only what its editor changed is
written. What others changed meanwhile stays, and is shown before anything is saved.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from django import forms
from django.db.models import Model
from django.utils.translation import gettext_lazy as _

from sahel.fields import NOT_IN_XML, Derived
from sahel.versions import Difference, Segment
from sahel.widgets import HiddenText, Textarea

INITIAL = "initial-"  # before the name of a field: the value it was shown with
MOST_ROWS = 200
STALE = _(
    "It was changed by somebody else while you wrote. What you typed is all here; nothing was "
    "saved. See above what was changed, then save again: what you did not touch stays theirs."
)


def version_of(instance: Model) -> str:
    """Give what stands for the state of a row: the SHA-256 of its columns, derived ones aside."""
    columns = [f for f in instance._meta.concrete_fields if not isinstance(f, Derived)]
    values = [[field.attname, str(getattr(instance, field.attname))] for field in columns]
    return hashlib.sha256(json.dumps(values).encode()).hexdigest()


class CarefulForm(forms.ModelForm):
    """Writes only what its editor changed of a row that was there before."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        """Let each field of the model be sent with the value that it is shown with."""
        super().__init__(*args, **kwargs)
        self.set_here: set[str] = set()
        opts = self.instance._meta
        self.columns = {field.name for field in (*opts.fields, *opts.many_to_many)}
        # What is sent without a version was not made by us, and tells no former values.
        if self.instance.pk and (not self.is_bound or "version" in self.data):
            for name in self.columns & self.fields.keys():
                self.fields[name].show_hidden_initial = True
                if isinstance(self.fields[name].widget, Textarea):
                    self.fields[name].hidden_widget = HiddenText

    def _clean_form(self) -> None:
        """Take what `clean()` sets for changed, too."""
        for name, value in self.cleaned_data.items():
            if isinstance(value, str):  # what no page could show
                self.cleaned_data[name] = NOT_IN_XML.sub("", value)
        typed = dict(self.cleaned_data)
        super()._clean_form()  # type: ignore[misc]
        self.set_here = {n for n, value in self.cleaned_data.items() if value != typed.get(n)}

    @contextmanager
    def _only_what_changed(self) -> Iterator[None]:
        every = self.cleaned_data
        if self.instance.pk:
            untouched = self.columns - set(self.changed_data) - self.set_here
            self.cleaned_data = {n: value for n, value in every.items() if n not in untouched}
        yield
        self.cleaned_data = every | self.cleaned_data

    def _post_clean(self) -> None:
        with self._only_what_changed():
            super()._post_clean()  # type: ignore[misc]

    def _save_m2m(self) -> None:
        with self._only_what_changed():
            super()._save_m2m()  # type: ignore[misc]


class VersionedForm(CarefulForm):
    """Refuses, once, to be saved where somebody else has changed meanwhile what it shows."""

    current = ""  # the version on record: the admin sets it for each request, and sends it along

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        """Hold the version that was seen against the one on record."""
        super().__init__(*args, **kwargs)
        self.seen = str(self.data.get("version", ""))
        # Before a colon may stand what tells which version it was.
        seen, current = self.seen.rpartition(":")[2], self.current.rpartition(":")[2]
        self.stale = bool(self.seen and self.instance.pk and seen != current)

    def clean(self) -> dict[str, Any]:
        """Say that it is out of date."""
        cleaned: dict[str, Any] = super().clean() or {}
        if self.stale:
            self.add_error(None, forms.ValidationError(STALE, code="stale"))
        return cleaned


def changed_since(form: CarefulForm) -> list[Difference]:
    """Give what differs between the values that a form was shown with and those on record."""
    found = []
    for name, field in form.fields.items():
        shown = form[name]
        if not field.show_hidden_initial:
            continue
        sent: Any = form  # whose method for this is not a public one
        before = sent._widget_data_value(field.hidden_widget(), shown.html_initial_name)
        if field.has_changed(shown.initial, before):
            told: list[Segment] = [
                ("removed", _told(field, before)),
                ("added", _told(field, shown.initial)),
            ]
            found.append(Difference(str(shown.label), [each for each in told if each[1]]))
    return found


def _told(field: Any, value: Any) -> str:
    if hasattr(field, "queryset"):
        many = value if isinstance(value, (list, tuple)) else [value]
        keys = [getattr(each, "pk", each) for each in many if each]
        return ", ".join(map(str, field.queryset.filter(pk__in=keys)))
    if hasattr(field, "choices"):
        return str(dict(field.choices).get(value, value))
    return "" if value is None else str(value)


def without_the_deleted(data: Any, prefix: str, queryset: Any) -> Any:
    """Give the data of a formset in which rows that somebody else deleted meanwhile are new ones.

    Those that the editor did not touch are left out.
    """
    key = queryset.model._meta.pk.name
    total, initial = (_number(data, f"{prefix}-{name}_FORMS") for name in ("TOTAL", "INITIAL"))
    known = {str(pk) for pk in queryset.values_list("pk", flat=True)}
    rows = [_row(data, f"{prefix}-{number}-") for number in range(min(total, MOST_ROWS))]
    there = [row for row in rows[:initial] if row.get(key, [""])[0] in known]
    gone = [row for row in rows[:initial] if row.get(key, [""])[0] not in known]
    if not gone or total > MOST_ROWS:
        return data
    rows = [*there, *rows[initial:], *(_as_new(row, key) for row in gone if _touched(row))]
    kept = data.copy()
    for name in list(kept):
        if re.match(rf"(initial-)?{re.escape(prefix)}-\d", name):
            del kept[name]
    for number, row in enumerate(rows):
        for name, values in row.items():
            before = INITIAL if name.startswith(INITIAL) else ""
            kept.setlist(f"{before}{prefix}-{number}-{name.removeprefix(before)}", values)
    kept[f"{prefix}-INITIAL_FORMS"] = str(len(there))
    kept[f"{prefix}-TOTAL_FORMS"] = str(len(rows))
    return kept


def _number(data: Any, name: str) -> int:
    value = data.get(name, "")
    return int(value) if value.isascii() and value.isdigit() and len(value) < 6 else 0


def _row(data: Any, start: str) -> dict[str, list[str]]:
    """Give what was sent of a row, former values under `initial-` and the field's name."""
    row = {}
    for name in data:
        for before in ("", INITIAL):
            if name.startswith(before + start):
                row[before + name.removeprefix(before + start)] = data.getlist(name)
    return row


def _touched(row: dict[str, list[str]]) -> bool:
    return any(
        row.get(name.removeprefix(INITIAL), []) != values
        for name, values in row.items()
        if name.startswith(INITIAL)
    )


def _as_new(row: dict[str, list[str]], key: str) -> dict[str, list[str]]:
    """Give a row as if it had just been added, and so all rows within it."""
    kept = {}
    for name, values in row.items():
        if name.startswith(INITIAL) or name == key or name.endswith(("-id", "-quotation")):
            continue
        kept[name] = ["0"] if name.endswith("-INITIAL_FORMS") else values
    return kept
