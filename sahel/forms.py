"""The forms of the admin: what editors type is read, and checked before it is saved."""

from contextlib import suppress
from typing import Any

from django import forms
from django.contrib.admin.widgets import AdminSplitDateTime
from django.core.exceptions import NON_FIELD_ERRORS
from django.forms import BaseInlineFormSet, inlineformset_factory
from django.urls import reverse
from django.utils import timezone
from django.utils.html import format_html, format_html_join
from django.utils.translation import gettext, ngettext
from django.utils.translation import gettext_lazy as _

from sahel.dates import EDTF, EDTFError
from sahel.fields import readers_language
from sahel.models import GROUNDS, WAYS, Estimate, Event, Quotation, Source, SourceText, Step
from sahel.quotations import find, passage_like, plain_line_ends
from sahel.stale import CarefulForm, VersionedForm, without_the_deleted
from sahel.twins import perhaps_the_same
from sahel.uploads import MOST_BYTES, MOST_CHARACTERS, UploadError, text_of, too_large
from sahel.widgets import Textarea
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


class EventForm(WordedDateForm):
    """An event, and the step that is taken with it; its dates count from its first source's day."""

    hint = _("Words are read, too: about March 2012, by 2026, last June.")
    user: Any  # who fills it in: the admin sets it for each request
    why = forms.CharField(
        label=_("Why you change it"),
        required=False,
        max_length=500,
        widget=forms.TextInput(attrs={"class": "vTextField"}),
        help_text=_("Readers see it beside the change. Asked for once the event is published."),
    )
    at = forms.SplitDateTimeField(
        label=_("Publish on"),
        required=False,
        widget=AdminSplitDateTime,
        help_text=_("For “Publish”: a day and time that lie ahead (UTC). Empty: at once."),
    )
    another = forms.BooleanField(
        label=_("It is another event"), required=False, widget=forms.HiddenInput
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        """Take the step from the button that was pressed."""
        super().__init__(*args, **kwargs)
        asked = self.data.get("_step", "")
        self.step = Step(asked) if asked in Step.values else None
        self.fields["at"].initial = self.instance.publish_at

    def full_clean(self) -> None:
        """Offer to say that it is another event where it looks like one that is here already."""
        super().full_clean()
        asked = self.has_error(NON_FIELD_ERRORS, "twins")
        self.fields["another"].widget = forms.CheckboxInput() if asked else forms.HiddenInput()

    def _ask_for_twins(self, cleaned: dict[str, Any]) -> None:
        typed, kind = cleaned.get("date"), cleaned.get("kind")
        if self.instance.pk or cleaned.get("another") or not (typed and kind):
            return
        try:
            date = EDTF.parse(str(typed))
        except EDTFError:
            return  # which is said elsewhere
        titles = cleaned.get("title_en", ""), cleaned.get("title_fr", "")
        twins = perhaps_the_same(date, kind, cleaned.get("places") or (), titles)
        if twins:
            links = format_html_join(
                "; ",
                '<a href="{}">{}</a>',
                ((reverse("admin:sahel_event_change", args=[e.pk]), e.title) for e in twins),
            )
            asked = _("Is it one of these, which are here already? If not, say so below:")
            self.add_error(
                None, forms.ValidationError(format_html("{} {}", asked, links), code="twins")
            )

    def clean(self) -> dict[str, Any]:
        """Ask why that is changed which readers have seen; refuse a step that is not possible."""
        cleaned: dict[str, Any] = super().clean() or {}
        self._ask_for_twins(cleaned)
        event, why = self.instance, cleaned.get("why", "")
        if self.step and not self.user.has_perm(WAYS[self.step].permission):
            self.add_error(None, _("Your account may not do that: ask somebody whose may."))
        elif self.step and self.step not in event.steps(self.user):
            self.add_error(None, event.why_not(self.step))
        is_public = event.publication == Event.Publication.PUBLISHED
        event.to_be_public = self.step == Step.PUBLISH or (is_public and self.step != Step.WITHDRAW)
        if self.step == Step.WITHDRAW:
            reasons = "withdrawal_en", "withdrawal_fr"
            if not any(cleaned.get(name) for name in reasons):
                french = readers_language().startswith("fr")
                cleaned[reasons[french]] = why  # one reason is enough
                if not why:
                    self.add_error("why", _("Say why it is withdrawn: readers are told."))
        elif event.to_be_public and event.published and not why:
            self.add_error("why", _("Say in a few words why you change a published event."))
        at = cleaned.get("at")
        if self.step == Step.PUBLISH and at and at <= timezone.now():
            self.add_error("at", _("That time has passed. Leave it empty to publish at once."))
        return cleaned

    def anchor(self) -> EDTF | None:
        """Give the date of the first quotation's source."""
        key = str(self.data.get("quotations-0-source", ""))
        if not (key.isascii() and key.isdigit() and len(key) < 19):
            return None
        source = Source.objects.filter(pk=key).first()
        return source.date or None if source else None


Estimates = inlineformset_factory(
    Quotation,
    Estimate,
    form=CarefulForm,
    fields=[
        *("words", "measure", "low", "best", "high"),
        *("of_whom_en", "of_whom_fr", "unit_en", "unit_fr"),
    ],
    extra=1,
    max_num=20,
    absolute_max=20,
)


class EstimatesInput(forms.Widget):
    """Draws the forms of a quotation's figures, which stand in the quotation's own form."""

    template_name = "admin/estimates.html"
    use_fieldset = True
    formset: BaseInlineFormSet

    def get_context(self, name: str, value: Any, attrs: Any) -> dict[str, Any]:
        """Give the forms; open where something is in them."""
        open_ = self.formset.is_bound or self.formset.initial_form_count() > 0
        return {**super().get_context(name, value, attrs), "formset": self.formset, "open": open_}

    def value_omitted_from_data(self, data: Any, files: Any, name: str) -> bool:
        """Say whether a form was sent that knows nothing of figures."""
        return f"{self.formset.prefix}-TOTAL_FORMS" not in data

    def id_for_label(self, id_: str) -> str:
        """Let no label lead to what is many fields."""
        return ""


class EstimatesField(forms.Field):
    """A quotation's figures, as a field of its form."""

    widget: EstimatesInput

    def has_changed(self, initial: Any, data: Any) -> bool:
        """Say whether a figure was typed, changed or taken away."""
        formset = self.widget.formset
        return bool(formset.is_bound and formset.has_changed())


class QuotationForm(CarefulForm):
    """The words of a source; where they differ from its text, a box takes over the text's own."""

    take = forms.BooleanField(
        label=_("take the source’s own characters"), required=False, widget=forms.HiddenInput
    )
    figures = EstimatesField(label=_("Figures"), required=False, widget=EstimatesInput)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        """Make the forms of the figures, of the same request."""
        super().__init__(*args, **kwargs)
        prefix = self.add_prefix("figures")
        sent: Any = None
        if f"{prefix}-TOTAL_FORMS" in self.data:
            kept = Estimate.objects.filter(quotation=self.instance.pk)
            sent = without_the_deleted(self.data, prefix, kept)
        self.estimates = Estimates(sent, instance=self.instance, prefix=prefix)
        self.fields["figures"].widget.formset = self.estimates

    def full_clean(self) -> None:
        """Offer the source's own characters where these words differ from them."""
        super().full_clean()
        self.fields["take"].widget = (
            forms.CheckboxInput() if self.has_error("exact") else forms.HiddenInput()
        )

    def clean(self) -> dict[str, Any]:
        """Take what the source has, if that is asked for; other words were not checked yet."""
        cleaned: dict[str, Any] = super().clean() or {}
        source, exact = cleaned.get("source"), plain_line_ends(cleaned.get("exact") or "")
        read = source.texts.first() if source and exact else None
        if read and cleaned.get("take") and not find(exact, read.text):
            taken = cleaned["exact"] = passage_like(exact, read.text) or exact
            sent: Any = self.data  # which cannot be written into
            data = sent.copy()
            data[self.add_prefix("exact")] = taken  # to be seen if something else is wrong
            self.data = data
        if read is None and "start" in self.changed_data:  # the text alone can tell
            cleaned["start"] = self.instance.start
        if self.instance.pk and {"exact", "source"} & set(self.changed_data):
            self.instance.forget_check()
        self.instance.exact = cleaned.get("exact") or ""  # in which figures have to stand
        wrong = self.estimates.is_bound and not self.estimates.is_valid()
        if not self.estimates.is_bound and self.instance.pk:  # sent by what knows no figures
            said = self.instance.estimates.values_list("words", flat=True)
            wrong = any(words not in self.instance.exact for words in said)
        if wrong:
            self.add_error("figures", _("Correct what is said of the figures."))
        return cleaned

    def _save_m2m(self) -> None:
        super()._save_m2m()
        if self.estimates.is_bound:
            self.estimates.instance = self.instance
            self.estimates.save()


class QuotationFormSet(BaseInlineFormSet):
    """The quotations of one event."""

    def clean(self) -> None:
        """Let nothing be published that no quotation bears out."""
        super().clean()
        left = [
            form
            for form in self.forms
            if getattr(form, "cleaned_data", None) and not form.cleaned_data.get("DELETE")
        ]
        if not any(self.errors):
            self._refuse_other_words_for_the_date(left)
        if not self.instance.to_be_public:
            return
        if not left:
            raise forms.ValidationError(
                gettext("A published event needs a quotation. Add one, or keep the event a draft.")
            )
        if any(self.errors):
            return
        states = {form.instance.state for form in left}
        lost = Quotation.State.MISSING  # which leaves an event public that was so before
        is_public = self.instance.publication == Event.Publication.PUBLISHED
        if not states & {*GROUNDS, *([lost] if is_public else [])}:
            raise forms.ValidationError(
                gettext(
                    "A published event needs a quotation that was checked. Give its source’s text, "
                    "say why it cannot be checked, or keep the event a draft."
                )
            )

    def _refuse_other_words_for_the_date(self, forms_: list[Any]) -> None:
        """Hold the source's words for the date against the texts, where any is known."""
        said = self.instance.date_words
        sources = [form.cleaned_data["source"] for form in forms_]
        texts = [read.text for source in sources if (read := source.texts.first())]
        if not said or not texts or any(find(said, text) for text in texts):
            return
        alike = next((each for text in texts if (each := passage_like(said, text))), None)
        reads = gettext("There the source reads: %(passage)s") % {"passage": alike} if alike else ""
        words = gettext(
            "“%(words)s”, given as the source’s words for the date, stands in no quoted source, "
            "letter by letter."
        ) % {"words": said}
        raise forms.ValidationError(f"{words} {reads}".strip())


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
