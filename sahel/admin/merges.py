"""Actors, places and sources merged from their lists, and the list of merges, to undo them."""

from typing import Any

from django.conf import settings
from django.contrib import admin, messages
from django.contrib.admin.helpers import ACTION_CHECKBOX_NAME
from django.core.exceptions import PermissionDenied, ValidationError
from django.db.models import Model, QuerySet
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.template.response import TemplateResponse
from django.urls import path, reverse
from django.utils.formats import date_format
from django.utils.html import format_html, format_html_join
from django.utils.safestring import mark_safe
from django.utils.translation import gettext, ngettext
from django.utils.translation import gettext_lazy as _

from sahel.fields import one_line
from sahel.merges import merge, seen_by_readers, undo
from sahel.merging import MOST, Merging, events_of
from sahel.middleware import author_of
from sahel.models import Merge


class Merges:
    """Lets a list’s actors, places or sources be merged; for a `RecordAdmin`."""

    actions: Any = ["merge_selected"]

    def has_merge_permission(self: Any, request: HttpRequest) -> bool:
        """Let whoever may change and delete them merge them."""
        return bool(self.has_change_permission(request) and self.has_delete_permission(request))

    @admin.action(description=_("Merge…"), permissions=["merge"])
    def merge_selected(
        self: Any, request: HttpRequest, queryset: QuerySet[Any]
    ) -> HttpResponse | None:
        """Ask which one is kept, show what that does, and do it once that was seen."""
        rows = self.model._default_manager.filter(pk__in=queryset.order_by().values("pk"))
        chosen = list(rows[: MOST + 1])
        sent = "kept" in request.POST
        if len(chosen) < 2 or len(chosen) > MOST:
            said = gettext("Select two or more that are one and the same, %(most)s at most.")
            messages.warning(request, said % {"most": MOST})
            return None
        events = events_of(self.model, [each.pk for each in chosen])
        chosen.sort(key=lambda each: (-events[each.pk], each.pk))
        keys = {str(each.pk): each for each in chosen}
        kept = keys.get(request.POST.get("kept", ""), chosen[0])
        merging = Merging(kept, [each for each in chosen if each is not kept])
        problems = list(merging.problems)
        if sent:
            stale = [
                *(str(o) for o in chosen if self.version_of(o) != request.POST.get(f"seen-{o.pk}")),
                *sorted(set(request.POST.getlist(ACTION_CHECKBOX_NAME)) - keys.keys()),
            ]
            if stale:
                said = gettext("Changed since this page was shown: %(names)s. Look again.")
                problems.insert(0, said % {"names": ", ".join(stale)})
        wanted = "merge" in request.POST and not problems
        note = ""
        if wanted and request.POST.get("looked") != str(kept.pk):
            note = gettext("This is what is done if “%(kept)s” is kept. Look at it, then merge.")
            note %= {"kept": kept}
        elif wanted and merging.public and not request.user.has_perm("sahel.publish_event"):
            problems.append(gettext("Readers see some of it: only those who may publish merge it."))
        elif wanted and merging.public and not one_line(request.POST.get("why", "")):
            problems.append(gettext("Say in a few words why you take them for one and the same."))
        elif wanted:
            problems += self._merge(request, merging)
            if not problems:
                return redirect(request.get_full_path())
            kept.refresh_from_db()
            merging = Merging(kept, merging.others)
        context = {
            **self.admin_site.each_context(request),
            "title": gettext("Merge %(names)s") % {"names": self.opts.verbose_name_plural},
            "opts": self.opts,
            "chosen": [(o, _events(events[o.pk]), self.version_of(o)) for o in chosen],
            "merging": merging,
            "held": settings.APPROVAL and merging.public,
            "problems": problems,
            "note": note,
            "why": request.POST.get("why", ""),
        }
        return TemplateResponse(request, "admin/merge.html", context)

    def _merge(self: Any, request: HttpRequest, merging: Merging) -> list[str]:
        """Merge, and say where it can be undone; or give what stands in the way."""
        kept, gone = merging.kept, list(merging.others)
        try:
            made = merge(merging, by=request.user, author=author_of(request))
        except ValidationError as error:
            return error.messages
        names = ", ".join(str(each) for each in gone)
        self.log_change(request, kept, f"{names} → {kept}")
        said = gettext("Merged into “%(kept)s”: %(names)s.") % {"kept": kept, "names": names}
        page = reverse("admin:sahel_merge_undo", args=[made.pk])
        link = gettext("Undo it")
        messages.success(request, format_html('{} <a href="{}">{}</a>', said, page, link))
        return []


