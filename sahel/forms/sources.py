"""Sources, and the texts that were read of them."""

from typing import Any

from django import forms
from django.urls import reverse
from django.utils.html import format_html, format_html_join
from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext

from sahel.forms.dates import WordedDateForm
from sahel.known import by_address
from sahel.models import SourceText
from sahel.quotations import plain_line_ends
from sahel.uploads import MOST_BYTES, MOST_CHARACTERS, UploadError, text_of, too_large
from sahel.widgets import Textarea


class SourceForm(WordedDateForm):
    """A source; one of which the address is on record already is perhaps the same."""

    another = forms.BooleanField(
        label=_("It is another source"), required=False, widget=forms.HiddenInput
    )

    def full_clean(self) -> None:
        """Offer to say that it is another source where its address is here already."""
        super().full_clean()
        asked = self.has_error("url", "known")
        self.fields["another"].widget = forms.CheckboxInput() if asked else forms.HiddenInput()

    def clean(self) -> dict[str, Any]:
        """Ask before an address is entered a second time."""
        cleaned: dict[str, Any] = super().clean() or {}
        url = cleaned.get("url")
        if self.instance.pk or cleaned.get("another") or not url:
            return cleaned
        if known := by_address(url):
            links = format_html_join(
                "; ",
                '<a href="{}">{}</a>',
                ((reverse("admin:sahel_source_change", args=[s.pk]), str(s)) for s in known),
            )
            asked = _("Is it this one, which is here already? If not, say so below:")
            self.add_error(
                "url", forms.ValidationError(format_html("{} {}", asked, links), code="known")
            )
        return cleaned


class SourceTextForm(forms.ModelForm):
    """Takes a text as it is, its spaces included: pasted, or from a file."""

    class Meta:
        model = SourceText
        fields = ["text", "file", "replaces"]

    text = forms.CharField(
        label=_("text"),
        strip=False,
        required=False,
        max_length=MOST_CHARACTERS,
        widget=Textarea(attrs={"rows": 12, "cols": 100}),
        help_text=_("For checking quotations only. Readers never see it and nothing exports it."),
    )
    file = forms.FileField(
        label=_("or a file"),
        required=False,
        widget=forms.FileInput(attrs={"accept": ".txt,.html,.htm"}),
        help_text=_("A text, or a web page as the browser saved it; 5 MB at most."),
    )
    replaces = forms.BooleanField(
        label=_("take it although it lacks words that are quoted"),
        required=False,
        help_text=_("Where the source itself has changed. The quotations stay as they are."),
    )

    def clean_file(self) -> str:
        """Give the text of the file; it takes the pasted one's place in the form, to be seen."""
        file = self.cleaned_data.get("file")
        if not file:
            return ""
        if file.size > MOST_BYTES:
            raise forms.ValidationError(too_large())
        try:
            text = text_of(file.name, file.read())
        except UploadError as error:
            raise forms.ValidationError(str(error)) from error
        if not self.cleaned_data.get("text"):
            sent: Any = self.data  # which cannot be written into
            data = sent.copy()
            data[self.add_prefix("text")] = text
            self.data = data
        return text

    def clean(self) -> dict[str, Any]:
        """Take one text, pasted or of a file; refuse one that is probably another source's."""
        cleaned: dict[str, Any] = super().clean() or {}
        pasted, read = cleaned.get("text", ""), cleaned.get("file", "")
        if pasted and read:
            raise forms.ValidationError(_("Paste a text or give a file, not both."))
        if not (pasted or read or self.errors):
            self.add_error("text", _("Paste the source’s text, or give a file."))
        text = cleaned["text"] = plain_line_ends(read or pasted)
        known = self.instance.source if self.instance.source_id else None  # None: being added
        missing = known.quotations_missing_in(text) if known else []
        if text and missing and not cleaned.get("replaces"):
            raise forms.ValidationError(
                ngettext(
                    "%(count)s quotation of this source is not in the text, letter by letter: "
                    "%(events)s.",
                    "%(count)s quotations of this source are not in the text, letter by letter: "
                    "%(events)s.",
                    len(missing),
                )
                % {
                    "count": len(missing),
                    "events": ", ".join(sorted({q.event.slug for q in missing})),
                }
            )
        return cleaned
