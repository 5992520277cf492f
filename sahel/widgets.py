"""How the admin's forms take what editors type."""

from typing import Any

from django import forms

from sahel.quotations import plain_line_ends


class _PlainLineEnds:
    """Gives what was sent with the line ends that are on record, whichever a browser made of them.

    Else a form would take every text of several lines for a changed one.
    """

    def value_from_datadict(self, data: Any, files: Any, name: str) -> Any:
        """Give the text."""
        value = super().value_from_datadict(data, files, name)  # type: ignore[misc]
        return plain_line_ends(value) if isinstance(value, str) else value


class HiddenText(_PlainLineEnds, forms.HiddenInput):
    """A text that is sent along, to tell whether it was changed."""


class Textarea(_PlainLineEnds, forms.Textarea):
    """A text of several lines."""
