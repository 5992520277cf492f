"""Texts in two languages: which of them wait for a translation."""

from typing import Any

from django.utils.translation import gettext

OTHER = {"en": "fr", "fr": "en"}


def mark_untranslated(form: Any) -> None:
    """Let an empty field say so where its text is there in the other language."""
    for name, field in form.fields.items():
        base, _line, language = name.rpartition("_")
        twin = f"{base}_{OTHER.get(language, '')}"
        if twin in form.fields and form[twin].value() and not form[name].value():
            field.widget.attrs["placeholder"] = gettext("Not translated yet")
