"""Events, each with its quotations, references, actors and places on one page."""

from collections import Counter
from typing import Any

from django import forms
from django.contrib import admin, messages
from django.contrib.admin.helpers import ACTION_CHECKBOX_NAME, ActionForm
from django.db.models import Count, Model, OuterRef, Prefetch, QuerySet, Subquery
from django.db.models.functions import Coalesce
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.formats import date_format
from django.utils.html import format_html, format_html_join
from django.utils.translation import gettext, ngettext
from django.utils.translation import gettext_lazy as _

from sahel import index
from sahel.admin.bulk import BulkActions
from sahel.admin.lists import Counted, MostPlaces, SearchedEvents
from sahel.admin.readings import ReadingsAdmin, where_it_stands
from sahel.admin.record import SHORT_TEXTS, CalmLinks, LabelledInline
from sahel.admin.versions import MOST_ENTRIES
from sahel.admin.workflow import WorkflowAdmin
from sahel.corroboration import corroboration
from sahel.entries import shortened
from sahel.forms import (
    EventForm,
    QuotationForm,
    QuotationFormSet,
)
from sahel.models import (
    Change,
    Event,
    Involvement,
    Quotation,
    Reference,
)
from sahel.models.history import last_number
from sahel.models.workflow import RESTRICTED
from sahel.stale import CarefulForm
from sahel.worklists import ToDo

MOST_SHOWN = 1_000  # characters of what stands in a cell of an imported row
# Of each event, for the list to be sorted by how many it has.
QUOTATIONS = Quotation.objects.filter(event=OuterRef("pk")).order_by().values("event")


class SeenActionForm(ActionForm):
    """Remembers when a list was shown, so that no action meets what was changed since."""

    seen = forms.CharField(
        label="", required=False, widget=forms.HiddenInput, initial=lambda: str(last_number())
    )
    why = forms.CharField(
        label=_("Why"),
        required=False,
        max_length=500,
        help_text=_("Where readers see what is done."),
    )


class InvolvementInline(CalmLinks, LabelledInline):
    """Who took part."""

    model = Involvement
    form = CarefulForm
    extra = 0
    autocomplete_fields = ["actor"]
    fields = ["actor", "role", "order"]


class QuotationInline(CalmLinks, admin.StackedInline):
    """The words it rests on."""

    model = Quotation
    form = QuotationForm
    formset = QuotationFormSet
    max_num = 100
    view_on_site = False
    formfield_overrides = SHORT_TEXTS
    extra = 0
    autocomplete_fields = ["source", "speaker"]
    readonly_fields = ["position", "checked"]
    fields = [
        "source",
        "exact",
        "take",
        ("language", "stance", "order"),
        ("speaker", "speaker_role_en", "speaker_role_fr"),
        "figures",
        ("start", "page", "position"),
        "checked",
        ("why_uncheckable_en", "why_uncheckable_fr"),
    ]

    def get_formset(self, request: HttpRequest, obj: Any = None, **kwargs: Any) -> Any:
        """Draw no more forms than an event may have quotations, whatever is sent."""
        return super().get_formset(request, obj, absolute_max=self.max_num, **kwargs)

    @admin.display(description=_("checked"))
    def checked(self, quotation: Quotation) -> str:
        """Say whether the words stand in the source, and since when that is known."""
        said = str(quotation.get_state_display())
        return f"{said} ({date_format(quotation.checked_on)})" if quotation.checked_on else said

    @admin.display(description=_("where it stands"))
    def position(self, quotation: Quotation) -> str:
        """Show the passage with the words around it."""
        return where_it_stands(quotation)


class ReferenceInline(CalmLinks, admin.StackedInline):
    """What other pages support."""

    model = Reference
    form = CarefulForm
    formfield_overrides = SHORT_TEXTS
    extra = 0
    autocomplete_fields = ["source"]
    fields = [("source", "supports", "order"), ("note_en", "note_fr")]


