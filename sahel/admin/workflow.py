"""From draft to readers: steps of an event, as buttons of its form and actions of its list."""

from collections.abc import Callable
from typing import Any

from django.contrib import admin, messages
from django.contrib.admin.utils import unquote
from django.core.exceptions import PermissionDenied, ValidationError
from django.db import transaction
from django.db.models import QuerySet
from django.http import Http404, HttpRequest, HttpResponse
from django.urls import path, reverse
from django.utils.formats import date_format
from django.utils.html import format_html
from django.utils.translation import gettext, ngettext, pgettext
from django.utils.translation import gettext_lazy as _

from sahel.admin.versions import VersionsAdmin
from sahel.fields import one_line, readers_language
from sahel.models import WAYS, Event, Step
from sahel.models.evidence import refuse_ungrounded
from sahel.previews import link, preview

MOST_AT_ONCE = 500  # events of a list that take a step together
DONE = {
    Step.SUBMIT: _("It waits for review."),
    Step.RETURN: _("It is a draft again."),
    Step.APPROVE: _("You approved it."),
    Step.PUBLISH: _("Readers see it now."),
    Step.WITHDRAW: _("It is withdrawn: readers who follow its address are told why."),
}


def _action(step: Step) -> Callable[[Any, HttpRequest, QuerySet[Event]], None]:
    """Give the list's action that takes a step with each of the chosen events."""

    def act(admin_: Any, request: HttpRequest, chosen: QuerySet[Event]) -> None:
        admin_.take_each(request, chosen, step)

    act.__name__ = f"step_{step}"
    permission = WAYS[step].permission.removeprefix("sahel.").removesuffix("_event")
    return admin.action(act, description=step.label, permissions=[permission])


