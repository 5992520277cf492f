"""Actors and places."""

from typing import Any

from django.contrib import admin
from django.forms.widgets import Script
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _

from sahel.admin.lists import Counted
from sahel.admin.merges import Merges
from sahel.admin.record import RecordAdmin
from sahel.atlas import outlines
from sahel.models import (
    Actor,
    Place,
)
from sahel.worklists import ToDo


class NamedAdmin(Merges, RecordAdmin):
    """What actors and places have in common."""

    search_fields = ["folded", "slug"]
    search_help_text = _("Words of the names and other names.")
    prepopulated_fields = {"slug": ["name_en"]}
    autocomplete_fields = ["parent"]
    list_select_related = ["parent"]
    list_per_page = 100

    @admin.display(description=_("name"), ordering="name_en")
    def name(self, named: Any) -> str:
        """Give the name in the editor's language."""
        return str(named.name)


@admin.register(Actor)
class ActorAdmin(NamedAdmin):
    """Who takes part in events."""

    leads_from = "involvements__actor", "quotations__speaker"
    list_display = ["name", "kind", "parent", "slug"]
    list_display_links = ["name"]
    list_filter = [("kind", Counted)]
    fields = [
        ("name_en", "name_fr"),
        ("slug", "kind"),
        "parent",
        "aliases",
        ("description_en", "description_fr"),
        "wikidata",
    ]


@admin.register(Place)
class PlaceAdmin(NamedAdmin):
    """Where events take place."""

    leads_from = ("places",)

    class Media:
        js = (Script("admin-map.js", defer=True),)

    list_display = ["name", "kind", "country", "parent", "slug"]
    list_display_links = ["name"]
    list_filter = [ToDo, ("kind", Counted), ("country", Counted)]
    fields = [
        ("name_en", "name_fr"),
        ("slug", "kind"),
        ("parent", "country"),
        ("latitude", "longitude", "precision"),
        "aliases",
        ("description_en", "description_fr"),
        "wikidata",
    ]

    def render_change_form(
        self, request: HttpRequest, context: Any, *args: Any, **options: Any
    ) -> Any:
        """Draw a map to take the coordinates from."""
        context["outlines"] = outlines()
        return super().render_change_form(request, context, *args, **options)
