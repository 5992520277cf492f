"""An event's versions: listed, compared, put back; and what others changed meanwhile."""

from typing import Any

from django.contrib import messages
from django.contrib.auth.models import User
from django.core.exceptions import PermissionDenied, ValidationError
from django.db import IntegrityError, transaction
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.template.response import TemplateResponse
from django.urls import path
from django.utils.formats import date_format
from django.utils.translation import gettext

from sahel.admin.record import RecordAdmin
from sahel.fields import one_line
from sahel.models import (
    Change,
    Event,
)
from sahel.models.history import fingerprint, last_number, snapshots
from sahel.versions import compare, put_back, restore

# What an event is made of, that a version put back writes anew.
OF_EVENTS = "quotation", "involvement", "reference"
MOST_ENTRIES = 100  # of an event's history that are looked at while a form is out of date


class VersionsAdmin(RecordAdmin):
    """What the admin does with the versions of an event."""

    def version_of(self, obj: Event) -> str:
        """Give the hash of all that belongs to it, after the number of its last entry."""
        return f"{last_number(obj.pk)}:{fingerprint(obj.pk)}"

    def meanwhile(self, form: Any) -> dict[str, Any]:
        """Give who changed what of it and of its parts."""
        key = form.instance.pk
        number, _colon, digest = form.seen.partition(":")
        least = int(number) if number.isascii() and number.isdigit() and len(number) < 19 else 0
        entries = Change.objects.filter(event=key, number__gte=least).order_by("number")
        since = list(entries[:MOST_ENTRIES])
        if not since:  # a version that never was
            return {"by": [], "differences": []}
        at = next((n for n, entry in enumerate(since) if entry.fingerprint() == digest), 0)
        shown, since = since[at], since[at + 1 :]
        accounts = User.objects.in_bulk({entry.account for entry in since if entry.account})
        by = []
        for entry in since:
            user = accounts.get(entry.account or 0)
            by.append((user.get_username() if user else entry.get_way_display(), entry.at))
        now = snapshots([key]).get(key)
        return {"by": by, "differences": compare(shown.snapshot, now)}

    def get_urls(self) -> list[Any]:
        """Add the page on which an earlier version is put back."""
        page = "<path:object_id>/history/<int:number>/"
        view = self.admin_site.admin_view(self.restore_view)
        return [path(page, view, name="sahel_event_restore"), *super().get_urls()]

    def history_view(
        self, request: HttpRequest, object_id: str, extra_context: Any = None
    ) -> HttpResponse:
        """List the versions of an event, also of a deleted one; hold any two against each other."""
        if not self.has_view_permission(request):
            raise PermissionDenied
        context = self._about(request, object_id)
        context["restorable"] = self._may_restore(request, context["event"])
        if versions := context["versions"]:
            numbers = {str(version.number): version for version in versions}
            newer = numbers.get(request.GET.get("to", ""), versions[0])
            previous = versions[min(versions.index(newer) + 1, len(versions) - 1)]
            older = numbers.get(request.GET.get("from", ""), previous)
            context |= {
                "older": older,
                "newer": newer,
                "differences": compare(older.snapshot, newer.snapshot),
                "heading": gettext("From version %(older)s to version %(newer)s")
                % {"older": older.number, "newer": newer.number},
            }
        return TemplateResponse(request, "admin/history.html", context)

    def restore_view(self, request: HttpRequest, object_id: str, number: int) -> HttpResponse:
        """Show what would change, ask why, and put the version back."""
        context = self._about(request, object_id)
        wanted = next((each for each in context["versions"] if each.number == number), None)
        if wanted is None or not wanted.after:
            raise Http404
        if not self._may_restore(request, context["event"]):
            raise PermissionDenied
        problems: list[str] = []
        if request.method == "POST":
            if not one_line(request.POST.get("why", "")):
                problems = [gettext("Say in a few words why this version is put back.")]
            else:
                problems = self._restore(wanted)
            if not problems:
                self._sign(request, Event.objects.get(pk=wanted.event))
                messages.success(request, gettext("The version was put back."))
                return redirect("admin:sahel_event_change", wanted.event)
        now = snapshots([wanted.event]).get(wanted.event)
        context |= {
            "wanted": wanted,
            "differences": compare(now, put_back(now, wanted.snapshot)),
            "heading": gettext("Put back version %(number)s of %(day)s")
            % {"number": wanted.number, "day": date_format(wanted.at)},
            "problems": problems,
            "why": request.POST.get("why", ""),
        }
        return TemplateResponse(request, "admin/restore.html", context)

    def _may_restore(self, request: HttpRequest, event: Event | None) -> bool:
        """Say whether a version may be put back, of an event that is there or of a deleted one."""
        parts = [f"sahel.{act}_{part}" for part in OF_EVENTS for act in ("add", "change", "delete")]
        if event:
            allowed = self.has_change_permission(request, event)
        else:
            allowed = self.has_add_permission(request)
        return bool(allowed and request.user.has_perms(parts))

    def _restore(self, wanted: Change) -> list[str]:
        """Put a version back, or give what stands in the way."""
        try:
            with transaction.atomic():
                restore(wanted)
        except ValidationError as error:
            return error.messages
        except IntegrityError:
            return [gettext("That version cannot be put back as it is: copy it by hand.")]
        return []

    def _about(self, request: HttpRequest, object_id: str) -> dict[str, Any]:
        """Give what pages on an event's versions have in common: the versions, the newest first."""
        numeric = object_id.isascii() and object_id.isdigit() and len(object_id) < 19
        key = int(object_id) if numeric else 0
        event = Event.objects.filter(pk=key).first()
        versions = list(Change.objects.filter(event=key).order_by("-number"))
        accounts = User.objects.in_bulk({v.account for v in versions if v.account})
        names = {key: user.get_username() for key, user in accounts.items()}
        for version in versions:
            version.by = names.get(version.account or 0, "")  # type: ignore[attr-defined]
        if not (event or versions):
            raise Http404
        title = gettext("History: %(event)s") % {"event": event or versions[0].slug}
        about = {"title": title, "event": event, "key": key, "versions": versions}
        return {**self.admin_site.each_context(request), **about, "opts": self.opts}

    def _sign(self, request: HttpRequest, event: Event) -> None:
        if not event.sign(request.user):
            self._say_it_waits(request)

    def _say_it_waits(self, request: HttpRequest) -> None:
        said = gettext("It waits for review: another person has to approve what you wrote.")
        messages.warning(request, said)