class WorkflowAdmin(VersionsAdmin):
    """What the admin does with the publication of events."""

    actions = [_action(step) for step in Step]

    def get_form(self, request: HttpRequest, *args: Any, **kwargs: Any) -> Any:
        """Let the form know who fills it in."""
        form = super().get_form(request, *args, **kwargs)
        form.user = request.user
        return form

    def get_fieldsets(self, request: HttpRequest, obj: Event | None = None) -> Any:
        """Add what there is to say of the publication, as far as it has come."""
        fields: list[Any] = ["slug"]
        if obj:
            fields = [
                ("state", "grounds"),
                "slug",
                ("signatures", "created", "updated", "published"),
            ]
        public = obj is not None and obj.publication == Event.Publication.PUBLISHED
        withdrawn = obj is not None and obj.publication == Event.Publication.WITHDRAWN
        may_publish = request.user.has_perm("sahel.publish_event")
        if may_publish and not (public or withdrawn):
            fields.append("at")
        if obj and obj.published:
            fields.append("why")
        groups = [
            *super().get_fieldsets(request, obj),
            (_("Publication"), {"fields": fields, "classes": ["last"]}),
        ]
        if public or withdrawn:
            reasons = {"fields": [("withdrawal_en", "withdrawal_fr")]}
            groups.append(
                (_("Withdrawal"), reasons | {"classes": ["last", *["collapse"] * public]})
            )
        return groups

    def get_readonly_fields(self, request: HttpRequest, obj: Event | None = None) -> Any:
        """Keep the address of what readers have seen."""
        fixed = ["slug"] if obj and obj.published else []
        return [*super().get_readonly_fields(request, obj), *fixed]

    def get_prepopulated_fields(self, request: HttpRequest, obj: Event | None = None) -> Any:
        """Fill in the slug while it may change."""
        return {} if obj and obj.published else super().get_prepopulated_fields(request, obj)

    def has_change_permission(self, request: HttpRequest, obj: Event | None = None) -> bool:
        """Let what readers see be changed by those who may publish."""
        allowed = bool(super().has_change_permission(request, obj))
        return allowed and (obj is None or obj.may_be_edited_by(request.user))

    def has_review_permission(self, request: HttpRequest) -> bool:
        """Say whether the user may approve events and send them back."""
        return bool(request.user.has_perm("sahel.review_event"))

    def has_publish_permission(self, request: HttpRequest) -> bool:
        """Say whether the user may publish and withdraw events."""
        return bool(request.user.has_perm("sahel.publish_event"))

    def render_change_form(
        self, request: HttpRequest, context: Any, *args: Any, obj: Any = None, **options: Any
    ) -> Any:
        """Offer the steps that are possible as buttons."""
        if obj and obj.is_or_was_public() and not self.has_publish_permission(request):
            context["closed"] = gettext(
                "Readers see it, or have seen it: only those who may publish change it."
            )
        if obj is None or self.has_change_permission(request, obj):
            context["steps"] = (obj or Event()).steps(request.user)
        if obj and not (obj.is_or_was_public() or obj.restricted):
            context["shared"] = request.build_absolute_uri(link(obj))
        return super().render_change_form(request, context, *args, obj=obj, **options)

    def save_related(self, request: HttpRequest, form: Any, formsets: Any, change: bool) -> None:
        """Note who changed the event, and take the step that was asked for."""
        super().save_related(request, form, formsets, change)
        event, step = form.instance, form.step
        told = set(form.changed_data) - {"why", "at", "another"}
        changed = not change or bool(told) or any(each.has_changed() for each in formsets)
        if changed:
            had_time = event.publish_at is not None
            if not event.sign(request.user, leaves=step == Step.WITHDRAW):
                self._say_it_waits(request)
            if had_time and step != Step.PUBLISH:
                said = gettext("It has no time to be published any more: its contents changed.")
                messages.warning(request, said)
        if step == Step.APPROVE and changed:
            said = gettext("What you changed has to be approved by another person.")
            messages.warning(request, said)
        elif step:
            self._take(request, event, step, form.cleaned_data.get("at"))

    def _take(self, request: HttpRequest, event: Event, step: Step, at: Any) -> None:
        try:
            as_asked = event.take(step, request.user, at)
        except ValidationError as error:  # of what was changed in the same breath
            messages.error(request, " ".join(error.messages))
            return
        if not as_asked:
            self._say_it_waits(request)
        elif event.publish_at:
            when = date_format(event.publish_at, "DATETIME_FORMAT")
            said = gettext("It will be published on %(when)s (UTC).") % {"when": when}
            messages.success(request, said)
        else:
            messages.success(request, str(DONE[step]))
        if event.to_be_public and not hasattr(request.user, "signature"):
            said = gettext("Readers see “an editor” beside what you change.")
            choose = gettext("Choose a public name")
            page = reverse("admin:sahel_signature_add")
            messages.info(request, format_html('{} <a href="{}">{}</a>', said, page, choose))

    def take_each(self, request: HttpRequest, chosen: QuerySet[Event], step: Step) -> None:
        """Take a step with each of many events; say with which it was not possible, and why."""
        why = one_line(request.POST.get("why", ""))
        keys = list(chosen.values_list("pk", flat=True)[: MOST_AT_ONCE + 1])
        if len(keys) > MOST_AT_ONCE:
            said = gettext("Choose at most %(most)s events at once; nothing was done.")
            messages.error(request, said % {"most": MOST_AT_ONCE})
            return
        done, waiting = 0, 0
        for event in Event.objects.filter(pk__in=keys).in_order():
            try:
                with transaction.atomic():
                    self._give_reason(event, step, why)
                    as_asked = event.take(step, request.user)
                    refuse_ungrounded()
                done, waiting = done + as_asked, waiting + (not as_asked)
            except (ValidationError, PermissionDenied) as error:
                told = getattr(error, "messages", [gettext("Your account may not do that.")])
                colon = pgettext("before a quotation", ":")
                messages.error(request, f"{event}{colon} {' '.join(told)}")
        if done:
            said = ngettext(
                "“%(step)s”: done for %(count)s event.",
                "“%(step)s”: done for %(count)s events.",
                done,
            )
            messages.success(request, said % {"count": done, "step": step.label})
        if waiting:
            self._say_it_waits(request)

    def _give_reason(self, event: Event, step: Step, why: str) -> None:
        """Ask for the reason where readers will see one; keep it with what is withdrawn."""
        if step == Step.WITHDRAW and why:
            french = readers_language().startswith("fr")
            setattr(event, "withdrawal_fr" if french else "withdrawal_en", why)
        withdrawn = event.publication == Event.Publication.WITHDRAWN
        if step == Step.PUBLISH and withdrawn and not why:
            raise ValidationError(gettext("Say in a few words why you change a published event."))

    def get_urls(self) -> list[Any]:
        """Add the page that shows an event as readers would see it."""
        view = self.admin_site.admin_view(self.preview_view)
        return [
            path("<path:object_id>/preview/", view, name="sahel_event_preview"),
            *super().get_urls(),
        ]

    def preview_view(self, request: HttpRequest, object_id: str) -> HttpResponse:
        """Show an event as readers would see it, to those who may see it here."""
        event = self.get_object(request, unquote(object_id))
        if event is None:
            raise Http404
        if not self.has_view_permission(request, event):
            raise PermissionDenied
        return preview(request, event)

    @admin.display(description=_("publication"))
    def state(self, event: Event) -> str:
        """Say how far it has come, and what is arranged."""
        said = str(event.get_publication_display())
        if event.publish_at:
            when = date_format(event.publish_at, "DATETIME_FORMAT")
            words = {"when": when, "who": event.scheduled_by or "–"}
            arranged = gettext("to be published on %(when)s (UTC), arranged by %(who)s") % words
            said = f"{said}{pgettext('before a quotation', ':')} {arranged}"
        return said
