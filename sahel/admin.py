"""How editors work: an event with its quotations, references, actors and places on one page."""

from contextlib import suppress
from typing import Any

from django import forms
from django.contrib import admin, messages
from django.db import models
from django.db.models import Count, Model, QuerySet
from django.forms import BaseInlineFormSet
from django.http import HttpRequest
from django.urls import reverse
from django.utils.formats import date_format
from django.utils.html import format_html
from django.utils.translation import gettext, ngettext
from django.utils.translation import gettext_lazy as _

from sahel.dates import EDTF, EDTFError
from sahel.filters import words
from sahel.models import (
    Actor,
    Event,
    Involvement,
    Place,
    Quotation,
    Reference,
    Source,
    SourceText,
    verify,
)
from sahel.quotations import find, passage_like, plain_line_ends
from sahel.worded import read

admin.site.site_header = _("Sahel timeline: editing")
admin.site.site_title = _("Sahel timeline")
admin.site.index_title = _("The record")


# Short texts, so that a whole event fits on few screens; the corner can be pulled.
SHORT_TEXTS: dict[type[models.Field], dict[str, Any]] = {
    models.TextField: {"widget": forms.Textarea(attrs={"rows": 4, "cols": 80})}
}


class RecordAdmin(admin.ModelAdmin):
    """What the forms and lists of all parts of the record have in common."""

    formfield_overrides = SHORT_TEXTS

    def get_form(
        self, request: HttpRequest, obj: Any = None, change: bool = False, **kwargs: Any
    ) -> Any:
        """Let the slug be left empty: it is made from the title or the name."""
        form = super().get_form(request, obj, change, **kwargs)
        if "slug" in form.base_fields:
            form.base_fields["slug"].required = False
        return form

    def lookup_allowed(self, lookup: str, value: str, request: HttpRequest | None = None) -> bool:
        """Let an address filter by what the list offers to filter by, and by no pattern."""
        field, *parts = lookup.split("__")
        offered = {*map(str, self.list_filter), self.date_hierarchy}
        return field in offered and not {"regex", "iregex"} & set(parts)

    def get_search_results(
        self, request: HttpRequest, queryset: QuerySet[Any], search_term: str
    ) -> tuple[QuerySet[Any], bool]:
        """Search the folded columns for the folded words, as readers' search does."""
        found: tuple[QuerySet[Any], bool] = super().get_search_results(
            request, queryset, " ".join(words(search_term))
        )
        return found


class WordedDateForm(forms.ModelForm):
    """Takes a date in words, too, and shows how it was read before anything is saved."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        """Put what was read in place of the words."""
        super().__init__(*args, **kwargs)
        self.read = ""
        if "date" in self.fields:
            hint = gettext("Words are read, too: about March 2012, by 2026, last June.")
            self.fields["date"].help_text = f"{self.fields['date'].help_text} {hint}"
        typed = str(self.data.get("date", "")).strip() if self.is_bound else ""
        with suppress(EDTFError):
            EDTF.parse(typed)
            typed = ""  # it is EDTF already
        if not typed:
            return
        try:
            date = read(typed, self.anchor())
        except EDTFError as error:
            self.read = str(error)
            return
        sent: Any = self.data  # which cannot be written into
        data = sent.copy()
        data["date"] = str(date)
        self.data = data
        self.read = gettext(
            "“%(typed)s” was read as: %(words)s (%(edtf)s). Save again if that is right."
        ) % {"typed": typed[:80], "words": date.in_words(), "edtf": date}

    def anchor(self) -> EDTF | None:
        """Give the day from which "last June" counts; none is known here."""
        return None

    def clean_date(self) -> Any:
        """Let the editor see how words were read."""
        if self.read:
            raise forms.ValidationError(self.read)
        return self.cleaned_data["date"]


class EventForm(WordedDateForm):
    """An event; "last June" counts from the day of the source that is quoted first."""

    def anchor(self) -> EDTF | None:
        """Give the date of the first quotation's source."""
        key = str(self.data.get("quotations-0-source", ""))
        if not (key.isascii() and key.isdigit() and len(key) < 19):
            return None
        source = Source.objects.filter(pk=key).first()
        return source.date or None if source else None


