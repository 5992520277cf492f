"""How editors work: an event with its quotations, references, actors and places on one page."""

from typing import Any

from django import forms
from django.contrib import admin, messages
from django.contrib.admin.helpers import ACTION_CHECKBOX_NAME, ActionForm
from django.contrib.admin.models import LogEntry
from django.contrib.admin.utils import unquote
from django.contrib.auth.models import User
from django.contrib.contenttypes.models import ContentType
from django.core.exceptions import PermissionDenied, ValidationError
from django.db import IntegrityError, models, transaction
from django.db.models import Count, Model, OuterRef, QuerySet, Subquery
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.template.response import TemplateResponse
from django.urls import path, reverse
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.html import format_html, format_html_join
from django.utils.safestring import mark_safe
from django.utils.translation import gettext, ngettext
from django.utils.translation import gettext_lazy as _

from sahel.filters import words
from sahel.forms import (
    EventForm,
    QuotationForm,
    QuotationFormSet,
    SourceTextForm,
    WordedDateForm,
)
from sahel.models import (
    Actor,
    Change,
    Event,
    Involvement,
    Place,
    Quotation,
    Reference,
    Signature,
    Source,
    SourceText,
    verify,
)
from sahel.models.history import fingerprint, last_number, snapshots
from sahel.stale import CarefulForm, VersionedForm, changed_since, version_of, without_the_deleted
from sahel.versions import compare, restore
from sahel.widgets import Textarea
from sahel.worklists import ToDo

admin.site.site_header = _("Sahel timeline: editing")
admin.site.site_title = _("Sahel timeline")
admin.site.index_title = _("The record")


# Short texts, so that a whole event fits on few screens; the corner can be pulled.
SHORT_TEXTS: dict[type[models.Field], dict[str, Any]] = {
    models.TextField: {"widget": Textarea(attrs={"rows": 4, "cols": 80})}
}


# What an event is made of, that a version put back writes anew.
OF_EVENTS = "quotation", "involvement", "reference"
MOST_ENTRIES = 100  # of an event's history that are looked at while a form is out of date


class SeenActionForm(ActionForm):
    """Remembers when a list was shown, so that no action meets what was changed since."""

    seen = forms.CharField(
        label="", required=False, widget=forms.HiddenInput, initial=lambda: str(last_number())
    )


class RecordAdmin(admin.ModelAdmin):
    """What the forms and lists of all parts of the record have in common."""

    form = VersionedForm
    formfield_overrides = SHORT_TEXTS

    def get_form(
        self, request: HttpRequest, obj: Any = None, change: bool = False, **kwargs: Any
    ) -> Any:
        """Let the slug be left empty: it is made from the title or the name."""
        form: Any = super().get_form(request, obj, change, **kwargs)
        if "slug" in form.base_fields:
            form.base_fields["slug"].required = False
        form.current = self.version_of(obj) if obj else ""
        return form

    def version_of(self, obj: Any) -> str:
        """Give what changes with the object, and with nothing else."""
        return version_of(obj)

    def get_formset_kwargs(self, request: HttpRequest, obj: Any, inline: Any, prefix: str) -> Any:
        """Take a row that somebody else deleted meanwhile for a new one, if it was written in."""
        options = super().get_formset_kwargs(request, obj, inline, prefix)
        if "data" in options and obj.pk:
            rows = inline.get_formset(request, obj)(instance=obj).queryset
            options["data"] = without_the_deleted(options["data"], prefix, rows)
        return options

    def render_change_form(
        self, request: HttpRequest, context: Any, *args: Any, **options: Any
    ) -> Any:
        """Show what somebody else has changed, where the form is out of date."""
        form = context["adminform"].form
        if getattr(form, "stale", False):
            context["meanwhile"] = self.meanwhile(form)
        return super().render_change_form(request, context, *args, **options)

    def meanwhile(self, form: Any) -> dict[str, Any]:
        """Give who changed what since the form was shown: `by` (names and times), `differences`."""
        entries = LogEntry.objects.filter(
            content_type=ContentType.objects.get_for_model(form.instance),
            object_id=str(form.instance.pk),
        )
        last = entries.select_related("user").first()
        by = [(last.user.get_username(), last.action_time)] if last else []
        return {"by": by, "differences": changed_since(form)}

    def delete_view(
        self, request: HttpRequest, object_id: str, extra_context: Any = None
    ) -> HttpResponse:
        """Delete what was seen, and nothing that somebody has changed since."""
        obj = self.get_object(request, unquote(object_id))
        if obj is not None and self.has_delete_permission(request, obj):
            now, seen = self.version_of(obj), request.GET.get("version")
            if seen != now and (seen or request.method != "POST"):
                if request.method == "POST":
                    said = gettext("It was changed meanwhile. Look again before you delete it.")
                    messages.warning(request, said)
                query = request.GET.copy()
                query["version"] = now  # with which what is confirmed is sent
                return redirect(f"{request.path}?{query.urlencode()}")
        answer: HttpResponse = super().delete_view(request, object_id, extra_context)
        return answer

    def lookup_allowed(self, lookup: str, value: str, request: HttpRequest | None = None) -> bool:
        """Let an address filter by what the list offers to filter by, and by no pattern."""
        field, *parts = lookup.split("__")
        offered = {getattr(each, "parameter_name", each) for each in self.list_filter}
        offered.add(self.date_hierarchy)
        return field in offered and not {"regex", "iregex"} & set(parts)

    def get_search_results(
        self, request: HttpRequest, queryset: QuerySet[Any], search_term: str
    ) -> tuple[QuerySet[Any], bool]:
        """Search the folded columns for the folded words, as readers' search does."""
        found: tuple[QuerySet[Any], bool] = super().get_search_results(
            request, queryset, " ".join(words(search_term))
        )
        return found


