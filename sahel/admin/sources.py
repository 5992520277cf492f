"""Sources, with the texts that were read."""

from typing import Any

from django.contrib import admin, messages
from django.db.models import Model, QuerySet
from django.http import HttpRequest
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.html import format_html, format_html_join
from django.utils.safestring import mark_safe
from django.utils.translation import gettext, ngettext
from django.utils.translation import gettext_lazy as _

from sahel.admin.lists import Counted
from sahel.admin.merges import Merges
from sahel.admin.readings import ReadingsAdmin
from sahel.admin.record import RecordAdmin
from sahel.forms import (
    SourceForm,
    SourceTextForm,
)
from sahel.known import by_address, by_citation
from sahel.models import (
    Quotation,
    Source,
    SourceText,
    verify,
)
from sahel.worklists import ToDo


class SourceTextInline(admin.StackedInline):
    """The texts as they were read; each stays."""

    model = SourceText
    form = SourceTextForm
    extra = 0
    readonly_fields = ["read_at"]

    def has_change_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        """Keep what was read as it was read: a new reading is a new text."""
        return False

    has_delete_permission = has_change_permission


@admin.register(Source)
class SourceAdmin(Merges, ReadingsAdmin, RecordAdmin):
    """What events rest on."""

    leads_from = "quotations__source", "references__source"
    form = SourceForm
    list_display = ["label_of", "publisher", "date", "language", "kind", "links"]
    list_display_links = ["label_of"]
    list_filter = [ToDo, ("kind", Counted), ("language", Counted)]
    list_prefetch_related = ["link_checks"]
    search_fields = ["folded", "url", "slug"]
    search_help_text = _("Words of the title, author and publisher, an address, or a citation.")
    prepopulated_fields = {"slug": ["publisher", "title"]}
    autocomplete_fields = ["original"]
    readonly_fields = ["links", "text_sha256", "text_length"]
    inlines = [SourceTextInline]
    fields = [
        "another",
        "title",
        ("author", "publisher"),
        ("no_publisher_en", "no_publisher_fr"),
        ("kind", "language"),
        ("date", "date_read"),
        "url",
        "archived_url",
        "links",
        ("original", "wording"),
        ("note_en", "note_fr"),
        "slug",
        ("text_sha256", "text_length"),
    ]

    def get_search_results(
        self, request: HttpRequest, queryset: QuerySet[Source], search_term: str
    ) -> tuple[QuerySet[Source], bool]:
        """Recognise an address or a citation that is pasted; else search by words."""
        known = by_address(search_term) if "/" in search_term else by_citation(search_term)
        if known:
            return queryset.filter(pk__in=[source.pk for source in known]), False
        return super().get_search_results(request, queryset, search_term)

    def get_changeform_initial_data(self, request: HttpRequest) -> dict[str, Any]:
        """Take it that a source is read when it is entered."""
        return {"date_read": timezone.now().date(), **super().get_changeform_initial_data(request)}

    def save_model(self, request: HttpRequest, obj: Source, form: Any, change: bool) -> None:
        """Save, and ask for what lets others find what was read."""
        super().save_model(request, obj, form, change)
        if obj.url and not obj.archived_url:
            ask = gettext(
                "No archived copy of “%(source)s” is on record: if it goes, nobody can check it."
            ) % {"source": obj}
            keep = gettext("Have it archived, and enter the copy’s address")
            link = f"https://web.archive.org/save/{obj.url}"
            messages.warning(request, format_html('{} <a href="{}">{}</a>', ask, link, keep))
        if obj.url and not obj.date_read:
            messages.warning(request, gettext("Say on which day the source was read."))

    def save_formset(self, request: HttpRequest, form: Any, formset: Any, change: bool) -> None:
        """Find the quotations of a source in a text that has just come in."""
        super().save_formset(request, form, formset, change)
        if formset.model is SourceText and formset.new_objects:
            self._tell(request, list(verify([form.instance.pk])))

    def _tell(self, request: HttpRequest, changed: list[Quotation]) -> None:
        """Say what the check of a source's quotations came to."""
        lost = [q for q in changed if q.state == Quotation.State.MISSING]
        found = len(changed) - len(lost)
        if found:
            said = ngettext(
                "%(count)s quotation was found in the text, letter by letter.",
                "%(count)s quotations were found in the text, letter by letter.",
                found,
            )
            messages.success(request, said % {"count": found})
        if lost:
            said = ngettext(
                "%(count)s quotation is not found any more: readers are told so.",
                "%(count)s quotations are not found any more: readers are told so.",
                len(lost),
            )
            messages.warning(request, said % {"count": len(lost)})

    @admin.display(description=_("whether it still answers"))
    def links(self, source: Source) -> str:
        """Say what came of asking, of the page and of the archived copy, and when."""
        now = {False: source.url, True: source.archived_url}
        of = {False: gettext("the page"), True: gettext("the archived copy")}
        known = [check for check in source.link_checks.all() if check.url == now[check.archived]]
        told = format_html_join(
            mark_safe("<br>"),
            "{} {}{} ({})",
            (
                (
                    of[check.archived],
                    check.get_outcome_display(),
                    f" → {check.led_to}" if check.led_to else "",
                    date_format(check.checked_at),
                )
                for check in known
            ),
        )
        return told or "–"

    @admin.display(description=_("title"), ordering="title")
    def label_of(self, source: Source) -> str:
        """Give the title, or what stands in its place."""
        return str(source.label)