class InvolvementInline(admin.TabularInline):
    """Who took part."""

    model = Involvement
    extra = 0
    autocomplete_fields = ["actor"]
    fields = ["actor", "role", "order"]


class QuotationForm(forms.ModelForm):
    """The words of a source; where they differ from its text, a box takes over the text's own."""

    take = forms.BooleanField(
        label=_("take the source’s own characters"), required=False, widget=forms.HiddenInput
    )

    def full_clean(self) -> None:
        """Offer the source's own characters where these words differ from them."""
        super().full_clean()
        self.fields["take"].widget = (
            forms.CheckboxInput() if self.has_error("exact") else forms.HiddenInput()
        )

    def clean(self) -> dict[str, Any]:
        """Take what the source has, if that is asked for; other words were not checked yet."""
        cleaned: dict[str, Any] = super().clean() or {}
        source, exact = cleaned.get("source"), plain_line_ends(cleaned.get("exact") or "")
        read = source.texts.first() if source and exact else None
        if read and cleaned.get("take") and not find(exact, read.text):
            cleaned["exact"] = passage_like(exact, read.text) or exact
        if self.instance.pk and {"exact", "source"} & set(self.changed_data):
            self.instance.forget_check()
        return cleaned


class QuotationFormSet(BaseInlineFormSet):
    """The quotations of one event."""

    def clean(self) -> None:
        """Let nothing be published that no quotation bears out."""
        super().clean()
        left = [
            form
            for form in self.forms
            if getattr(form, "cleaned_data", None) and not form.cleaned_data.get("DELETE")
        ]
        if self.instance.publication == Event.Publication.PUBLISHED and not left:
            raise forms.ValidationError(
                gettext("A published event needs a quotation. Add one, or keep the event a draft.")
            )


class QuotationInline(admin.StackedInline):
    """The words it rests on."""

    model = Quotation
    form = QuotationForm
    formset = QuotationFormSet
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
        ("start", "page", "position"),
        "checked",
        ("why_uncheckable_en", "why_uncheckable_fr"),
    ]

    @admin.display(description=_("checked"))
    def checked(self, quotation: Quotation) -> str:
        """Say whether the words stand in the source, and since when that is known."""
        said = str(quotation.get_state_display())
        return f"{said} ({date_format(quotation.checked_on)})" if quotation.checked_on else said

    @admin.display(description=_("where it stands"))
    def position(self, quotation: Quotation) -> str:
        """Show the passage with the words around it."""
        if quotation.start is None:
            return gettext("not found yet")
        return gettext("characters %(start)s to %(end)s: …%(prefix)s[…]%(suffix)s…") % {
            "start": quotation.start,
            "end": quotation.end,
            "prefix": quotation.prefix,
            "suffix": quotation.suffix,
        }


class ReferenceInline(admin.TabularInline):
    """What other pages support."""

    model = Reference
    formfield_overrides = SHORT_TEXTS
    extra = 0
    autocomplete_fields = ["source"]
    fields = ["source", "supports", "note_en", "note_fr", "order"]


