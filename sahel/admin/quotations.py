"""The list of quotations, to find those that need work; they are edited with their events."""

from typing import Any

from django.contrib import admin
from django.db.models import Model, QuerySet
from django.http import HttpRequest
from django.urls import reverse
from django.utils.html import format_html
from django.utils.translation import gettext_lazy as _

from sahel.admin.lists import MOST_WORDS, Counted
from sahel.admin.record import RecordAdmin
from sahel.filters import beginning, words
from sahel.models import Event, Quotation, Source
from sahel.search import saying
from sahel.worklists import ToDo


@admin.register(Quotation)
class QuotationAdmin(RecordAdmin):
    """The list of quotations, to find those that need work; they are edited with their events."""

    list_display = ["__str__", "event_of", "source", "state", "checked_on"]
    list_display_links = None
    list_filter = [ToDo, ("state", Counted), ("stance", Counted), ("language", Counted)]
    list_select_related = ["event", "source"]
    list_per_page = 50
    ordering = ["-pk"]
    search_fields = ["folded", "event__slug", "source__slug"]
    search_help_text = _("Words of the quotations, or the slug of an event or a source.")

    @admin.display(description=_("event"))
    def event_of(self, quotation: Quotation) -> str:
        """Lead to the event, where the quotation is edited."""
        page = reverse("admin:sahel_event_change", args=[quotation.event_id])
        return format_html('<a href="{}">{}</a>', page, quotation.event.title)

    def get_search_results(
        self, request: HttpRequest, queryset: QuerySet[Any], search_term: str
    ) -> tuple[QuerySet[Any], bool]:
        """Give the quotations that hold all words, or are of the event or source of that slug."""
        found = queryset
        for word in words(search_term)[:MOST_WORDS]:
            found = found.filter(event__in=saying(word), folded__contains=beginning(word))
        if slug := search_term.strip():
            found |= queryset.filter(event__in=Event.objects.filter(slug=slug).values("pk"))
            found |= queryset.filter(source__in=Source.objects.filter(slug=slug).values("pk"))
        return found, False

    def has_add_permission(self, request: HttpRequest) -> bool:
        """Let quotations be added with their event only."""
        return False

    def has_change_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        """Let them be edited with their event only."""
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        """Let them be deleted with, or on the page of, their event only."""
        return False
