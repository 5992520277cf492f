"""Quotations with their figures: held against the text of the source before they are saved."""

from typing import Any

from django import forms
from django.forms import BaseInlineFormSet, inlineformset_factory
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from sahel.models import GROUNDS, Estimate, Event, Quotation
from sahel.quotations import find, passage_like, plain_line_ends
from sahel.stale import CarefulForm, without_the_deleted

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
        if not self.instance.pk or "exact" in self.changed_data or cleaned.get("take"):
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
