"""What the forms and lists of all parts of the record have in common."""

from typing import Any

from django.contrib import admin, messages
from django.contrib.admin.models import LogEntry
from django.contrib.admin.utils import unquote
from django.contrib.admin.widgets import RelatedFieldWidgetWrapper
from django.contrib.contenttypes.models import ContentType
from django.core.exceptions import PermissionDenied
from django.db import models
from django.db.models import PROTECT, QuerySet
from django.forms import BaseInlineFormSet
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import path
from django.utils.text import capfirst
from django.utils.translation import gettext

from sahel.admin.lists import ListAdmin
from sahel.filters import words
from sahel.forms import mark_untranslated
from sahel.models import Event, Opening
from sahel.stale import VersionedForm, changed_since, version_of, without_the_deleted
from sahel.widgets import Textarea

# Short texts, so that a whole event fits on few screens; the corner can be pulled.
SHORT_TEXTS: dict[type[models.Field], dict[str, Any]] = {
    models.TextField: {"widget": Textarea(attrs={"rows": 4, "cols": 80})}
}


MOST_NAMED = 100  # of what stands in the way of deleting


class LabelledRows(BaseInlineFormSet):
    """Rows whose fields are named for whoever cannot see the heads of a table's columns."""

    def add_fields(self, form: Any, index: int | None) -> None:
        """Name the fields, that for deletion among them."""
        super().add_fields(form, index)
        for field in form.fields.values():
            if not field.widget.is_hidden:
                field.widget.attrs.setdefault("aria-label", field.label)


class LabelledInline(admin.TabularInline):
    """A table of rows that are named."""

    formset = LabelledRows


class CalmLinks:
    """Offers to change what a field refers to, or to add it; not to delete it from there."""

    def formfield_for_dbfield(self, db_field: Any, request: HttpRequest, **kwargs: Any) -> Any:
        """Leave out two of four links."""
        field = super().formfield_for_dbfield(db_field, request, **kwargs)  # type: ignore[misc]
        widget = getattr(field, "widget", None)
        if isinstance(widget, RelatedFieldWidgetWrapper):
            widget.can_delete_related = widget.can_view_related = False
        return field


class RecordAdmin(CalmLinks, ListAdmin):
    """What the forms and lists of all parts of the record have in common."""

    form = VersionedForm
    leads_from: tuple[str, ...] = ()  # what leads from events to it, in the ORM's words
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

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Let what readers or reviewers look at be changed by those who review."""
        allowed = bool(super().has_change_permission(request, obj))
        if not allowed or obj is None or request.user.has_perm("sahel.review_event"):
            return allowed
        return not self._is_looked_at(obj, Event.objects.exclude(publication="draft"))

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Let nothing vanish from an event that readers see."""
        allowed = bool(super().has_delete_permission(request, obj))
        return allowed and (obj is None or not self._is_looked_at(obj, Event.objects.published()))

    def _is_looked_at(self, obj: Any, events: QuerySet[Event]) -> bool:
        """Say whether some of the events lead to it, or something that stands under it."""
        above = [tie for tie in self.opts.related_objects if tie.related_model is self.model]
        return any(events.filter(**{name: obj.pk}).exists() for name in self.leads_from) or any(
            tie.related_model._default_manager.filter(**{tie.field.name: obj.pk}).exists()
            for tie in above
        )

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
        mark_untranslated(form)
        for formset in context["inline_admin_formsets"]:
            for each in formset.formset.forms:
                mark_untranslated(each)
        if getattr(form, "stale", False):
            context["meanwhile"] = self.meanwhile(form)
        if form.instance.pk:
            context["others"] = Opening.by_others(form.instance, request.user)
        return super().render_change_form(request, context, *args, **options)

    def get_urls(self) -> list[Any]:
        """Add the address at which an open form is heard of."""
        view = self.admin_site.admin_view(self.opened_view)
        name = f"sahel_{self.opts.model_name}_opened"
        return [path("<path:object_id>/opened/", view, name=name), *super().get_urls()]

    def opened_view(self, request: HttpRequest, object_id: str) -> HttpResponse:
        """Note that the form is open, and say who else has it open."""
        obj = self.get_object(request, unquote(object_id))
        if request.method != "POST" or obj is None:
            raise Http404
        if not self.has_change_permission(request, obj):
            raise PermissionDenied
        Opening.note(obj, request.user)
        return render(
            request, "admin/others.html", {"others": Opening.by_others(obj, request.user)}
        )

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

    def get_deleted_objects(self, objs: Any, request: HttpRequest) -> Any:
        """Say how many things stand in the way of deleting, rather than name thousands of them."""
        kept, many = [], False
        for tie in self.opts.related_objects:
            if tie.on_delete is PROTECT:
                rows = tie.related_model._default_manager.filter(**{f"{tie.field.name}__in": objs})
                number = rows.count()
                kept += [f"{capfirst(rows.model._meta.verbose_name_plural)}: {number}"] * (
                    number > 0
                )
                many = many or number > MOST_NAMED
        if many:
            return [], {}, set(), kept
        return super().get_deleted_objects(objs, request)

    def get_search_results(
        self, request: HttpRequest, queryset: QuerySet[Any], search_term: str
    ) -> tuple[QuerySet[Any], bool]:
        """Search the folded columns for the folded words, as readers' search does."""
        found: tuple[QuerySet[Any], bool] = super().get_search_results(
            request, queryset, " ".join(words(search_term))
        )
        return found
