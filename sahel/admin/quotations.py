"""The list of quotations, to find those that need work; they are edited with their events."""

from django.contrib import admin
from django.db.models import Model
from django.http import HttpRequest
from django.urls import reverse
from django.utils.html import format_html
from django.utils.translation import gettext_lazy as _

from sahel.admin.record import RecordAdmin
from sahel.models import (
    Quotation,
)
from sahel.worklists import ToDo


@admin.register(Quotation)
class QuotationAdmin(RecordAdmin):
    """The list of quotations, to find those that need work; they are edited with their events."""

    list_display = ["__str__", "event_of", "source", "state", "checked_on"]
    list_display_links = None
    list_filter = [ToDo, "state", "stance", "language"]
    list_select_related = ["event", "source"]
    list_per_page = 50
    search_fields = ["folded", "event__slug", "source__slug"]
    search_help_text = _("Words of the quotations, or the slug of an event or a source.")

    @admin.display(description=_("event"))
    def event_of(self, quotation: Quotation) -> str:
        """Lead to the event, where the quotation is edited."""
        page = reverse("admin:sahel_event_change", args=[quotation.event_id])
        return format_html('<a href="{}">{}</a>', page, quotation.event.title)

    def has_add_permission(self, request: HttpRequest) -> bool:
        """Let quotations be added with their event only."""
        return False

    def has_change_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        """Let them be edited with their event only."""
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        """Let them be deleted with, or on the page of, their event only."""
        return False