@admin.register(Event)
class EventAdmin(RecordAdmin):
    """One page for one event."""

    form = EventForm
    list_display = ["title", "when", "kind", "status", "publication", "quotation_count", "updated"]
    list_display_links = ["title"]
    list_filter = ["publication", "status", "kind", "date_basis", "places"]
    search_fields = ["folded", "quotations__folded", "involvements__actor__folded", "slug"]
    search_help_text = _("Words of the titles, summaries, quotations and actors.")
    date_hierarchy = "sort_date"
    ordering = ["-sort_date", "-position", "-pk"]
    list_per_page = 50
    prepopulated_fields = {"slug": ["title_en"]}
    autocomplete_fields = ["places"]
    readonly_fields = ["reading", "created", "updated", "published"]
    inlines = [QuotationInline, InvolvementInline, ReferenceInline]
    save_on_top = True
    fieldsets = [
        (
            _("What"),
            {
                "fields": [
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
        (
            _("Publication"),
            {
                "fields": [
                    ("publication", "slug"),
                    ("withdrawal_en", "withdrawal_fr"),
                    ("created", "updated", "published"),
                ]
            },
        ),
    ]

    def get_queryset(self, request: HttpRequest) -> QuerySet[Event]:
        """Count the quotations in the same query."""
        events: QuerySet[Event] = super().get_queryset(request)
        return events.annotate(quotation_total=Count("quotations"))

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

    @admin.display(description=_("title"), ordering="title_en")
    def title(self, event: Event) -> str:
        """Give the title in the editor's language."""
        return str(event.title)

    @admin.display(description=_("date"), ordering="sort_date")
    def when(self, event: Event) -> str:
        """Give the date in words."""
        return str(event.date.in_words())

    @admin.display(description=_("quotations"), ordering="quotation_total")
    def quotation_count(self, event: Any) -> int:
        """Give the number of quotations."""
        total: int = event.quotation_total
        return total


@admin.register(Quotation)
class QuotationAdmin(RecordAdmin):
    """The list of quotations, to find those that need work; they are edited with their events."""

    list_display = ["__str__", "event_of", "source", "state", "checked_on"]
    list_display_links = None
    list_filter = ["state", "stance", "language"]
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


class NamedAdmin(RecordAdmin):
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

    list_display = ["name", "kind", "parent", "slug"]
    list_display_links = ["name"]
    list_filter = ["kind"]
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

    list_display = ["name", "kind", "country", "parent", "slug"]
    list_display_links = ["name"]
    list_filter = ["kind", "country"]
    fields = [
        ("name_en", "name_fr"),
        ("slug", "kind"),
        ("parent", "country"),
        ("latitude", "longitude", "precision"),
        "aliases",
        ("description_en", "description_fr"),
        "wikidata",
    ]


class SourceTextForm(forms.ModelForm):
    """Takes a text as it is, its spaces included."""

    class Meta:
        model = SourceText
        fields = ["text", "replaces"]

    text = forms.CharField(
        label=_("text"),
        strip=False,
        widget=forms.Textarea(attrs={"rows": 12, "cols": 100}),
        help_text=_("For checking quotations only. Readers never see it and nothing exports it."),
    )
    replaces = forms.BooleanField(
        label=_("take it although it lacks words that are quoted"),
        required=False,
        help_text=_("Where the source itself has changed. The quotations stay as they are."),
    )

    def clean(self) -> dict[str, Any]:
        """Refuse a text that is probably another source's."""
        cleaned: dict[str, Any] = super().clean() or {}
        text = plain_line_ends(cleaned.get("text", ""))
        known = self.instance.source if self.instance.source_id else None  # None: being added
        missing = known.quotations_missing_in(text) if known else []
        if text and missing and not cleaned.get("replaces"):
            raise forms.ValidationError(
                ngettext(
                    "%(count)s quotation of this source is not in the text, letter by letter: "
                    "%(events)s.",
                    "%(count)s quotations of this source are not in the text, letter by letter: "
                    "%(events)s.",
                    len(missing),
                )
                % {
                    "count": len(missing),
                    "events": ", ".join(sorted({q.event.slug for q in missing})),
                }
            )
        return cleaned


class SourceTextInline(admin.StackedInline):
    """The texts as they were read; each stays."""

    model = SourceText
    form = SourceTextForm
    extra = 0
    readonly_fields = ["read_at"]

    def has_change_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        """Keep what was read as it was read: a new reading is a new text."""
        return False


@admin.register(Source)
class SourceAdmin(RecordAdmin):
    """What events rest on."""

    form = WordedDateForm
    list_display = ["label_of", "publisher", "date", "language", "kind", "slug"]
    list_display_links = ["label_of"]
    list_filter = ["kind", "language"]
    search_fields = ["folded", "url", "slug"]
    search_help_text = _("Words of the title, author and publisher, or a part of the address.")
    prepopulated_fields = {"slug": ["publisher", "title"]}
    autocomplete_fields = ["original"]
    readonly_fields = ["text_sha256", "text_length"]
    inlines = [SourceTextInline]
    fields = [
        "title",
        ("author", "publisher"),
        ("kind", "language"),
        ("date", "date_read"),
        "url",
        "archived_url",
        ("original", "wording"),
        ("note_en", "note_fr"),
        "slug",
        ("text_sha256", "text_length"),
    ]

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

    @admin.display(description=_("title"), ordering="title")
    def label_of(self, source: Source) -> str:
        """Give the title, or what stands in its place."""
        return str(source.label)
