"""An event, and the step that is taken with it."""

from typing import Any

from django import forms
from django.contrib.admin.widgets import AdminSplitDateTime
from django.core.exceptions import NON_FIELD_ERRORS
from django.urls import reverse
from django.utils import timezone
from django.utils.html import format_html, format_html_join
from django.utils.translation import gettext_lazy as _

from sahel.dates import EDTF, EDTFError
from sahel.fields import one_line, readers_language
from sahel.forms.dates import WordedDateForm
from sahel.known import by_key
from sahel.models import WAYS, Event, Step
from sahel.twins import perhaps_the_same


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
        error_messages={
            "invalid_date": _("Write the day like this: 2026-12-31."),
            "invalid_time": _("Write the time like this: 10:00."),
        },
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
        if not self.instance.pk and "status" in self.fields:  # the surest is not to be left there
            self.initial["status"] = ""
            choices: Any = self.fields["status"]
            choices.choices = [("", "---------"), *Event.Status.choices]

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
        event, why = self.instance, one_line(cleaned.get("why", ""))
        if self.step and not self.user.has_perm(WAYS[self.step].permission):
            self.add_error(None, _("Your account may not do that: ask somebody whose may."))
        elif self.step and self.step not in event.steps(self.user):
            self.add_error(None, event.why_not(self.step))
        is_public = event.publication == Event.Publication.PUBLISHED
        event.to_be_public = self.step == Step.PUBLISH or (is_public and self.step != Step.WITHDRAW)
        if self.step == Step.WITHDRAW:
            reasons = "withdrawal_en", "withdrawal_fr"
            if not any(one_line(cleaned.get(name, "")) for name in reasons):
                french = readers_language().startswith("fr")
                cleaned[reasons[french]] = why  # one reason is enough
                if not why:
                    self.add_error("why", _("Say why it is withdrawn: readers are told."))
        elif event.to_be_public and event.published and not why:
            self.add_error("why", _("Say in a few words why you change a published event."))
        at = cleaned.get("at")
        if self.step != Step.PUBLISH and "at" in self.changed_data and at:
            self.add_error("at", _("To set a time, press “Publish”: nothing is saved yet."))
        if at and event.publication == Event.Publication.WITHDRAWN:
            said = _("What was withdrawn is published again at once, or not yet.")
            self.add_error("at", said)
        if self.step == Step.PUBLISH and at and at <= timezone.now():
            self.add_error("at", _("That time has passed. Leave it empty to publish at once."))
        return cleaned

    def anchor(self) -> EDTF | None:
        """Give the date of the first quotation's source."""
        source = by_key(str(self.data.get("quotations-0-source", "")))
        return source.date or None if source else None