@admin.register(Event)
class EventAdmin(ReadingsAdmin, BulkActions, SearchedEvents, WorkflowAdmin):
    """One page for one event."""

    form = EventForm
    action_form = SeenActionForm
    actions = [*WorkflowAdmin.actions, *BulkActions.actions]
    list_display = [
        "title",
        "when",
        "kind",
        "status",
        "publication",
        "quotation_count",
        "updated_on",
    ]
    list_display_links = ["title"]
    list_filter = [
        ToDo,
        ("publication", Counted),
        ("status", Counted),
        ("kind", Counted),
        ("date_basis", Counted),
        MostPlaces,
    ]
    list_prefetch_related = [Prefetch("quotations", Quotation.objects.order_by().only("event"))]
    search_fields = ["folded"]  # for there to be a search; see SearchedEvents
    search_help_text = _("Words of the titles, summaries, quotations, actors and places; a slug.")
    date_hierarchy = "sort_date"
    ordering = ["-sort_date", "-position", "-pk"]
    list_per_page = 50
    prepopulated_fields = {"slug": ["title_en"]}
    autocomplete_fields = ["places"]
    readonly_fields = [
        "provenance",
        "reading",
        "grounds",
        "state",
        "signatures",
        "created",
        "updated",
        "published",
    ]
    inlines = [QuotationInline, InvolvementInline, ReferenceInline]
    save_on_top = True
    fieldsets = [
        (
            _("What"),
            {
                "fields": [
                    "another",
                    ("title_en", "title_fr"),
                    ("summary_en", "summary_fr"),
                    ("kind", "status"),
                ]
            },
        ),
        (
            _("When"),
            {
                "fields": [
                    ("date", "reading", "position"),
                    ("date_basis", "date_words"),
                    ("date_note_en", "date_note_fr"),
                ]
            },
        ),
        (_("Where"), {"fields": ["places"]}),
        (_("Note"), {"fields": [("note_en", "note_fr")], "classes": ["collapse"]}),
    ]

    def get_fieldsets(self, request: HttpRequest, obj: Event | None = None) -> Any:
        """Show the row of a file that it was made of, if it was."""
        fieldsets = list(super().get_fieldsets(request, obj))
        if obj is not None and obj.imported_rows.exists():
            fieldsets.append(
                (_("Import"), {"fields": ["provenance"], "classes": ["last", "collapse"]})
            )
        return fieldsets

    def response_action(
        self, request: HttpRequest, queryset: QuerySet[Event], *args: Any, **options: Any
    ) -> HttpResponse | None:
        """Do nothing to what was changed since the list was shown; say what that is."""
        seen = request.POST.get("seen", "")
        if seen.isascii() and seen.isdigit() and len(seen) < 19:
            chosen = queryset
            if request.POST.get("select_across", "0") == "0":
                keys = [key for key in request.POST.getlist(ACTION_CHECKBOX_NAME) if key.isdigit()]
                chosen = queryset.filter(pk__in=keys)
            since = Change.objects.filter(number__gt=int(seen), event__in=chosen.values("pk"))
            slugs = sorted(set(since.values_list("slug", flat=True)[:MOST_ENTRIES]))
            if slugs:
                said = gettext("Nothing was done: changed since this list was shown: %(slugs)s.")
                messages.error(request, said % {"slugs": ", ".join(slugs)})
                return redirect(request.get_full_path())
        answer: HttpResponse | None = super().response_action(request, queryset, *args, **options)
        return answer

    def has_delete_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        """Let nothing vanish that readers have seen: it is withdrawn, for a reason."""
        if isinstance(obj, Event) and obj.published is not None:
            return False
        return bool(super().has_delete_permission(request, obj))

    def get_deleted_objects(self, objs: Any, request: HttpRequest) -> Any:
        """Let quotations go with their event, though not by themselves."""
        listed, counts, lacking, kept = super().get_deleted_objects(objs, request)
        return listed, counts, set(lacking) - {Quotation._meta.verbose_name}, kept

    def get_view_on_site_url(self, obj: Event | None = None) -> str | None:
        """Lead to the reader's page where there is one: a draft has none."""
        if obj is None or obj.publication != Event.Publication.PUBLISHED:
            return None
        return super().get_view_on_site_url(obj)

    def save_model(self, request: HttpRequest, obj: Event, form: Any, change: bool) -> None:
        """Save, and say how the date was read."""
        super().save_model(request, obj, form, change)
        if not change or "date" in form.changed_data:
            reading = gettext("The date was read as: %(reading)s.") % {"reading": self.reading(obj)}
            messages.info(request, reading)

    @admin.display(description=_("reading"))
    def reading(self, event: Event) -> str:
        """Give the date as readers see it."""
        if not event.date:
            return "–"
        return f"{event.date.in_words()}, {event.get_date_basis_display()}"

    @admin.display(description=_("edited, approved"))
    def signatures(self, event: Event) -> str:
        """Say who changed it last, and who approved that."""
        return ", ".join(str(who) if who else "–" for who in (event.edited_by, event.approved_by))

    @admin.display(description=_("rests on"))
    def grounds(self, event: Event) -> str:
        """Say on how many quotations of how many sources it rests, and how these were checked."""
        rows = list(event.quotations.values_list("state", "source__slug"))
        if not rows:
            return gettext("no quotation yet")
        states, quoted = Counter(state for state, _slug in rows), len(rows)
        of = corroboration(index.current(), (slug for _state, slug in rows), ()).quoted
        said = [
            ngettext("%(count)s quotation", "%(count)s quotations", quoted) % {"count": quoted},
            ngettext("%(count)s independent source", "%(count)s independent sources", of)
            % {"count": of},
            *(
                f"{Quotation.State(state).label}: {number}"
                if len(states) > 1
                else gettext("all: %(state)s") % {"state": Quotation.State(state).label}
                for state, number in states.most_common()
            ),
        ]
        return ", ".join(said)

    @admin.display(description=_("made of"))
    def provenance(self, event: Event) -> str:
        """Give the files that have it, each with its row as it stands there; and what binds it."""
        told = [format_html("<p>{}: {}</p>", event.restricted, RESTRICTED)] * bool(event.restricted)
        for row in event.imported_rows.select_related("batch").order_by("-pk"):
            page = reverse("admin:sahel_importbatch_change", args=[row.batch_id])
            where = gettext("row %(row)s") % {"row": row.number}
            shown = ((column, shortened(value, MOST_SHOWN)) for column, value in row.cells())
            cells = format_html_join("", "<dt>{}</dt><dd>{}</dd>", shown)
            given = page, row.batch.file_name, where, cells
            line = '<p><a href="{}">{}</a>, {}</p><dl class="cells">{}</dl>'
            told.append(format_html(line, *given))
        return format_html_join("", "{}", ((each,) for each in told)) or "–"

    @admin.display(description=_("title"), ordering="title_en")
    def title(self, event: Event) -> str:
        """Give the title in the editor's language."""
        return str(event.title)

    @admin.display(description=_("date"), ordering="sort_date")
    def when(self, event: Event) -> str:
        """Give the date in words."""
        return str(event.date.in_words())

    @admin.display(description=_("updated"), ordering="updated")
    def updated_on(self, event: Event) -> str:
        """Give the day of the last change: the hour takes more room than it is worth."""
        return date_format(event.updated, "SHORT_DATE_FORMAT")

    @admin.display(
        description=_("quotations"),
        ordering=Coalesce(Subquery(QUOTATIONS.annotate(n=Count("pk")).values("n")), 0),
    )
    def quotation_count(self, event: Event) -> int:
        """Give the number of quotations."""
        return len(event.quotations.all())
