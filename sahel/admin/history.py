"""What was changed, by whom: the list of all changes, and the names that readers see."""

from typing import Any

from django.contrib import admin
from django.contrib.auth.models import User
from django.db.models import Model, OuterRef, QuerySet, Subquery
from django.http import HttpRequest
from django.urls import reverse
from django.utils.html import format_html
from django.utils.translation import gettext_lazy as _

from sahel.admin.lists import Counted, ListAdmin
from sahel.models import (
    Change,
    Signature,
)


@admin.register(Change)
class ChangeAdmin(ListAdmin):
    """The list of all changes, public or not; each leads to the versions of its event."""

    list_display = ["number", "at", "event_of", "what", "why", "way", "who", "account_of"]
    list_display_links = None
    list_filter = [("what", Counted), ("way", Counted), ("public", Counted)]
    list_per_page = 100
    search_fields = ["slug", "who", "why"]
    search_help_text = _("The slug of an event, a public name, or words of a reason.")
    ordering = ["-number"]

    @admin.display(description=_("event"), ordering="slug")
    def event_of(self, change: Change) -> str:
        """Lead to the versions of the event, which may be deleted."""
        page = reverse("admin:sahel_event_history", args=[change.event])
        return format_html('<a href="{}">{}</a>', page, change.slug)

    def get_queryset(self, request: HttpRequest) -> QuerySet[Change]:
        """Read the accounts' names in the same query."""
        entries: QuerySet[Change] = super().get_queryset(request)
        accounts = User.objects.filter(pk=OuterRef("account"))
        return entries.annotate(username=Subquery(accounts.values("username")))

    @admin.display(description=_("account"))
    def account_of(self, change: Any) -> str:
        """Give the account behind a public name, to colleagues."""
        return change.username or "–"

    def has_add_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        """Let nobody write history by hand."""
        return False

    has_change_permission = has_delete_permission = has_add_permission

    def has_view_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        """Let it be read by whoever may see events."""
        return bool(request.user.has_perm("sahel.view_event"))

    def has_module_permission(self, request: HttpRequest) -> bool:
        """Show it to whoever may read it."""
        return self.has_view_permission(request)


@admin.register(Signature)
class SignatureAdmin(ListAdmin):
    """How readers see who changed what: each editor's own choice."""

    fields = ["name"]

    def get_queryset(self, request: HttpRequest) -> QuerySet[Signature]:
        """Give an editor's own name."""
        names: QuerySet[Signature] = super().get_queryset(request)
        return names.filter(user=request.user.pk)

    def save_model(self, request: HttpRequest, obj: Signature, form: Any, change: bool) -> None:
        """Make it the name of whoever is signed in."""
        obj.user_id = request.user.pk  # type: ignore[assignment]
        super().save_model(request, obj, form, change)

    def has_add_permission(self, request: HttpRequest) -> bool:
        """Let each have one name."""
        return not hasattr(request.user, "signature")

    def has_view_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        """Let every editor choose."""
        return True

    def has_module_permission(self, request: HttpRequest) -> bool:
        """Show it to every editor."""
        return True

    has_change_permission = has_delete_permission = has_view_permission

    def get_model_perms(self, request: HttpRequest) -> dict[str, bool]:
        """Ask nothing for the menu, which stands on every page; the list offers to add one."""
        return {"add": False, "change": True, "delete": False, "view": True}
