"""Dates typed in words, and shown as they were read before anything is saved."""

from contextlib import suppress
from typing import Any

from django import forms
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from sahel.dates import EDTF, EDTFError
from sahel.stale import VersionedForm
from sahel.worded import read


class WordedDateForm(VersionedForm):
    """Takes a date in words, too, and shows how it was read before anything is saved."""

    hint = _("Words are read, too: about March 2012, by 2026.")

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        """Put what was read in place of the words."""
        super().__init__(*args, **kwargs)
        self.read = ""
        if "date" in self.fields:
            self.fields["date"].help_text = f"{self.fields['date'].help_text} {self.hint}"
        typed = str(self.data.get("date", "")).strip() if self.is_bound else ""
        with suppress(EDTFError):
            EDTF.parse(typed)
            typed = ""  # it is EDTF already
        if not typed:
            return
        try:
            date = read(typed, self.anchor())
        except EDTFError as error:
            self.read = str(error)
            return
        sent: Any = self.data  # which cannot be written into
        data = sent.copy()
        data["date"] = str(date)
        self.data = data
        if self.data.get("date_seen") == str(date):
            return  # it was shown while it was typed
        self.read = gettext(
            "“%(typed)s” was read as: %(words)s (%(edtf)s). Save again if that is right."
        ) % {"typed": typed[:80], "words": date.in_words(), "edtf": date}

    def anchor(self) -> EDTF | None:
        """Give the day from which "last June" counts; none is known here."""
        return None

    def clean_date(self) -> Any:
        """Let the editor see how words were read."""
        if self.read:
            raise forms.ValidationError(self.read)
        return self.cleaned_data["date"]
