"""What can be changed in many events at once, from their list: a page asks for it, and why."""

from collections.abc import Callable
from typing import Any

from django import forms
from django.contrib import admin, messages
from django.contrib.admin.helpers import ACTION_CHECKBOX_NAME
from django.contrib.admin.widgets import AutocompleteSelect
from django.db.models import Max, QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.template.response import TemplateResponse
from django.utils.text import capfirst
from django.utils.translation import gettext, ngettext
from django.utils.translation import gettext_lazy as _

from sahel.fields import one_line
from sahel.merging import were_public
from sahel.models import Change, Event, Involvement
from sahel.models.history import last_number

MOST = 500  # events that are changed at once
MOST_NAMED = 5  # of those that an account may not change


class _Asked(forms.Form):
    """What is to be changed in each event, and why."""

    why = forms.CharField(
        label=_("Why you change it"),
        required=False,
        max_length=500,
        widget=forms.TextInput(attrs={"class": "vTextField"}),
        help_text=_("Readers see it beside the change. Asked for once an event is published."),
    )
    field_order: Any = ["kind", "place", "actor", "role", "why"]
    searched: dict[str, Any] = {}  # fields in which one is searched for, with what of the record

    def __init__(self, *args: Any, public: int = 0, **kwargs: Any) -> None:
        """Ask for a reason where readers have seen one of the events."""
        super().__init__(*args, **kwargs)
        self.public = public
        for name, field in self.searched.items():  # in the language of this request
            self.fields[name] = forms.ModelChoiceField(
                field.related_model._default_manager.all(),
                label=capfirst(field.related_model._meta.verbose_name),
                widget=AutocompleteSelect(field, admin.site),
            )
        self.order_fields(self.field_order)

    def clean_why(self) -> str:
        """Refuse to change without a reason what readers have seen."""
        why: str = one_line(self.cleaned_data["why"])
        if self.public and not why:
            said = _("Say in a few words why you change published events.")
            raise forms.ValidationError(said)
        return why

    def apply(self, event: Event) -> bool:
        """Change an event; say whether there was anything to change."""
        raise NotImplementedError


class KindForm(_Asked):
    """Sets the kind."""

    kind = forms.ChoiceField(label=_("Kind of event"), choices=[("", "–"), *Event.Kind.choices])

    def apply(self, event: Event) -> bool:
        """Set it."""
        had, event.kind = event.kind, self.cleaned_data["kind"]
        return bool(event.kind != had)


class PlaceForm(_Asked):
    """Adds a place."""

    searched = {"place": Event._meta.get_field("places")}

    def apply(self, event: Event) -> bool:
        """Add it to the others."""
        place = self.cleaned_data["place"]
        if event.places.filter(pk=place.pk).exists():
            return False
        event.places.add(place)
        return True


class ActorForm(_Asked):
    """Adds an actor in a role, after those who are there."""

    searched = {"actor": Involvement._meta.get_field("actor")}
    role = forms.ChoiceField(label=_("Role"), choices=[("", "–"), *Involvement.Role.choices])

    def apply(self, event: Event) -> bool:
        """Add whoever is not there in that role."""
        last = event.involvements.aggregate(last=Max("order"))["last"]
        order = 0 if last is None else min(last + 1, 32767)
        tie = {"actor": self.cleaned_data["actor"], "role": self.cleaned_data["role"]}
        return bool(event.involvements.get_or_create(**tie, defaults={"order": order})[1])