def _events(number: int) -> str:
    return ngettext("%(count)s event", "%(count)s events", number) % {"count": number}


@admin.register(Merge)
class MergeAdmin(admin.ModelAdmin):
    """What was merged into what, to be looked up and undone."""

    list_display = ["at", "names", "into", "undoing", "who", "why"]
    list_display_links = ["at"]
    list_filter = ["kind"]
    list_select_related = ["by", "undone_by"]
    list_per_page = 50
    search_fields = ["slug", "why"]
    fields = ("at", "kind", "names", "into", "who", "why", "addresses", "undoing")
    readonly_fields = fields

    def has_add_permission(self, request: HttpRequest) -> bool:
        """Let none be written by hand."""
        return False

    def has_change_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        """Keep each as it is."""
        return False

    has_delete_permission = has_change_permission

    def get_urls(self) -> list[Any]:
        """Add the page on which a merge is undone."""
        view = self.admin_site.admin_view(self.undo_view)
        return [path("<int:key>/undo/", view, name="sahel_merge_undo"), *super().get_urls()]

    def undo_view(self, request: HttpRequest, key: int) -> HttpResponse:
        """Say what comes back, ask why, and undo it."""
        made = self.get_queryset(request).filter(pk=key).first()
        if made is None:
            raise Http404
        of = self.admin_site.get_model_admin(made.model)
        may: Any = getattr(of, "has_merge_permission", lambda _request: False)
        if not (self.has_view_permission(request) and may(request)):
            raise PermissionDenied
        problems: list[str] = []
        if request.method == "POST":
            if not request.POST.get("why", "").strip() and seen_by_readers(made):
                problems = [gettext("Say in a few words why they are not one and the same.")]
            else:
                problems = self._undo(request, made)
            if not problems:
                return redirect("admin:sahel_merge_changelist")
        context = {
            **self.admin_site.each_context(request),
            "title": gettext("Undo a merge"),
            "opts": self.opts,
            "made": made,
            "asked": seen_by_readers(made),
            "problems": problems,
            "why": request.POST.get("why", ""),
        }
        return TemplateResponse(request, "admin/undo_merge.html", context)

    def _undo(self, request: HttpRequest, made: Merge) -> list[str]:
        """Undo it, and say what stays as it is; or give what stands in the way."""
        try:
            stayed = undo(made, by=request.user)
        except ValidationError as error:
            return error.messages
        kept = made.model._default_manager.get(pk=made.key)
        self.log_change(request, kept, f"{kept} → {', '.join(map(str, made.gone()))}")
        messages.success(request, gettext("The merge was undone."))
        if stayed:
            said = ngettext(
                "%(count)s thing was changed since and stays as it is.",
                "%(count)s things were changed since and stay as they are.",
                stayed,
            )
            messages.warning(request, said % {"count": stayed})
        return []

    @admin.display(description=_("gone"))
    def names(self, made: Merge) -> str:
        """Name those that are gone."""
        return ", ".join(str(each) for each in made.gone())

    @admin.display(description=_("kept"), ordering="slug")
    def into(self, made: Merge) -> str:
        """Lead to the one that is kept, if it is there."""
        kept = made.model._default_manager.filter(pk=made.key).first()
        if kept is None:
            return made.slug
        page = reverse(f"admin:sahel_{made.kind}_change", args=[made.key])
        return format_html('<a href="{}">{}</a>', page, kept)

    @admin.display(description=_("their slugs and addresses"))
    def addresses(self, made: Merge) -> str:
        """Give what led to those that are gone: slugs, and a source’s own addresses."""
        lines = [[*row["slugs"], row.get("url"), row.get("archived_url")] for row in made.merged]
        told = [(", ".join(filter(None, line)),) for line in lines]
        return format_html_join(mark_safe("<br>"), "{}", told)

    @admin.display(description=_("by"), ordering="by__username")
    def who(self, made: Merge) -> str:
        """Name whoever merged them."""
        return str(made.by or "–")

    @admin.display(description=_("undone"), ordering="undone_at")
    def undoing(self, made: Merge) -> str:
        """Say when it was undone, and by whom, or lead to where it is."""
        if made.undone_at:
            return f"{date_format(made.undone_at)} ({made.undone_by or '–'})"
        page = reverse("admin:sahel_merge_undo", args=[made.pk])
        return format_html('<a href="{}">{}</a>', page, gettext("Undo…"))
