"""Who is told of news by e-mail: how many, of what and how often; never the addresses."""

from django.conf import settings
from django.contrib import admin
from django.db.models import Model
from django.http import HttpRequest

from sahel.admin.lists import Counted, ListAdmin
from sahel.models import Subscription


@admin.register(Subscription)
class SubscriptionAdmin(ListAdmin):
    """The list of subscriptions, for whoever has the permission to see them; nothing opens."""

    list_display = ["query", "frequency", "language", "confirmed_at", "looked_on", "refusals"]
    list_display_links = None
    list_filter = [("frequency", Counted), ("language", Counted)]
    ordering = ["-asked_at"]
    fields = ["query"]

    def has_add_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        """Let nobody sign up somebody else."""
        return False

    def has_view_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        """Show nothing of it where there is none."""
        return settings.ALERTS and super().has_view_permission(request, obj)

    def has_module_permission(self, request: HttpRequest) -> bool:
        """Show nothing of it where there is none."""
        return settings.ALERTS and super().has_module_permission(request)

    has_change_permission = has_delete_permission = has_add_permission