class BulkActions:
    """Lets many events be changed at once; for an `EventAdmin`."""

    actions: Any = ["set_kind", "add_place", "add_actor"]

    def has_involve_permission(self: Any, request: HttpRequest) -> bool:
        """Let whoever may change events and add involvements add an actor."""
        may = self.has_change_permission(request)
        return bool(may and request.user.has_perm("sahel.add_involvement"))

    @admin.action(description=_("Set the kind…"), permissions=["change"])
    def set_kind(self, request: HttpRequest, queryset: QuerySet[Event]) -> HttpResponse | None:
        """Ask for a kind and set it."""
        return self._in_bulk(request, queryset, "set_kind", KindForm, gettext("Set the kind"))

    @admin.action(description=_("Add a place…"), permissions=["change"])
    def add_place(self, request: HttpRequest, queryset: QuerySet[Event]) -> HttpResponse | None:
        """Ask for a place and add it."""
        return self._in_bulk(request, queryset, "add_place", PlaceForm, gettext("Add a place"))

    @admin.action(description=_("Add an actor…"), permissions=["involve"])
    def add_actor(self, request: HttpRequest, queryset: QuerySet[Event]) -> HttpResponse | None:
        """Ask for an actor with a role and add them."""
        return self._in_bulk(request, queryset, "add_actor", ActorForm, gettext("Add an actor"))

    def _in_bulk(
        self: Any,
        request: HttpRequest,
        queryset: QuerySet[Event],
        action: str,
        form_class: Callable[..., _Asked],
        title: str,
    ) -> HttpResponse | None:
        """Show the events with a form; once that is sent and nobody was there before, apply it."""
        sent = "shown" in request.POST
        chosen: Any = queryset.order_by().values("pk")
        if sent:  # they may have left the list meanwhile: that is said, not passed over
            chosen = [key for key in request.POST.getlist(ACTION_CHECKBOX_NAME) if key.isdigit()]
        events = list(Event.objects.filter(pk__in=chosen).in_order()[: MOST + 1])
        if len(events) > MOST:
            said = gettext("At most %(most)s events can be changed at once: choose fewer.")
            messages.warning(request, said % {"most": MOST})
            return None
        closed = [event for event in events if not event.may_be_edited_by(request.user)]
        if closed:
            said = gettext(
                "What readers see is changed by those who may publish: leave out %(events)s."
            )
            named = ", ".join(f"“{event}”" for event in closed[:MOST_NAMED])
            messages.error(request, said % {"events": named})
            return None
        public = were_public(event.pk for event in events)
        form = form_class(request.POST if sent else None, public=public)
        since = _changed_since(request.POST.get("shown", "")) if sent else set()
        stale = [event for event in events if event.pk in since]
        gone = sent and len(events) < len(set(request.POST.getlist(ACTION_CHECKBOX_NAME)))
        if sent and form.is_valid() and not (stale or gone):
            self._apply(request, form, events)
            return redirect(request.get_full_path())
        context = {
            **self.admin_site.each_context(request),
            "title": title,
            "opts": self.opts,
            "media": self.media + form.media,
            "action": action,
            "shown": last_number(),
            "events": events,
            "form": form,
            "public": public,
            "stale": stale,
            "gone": gone,
        }
        return TemplateResponse(request, "admin/bulk.html", context)

    def _apply(self, request: HttpRequest, form: _Asked, events: list[Event]) -> None:
        """Change the events, sign them, and say how many were changed, and how many had it."""
        changed = held = 0
        for event in events:
            if form.apply(event):
                event.save()
                held += not event.sign(request.user)
                changed += 1
        had = len(events) - changed
        said = ngettext("%(count)s event was changed", "%(count)s events were changed", changed)
        told = said % {"count": changed}
        if had:
            said = ngettext("%(count)s had it already", "%(count)s had it already", had)
            told += ", " + said % {"count": had}
        messages.success(request, f"{told}.")
        if held:
            said = ngettext(
                "%(count)s event waits for review: another person has to approve it.",
                "%(count)s events wait for review: another person has to approve them.",
                held,
            )
            messages.warning(request, said % {"count": held})


def _changed_since(shown: str) -> set[int]:
    """Give the events that were changed since the history had that many entries."""
    number = int(shown) if shown.isascii() and shown.isdigit() and len(shown) < 19 else 0
    entries = Change.objects.filter(number__gt=number)
    return set(entries.order_by().values_list("event", flat=True).distinct())