class InvolvementInline(admin.TabularInline):
    """Who took part."""

    model = Involvement
    form = CarefulForm
    extra = 0
    autocomplete_fields = ["actor"]
    fields = ["actor", "role", "order"]


class QuotationInline(admin.StackedInline):
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
        if quotation.start is None:
            return gettext("not found yet")
        place = {"start": quotation.start, "end": quotation.end}
        found = gettext("characters %(start)s to %(end)s") % place
        around = f": …{quotation.prefix}[…]{quotation.suffix}…"
        return found + (around if quotation.prefix or quotation.suffix else "")


class ReferenceInline(admin.TabularInline):
    """What other pages support."""

    model = Reference
    form = CarefulForm
    formfield_overrides = SHORT_TEXTS
    extra = 0
    autocomplete_fields = ["source"]
    fields = ["source", "supports", "note_en", "note_fr", "order"]


@admin.register(Event)
class EventAdmin(RecordAdmin):
    """One page for one event."""

    form = EventForm
    action_form = SeenActionForm
    list_display = ["title", "when", "kind", "status", "publication", "quotation_count", "updated"]
    list_display_links = ["title"]
    list_filter = [ToDo, "publication", "status", "kind", "date_basis", "places"]
    search_fields = ["folded", "quotations__folded", "involvements__actor__folded", "slug"]
    search_help_text = _("Words of the titles, summaries, quotations and actors.")
    date_hierarchy = "sort_date"
    ordering = ["-sort_date", "-position", "-pk"]
    list_per_page = 50
    prepopulated_fields = {"slug": ["title_en"]}
    autocomplete_fields = ["places"]
    readonly_fields = ["reading", "signatures", "created", "updated", "published"]
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
        (
            _("Publication"),
            {
                "fields": [
                    ("publication", "slug"),
                    ("withdrawal_en", "withdrawal_fr"),
                    "why",
                    "signatures",
                    ("created", "updated", "published"),
                ]
            },
        ),
    ]

    def get_queryset(self, request: HttpRequest) -> QuerySet[Event]:
        """Count the quotations in the same query."""
        events: QuerySet[Event] = super().get_queryset(request)
        return events.annotate(quotation_total=Count("quotations"))

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
        allowed = self.has_change_permission if context["event"] else self.has_add_permission
        parts = [f"sahel.{act}_{part}" for part in OF_EVENTS for act in ("add", "change", "delete")]
        if not (allowed(request) and request.user.has_perms(parts)):
            raise PermissionDenied
        problems: list[str] = []
        if request.method == "POST":
            if not request.POST.get("why", "").strip():
                problems = [gettext("Say in a few words why this version is put back.")]
            else:
                problems = self._restore(wanted)
            if not problems:
                self._sign(request, Event.objects.get(pk=wanted.event), changed=True)
                messages.success(request, gettext("The version was put back."))
                return redirect("admin:sahel_event_change", wanted.event)
        now = snapshots([wanted.event]).get(wanted.event)
        context |= {
            "wanted": wanted,
            "differences": compare(now, wanted.snapshot),
            "heading": gettext("Put back version %(number)s of %(day)s")
            % {"number": wanted.number, "day": date_format(wanted.at)},
            "problems": problems,
            "why": request.POST.get("why", ""),
        }
        return TemplateResponse(request, "admin/restore.html", context)

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
        if not (event or versions):
            raise Http404
        title = gettext("History: %(event)s") % {"event": event or versions[0].slug}
        about = {"title": title, "event": event, "key": key, "versions": versions}
        return {**self.admin_site.each_context(request), **about, "opts": self.opts}

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
        public = obj.publication == Event.Publication.PUBLISHED
        if public and not hasattr(request.user, "signature"):
            said = gettext("Readers see “an editor” beside what you change.")
            choose = gettext("Choose a public name")
            page = reverse("admin:sahel_signature_add")
            messages.info(request, format_html('{} <a href="{}">{}</a>', said, page, choose))
        if not change or "date" in form.changed_data:
            reading = gettext("The date was read as: %(reading)s.") % {"reading": self.reading(obj)}
            messages.info(request, reading)

    def save_related(self, request: HttpRequest, form: Any, formsets: Any, change: bool) -> None:
        """Note who changed the event, or approved it."""
        super().save_related(request, form, formsets, change)
        told = set(form.changed_data) - {"publication", "why"}
        self._sign(request, form.instance, bool(told) or any(map(_has_changed, formsets)))

    def _sign(self, request: HttpRequest, event: Event, changed: bool) -> None:
        if event.signed(request.user, changed=changed):
            said = gettext("It waits for review: another person has to approve what you wrote.")
            messages.warning(request, said)

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


