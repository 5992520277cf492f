"""Who lets an event go which way: from a draft through review to its readers, and back."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.apps import apps
from django.conf import settings
from django.core.exceptions import PermissionDenied, ValidationError
from django.db import models
from django.db.models import Max
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from sahel.fields import Translated, one_line
from sahel.security import note_once_saved

RESTRICTED = _(
    "It was made of a row whose source’s terms do not let it be published again. Write the event "
    "anew, from sources of your own."
)


class Publication(models.TextChoices):
    """Who may see an event: a closed vocabulary."""

    DRAFT = "draft", _("Draft")
    REVIEW = "review", _("In review")
    PUBLISHED = "published", _("Published")
    WITHDRAWN = "withdrawn", _("Withdrawn")


class Step(models.TextChoices):
    """What is done with an event as a whole: a closed vocabulary."""

    SUBMIT = "submit", _("Send to review")
    RETURN = "return", _("Send back")
    APPROVE = "approve", pgettext_lazy("an event", "Approve")
    PUBLISH = "publish", _("Publish")
    WITHDRAW = "withdraw", _("Withdraw")


@dataclass(frozen=True)
class Way:
    """From where a step leads where, and what permission it takes."""

    before: tuple[Publication, ...]
    after: Publication
    permission: str


_NOT_PUBLIC = Publication.DRAFT, Publication.REVIEW
WAYS = {
    Step.SUBMIT: Way((Publication.DRAFT,), Publication.REVIEW, "sahel.change_event"),
    Step.RETURN: Way((Publication.REVIEW,), Publication.DRAFT, "sahel.review_event"),
    Step.APPROVE: Way((Publication.REVIEW,), Publication.REVIEW, "sahel.review_event"),
    Step.PUBLISH: Way(
        (*_NOT_PUBLIC, Publication.WITHDRAWN), Publication.PUBLISHED, "sahel.publish_event"
    ),
    Step.WITHDRAW: Way((Publication.PUBLISHED,), Publication.WITHDRAWN, "sahel.publish_event"),
}

ON_RECORD = {Step.PUBLISH: "published", Step.WITHDRAW: "withdrawn"}


class Reviewed(models.Model):
    """What is written, reviewed, published and perhaps withdrawn.

    What readers see, or have seen, is changed by those who may publish. Approval and schedule are
    for contents as they were: the database takes them back where contents change.
    """

    Publication = Publication
    slug: Any  # whatever it is that is reviewed has one

    publication = models.CharField(
        _("publication"), max_length=10, choices=Publication, default=Publication.DRAFT
    )
    publish_at = models.DateTimeField(_("publish on"), null=True, editable=False)
    scheduled_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        verbose_name=_("scheduled by"),
        on_delete=models.SET_NULL,
        null=True,
        editable=False,
        related_name="+",
    )
    withdrawal_en = models.TextField(
        _("why it was withdrawn, in English"),
        blank=True,
        help_text=_("Readers who follow its address are told so."),
    )
    withdrawal_fr = models.TextField(_("why it was withdrawn, in French"), blank=True)
    # Whose terms keep it from readers, ACLED's say; empty: nobody's.
    restricted = models.CharField(
        _("not to be published"), max_length=200, blank=True, editable=False
    )
    # Who changed it last, and who let it be public: two people where settings.APPROVAL asks for it.
    edited_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        verbose_name=_("edited by"),
        on_delete=models.SET_NULL,
        null=True,
        editable=False,
        related_name="+",
    )
    approved_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        verbose_name=_("approved by"),
        on_delete=models.PROTECT,  # whoever left is deactivated
        null=True,
        editable=False,
        related_name="+",
    )
    updated = models.DateTimeField(_("updated"), default=timezone.now, editable=False)
    published = models.DateTimeField(_("published"), null=True, editable=False)

    withdrawal = Translated()
    to_be_public = False  # what a form says of an event that it has not saved yet

    class Meta:
        abstract = True

    def save(self, *args: Any, **kwargs: Any) -> None:
        """Keep the times of the last change and of the first publication."""
        self.updated = timezone.now()
        if self.publication == Publication.PUBLISHED and self.published is None:
            self.published = self.updated
        super().save(*args, **kwargs)

    def is_or_was_public(self) -> bool:
        """Say whether its address leads readers to it, or to the reason why it was withdrawn."""
        return self.publication not in _NOT_PUBLIC

    def may_be_edited_by(self, user: Any) -> bool:
        """Say whether somebody may change its contents."""
        seen = self.is_or_was_public()
        return bool(user.has_perm("sahel.publish_event" if seen else "sahel.change_event"))

    def steps(self, user: Any) -> list[Step]:
        """Give what somebody may do with it now."""
        found = [
            step
            for step, way in WAYS.items()
            if self.publication in way.before and user.has_perm(way.permission)
        ]
        if Step.APPROVE in found and (self.approved_by_id or self.wrote(user)):
            found.remove(Step.APPROVE)  # it takes another person than who wrote it
        if Step.PUBLISH in found and self.restricted:
            found.remove(Step.PUBLISH)
        return found

    def wrote(self, user: Any) -> bool:
        """Say whether somebody had a hand in it since readers saw it last, by the history."""
        if self.edited_by_id == user.pk:
            return True
        entries = apps.get_model("sahel", "Change")._default_manager.filter(event=self.pk)
        seen = entries.filter(public=True).aggregate(last=Max("number"))["last"] or 0
        return bool(entries.filter(account=user.pk, number__gt=seen).exists())

    def take(self, step: Step, user: Any, at: datetime | None = None) -> bool:
        """Take a step on somebody's word, and save; say whether it came to what was asked for.

        It does not where settings.APPROVAL asks for a second person and the last editor publishes:
        then it waits in review. `at` is when it is to be published, if that lies ahead.
        Raises PermissionDenied where that person may not, ValidationError where it is not possible.
        """
        way = WAYS[step]
        if not user.has_perm(way.permission):
            raise PermissionDenied
        if step not in self.steps(user):
            raise ValidationError(self.why_not(step))
        if step == Step.WITHDRAW and not one_line(self.withdrawal_en or self.withdrawal_fr):
            raise ValidationError(_("Say why it is withdrawn, in English or in French."))
        if at and at > timezone.now() and self.publication == Publication.WITHDRAWN:
            raise ValidationError(_("What was withdrawn is published again at once, or not yet."))
        if step == Step.APPROVE or (step == Step.PUBLISH and not self.wrote(user)):
            self.approved_by = user
        elif step == Step.RETURN:
            self.approved_by = None
        self.publication = way.after
        self.publish_at = self.scheduled_by = None
        held = step == Step.PUBLISH and self._lacks_approval()
        if held:
            self.publication = Publication.REVIEW
        elif step == Step.PUBLISH:
            self.withdrawal_en = self.withdrawal_fr = ""  # it holds no more
            if at and at > timezone.now():
                self.publication, self.publish_at, self.scheduled_by = Publication.REVIEW, at, user
        self.save()
        self._note(step, user)
        return not held

    def _note(self, step: Step, user: Any) -> None:
        """Let the log have what readers see from now on, or see no more."""
        if step in ON_RECORD and self.publication == WAYS[step].after:
            note_once_saved(ON_RECORD[step], user=user.get_username(), event=self.slug)

    def why_not(self, step: Step) -> str:
        """Say why a step is not possible, in words."""
        if step == Step.PUBLISH and self.restricted:
            return str(RESTRICTED)
        if step == Step.APPROVE and self.publication == Publication.REVIEW:
            return str(_("Another person than those who wrote it has to approve it, once."))
        words = {"step": step.label, "state": self.get_publication_display()}
        return str(_("“%(step)s” is not possible: it is “%(state)s” now.")) % words

    def sign(self, user: Any, *, leaves: bool = False) -> bool:
        """Note who changed it, and save; say whether it stays what it was.

        If it leaves readers in the same breath, it need not be approved for them.
        It does not where settings.APPROVAL asks for a second person and readers saw it: then it
        goes to review.
        """
        self.edited_by, self.approved_by = user, None
        self.publish_at = self.scheduled_by = None
        held = self.publication == Publication.PUBLISHED and self._lacks_approval()
        if held and not leaves:
            self.publication = Publication.REVIEW
        self.save()
        return leaves or not held

    def _lacks_approval(self) -> bool:
        return settings.APPROVAL and self.approved_by_id is None