def _has_changed(formset: Any) -> bool:
    return bool(formset.has_changed())


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


@admin.register(Change)
class ChangeAdmin(admin.ModelAdmin):
    """The list of all changes, public or not; each leads to the versions of its event."""

    list_display = ["number", "at", "event_of", "what", "why", "way", "who", "account_of"]
    list_display_links = None
    list_filter = ["what", "way", "public"]
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

    def has_add_permission(self, request: HttpRequest) -> bool:
        """Let nobody write history by hand."""
        return False

    has_change_permission = has_delete_permission = has_add_permission  # type: ignore[assignment]

    def has_view_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        """Let it be read by whoever may see events."""
        return bool(request.user.has_perm("sahel.view_event"))

    def has_module_permission(self, request: HttpRequest) -> bool:
        """Show it to whoever may read it."""
        return self.has_view_permission(request)


@admin.register(Signature)
class SignatureAdmin(admin.ModelAdmin):
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
    list_filter = [ToDo, "kind", "country"]
    fields = [
        ("name_en", "name_fr"),
        ("slug", "kind"),
        ("parent", "country"),
        ("latitude", "longitude", "precision"),
        "aliases",
        ("description_en", "description_fr"),
        "wikidata",
    ]


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
class SourceAdmin(RecordAdmin):
    """What events rest on."""

    form = WordedDateForm
    list_display = ["label_of", "publisher", "date", "language", "kind", "links", "slug"]
    list_display_links = ["label_of"]
    list_filter = [ToDo, "kind", "language"]
    search_fields = ["folded", "url", "slug"]
    search_help_text = _("Words of the title, author and publisher, or a part of the address.")
    prepopulated_fields = {"slug": ["publisher", "title"]}
    autocomplete_fields = ["original"]
    readonly_fields = ["links", "text_sha256", "text_length"]
    inlines = [SourceTextInline]
    fields = [
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

    def get_changeform_initial_data(self, request: HttpRequest) -> dict[str, Any]:
        """Take it that a source is read when it is entered."""
        return {"date_read": timezone.now().date(), **super().get_changeform_initial_data(request)}

    def save_model(self, request: HttpRequest, obj: Source, form: Any, change: bool) -> None:
        """Save, and ask for what lets others find what was read."""
        super().save_model(request, obj, form, change)
        if obj.url and not obj.archived_url:
            ask = gettext("No archived copy is on record: if the page goes, nobody can check it.")
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

    def get_queryset(self, request: HttpRequest) -> QuerySet[Source]:
        """Read what is known of the addresses in one query more."""
        sources: QuerySet[Source] = super().get_queryset(request)
        return sources.prefetch_related("link_checks")

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
