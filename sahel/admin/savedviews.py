"""Lists as editors want to see them again: named, shown as links above the list, deleted."""

import copy
from typing import Any
from urllib.parse import urlencode

from django.contrib import admin, messages
from django.contrib.admin.options import IS_FACETS_VAR, IncorrectLookupParameters
from django.contrib.admin.views.main import ALL_VAR, ERROR_FLAG, IGNORED_PARAMS, PAGE_VAR
from django.core.exceptions import PermissionDenied, SuspiciousOperation, ValidationError
from django.db import DataError, transaction
from django.db.models import Q
from django.http import Http404, HttpRequest, HttpResponse, QueryDict
from django.shortcuts import redirect
from django.urls import path, reverse
from django.utils.translation import gettext
from django.views.decorators.http import require_POST

from sahel.models import SavedView

SORTED_OR_SEARCHED = "o", "q"
# What says where one is in a list, rather than what it shows.
PASSING = {*IGNORED_PARAMS, ALL_VAR, ERROR_FLAG, IS_FACETS_VAR, PAGE_VAR} - {*SORTED_OR_SEARCHED}
MOST_PAIRS = 30  # of words and values in a query
NOT_UNDERSTOOD = (
    DataError,
    IncorrectLookupParameters,
    OverflowError,
    SuspiciousOperation,
    ValidationError,
    ValueError,
)


class SavedViewsAdmin(admin.ModelAdmin):
    """What a list does with the views of it that editors saved."""

    @property
    def of(self) -> str:
        """The name of the model, in small letters."""
        return str(self.opts.model_name)

    def get_urls(self) -> list[Any]:
        """Add the addresses to which a view is sent to be saved or deleted."""
        of = f"sahel_{self.of}"
        guard: Any = self.admin_site.admin_view
        save, delete = (require_POST(view) for view in (self.save_view, self.delete_saved_view))
        return [
            path("views/", guard(save), name=f"{of}_views"),
            path("views/<int:key>/delete/", guard(delete), name=f"{of}_views_delete"),
            *super().get_urls(),
        ]

    def changelist_view(self, request: HttpRequest, extra_context: Any = None) -> HttpResponse:
        """Show the views above the list."""
        here = _encoded(_pairs(request.GET))
        known = SavedView.objects.filter(Q(user=request.user.pk) | Q(shared=True))
        context = {
            "saved_views": known.filter(of=self.of),
            "saving": reverse(f"admin:sahel_{self.of}_views"),
            "query_here": here,
            "may_share": request.user.has_perm("sahel.share_savedview"),
        }
        answer: HttpResponse = super().changelist_view(request, context | (extra_context or {}))
        return answer

    def save_view(self, request: HttpRequest) -> HttpResponse:
        """Keep the list under a name; a view that had the name shows it from now on."""
        if not self.has_view_or_change_permission(request):
            raise PermissionDenied
        query = self._known(request, request.POST.get("query", ""))
        own = SavedView.objects.filter(user=request.user.pk)
        named: Any = {"of": self.of, "name": " ".join(request.POST.get("name", "").split())}
        kept = own.filter(**named).first()
        view = kept or SavedView(user=request.user, **named)  # type: ignore[misc]
        view.query = query
        share = "shared" in request.POST
        view.shared = share and bool(request.user.has_perm("sahel.share_savedview"))
        try:
            view.full_clean()
            if kept is None and own.count() >= SavedView.MOST:
                said = gettext("You have %(most)s views already. Delete one that you do not need.")
                raise ValidationError(said % {"most": SavedView.MOST})
        except ValidationError as error:
            said = gettext("The view “%(name)s” was not saved. %(why)s")
            why = " ".join(error.messages)
            messages.error(request, said % {"name": view.name[:60], "why": why})
        else:
            view.save()
            said = gettext("The view “%(name)s” was saved.")
            if kept:
                said = gettext("The view “%(name)s” was saved in the place of the one before.")
            messages.success(request, said % {"name": view})
        return redirect(f"{reverse(f'admin:sahel_{view.of}_changelist')}?{query}")

    def delete_saved_view(self, request: HttpRequest, key: int) -> HttpResponse:
        """Delete a view of one's own, and stay where one is."""
        own = SavedView.objects.filter(user=request.user.pk, of=self.of)
        view = own.filter(pk=key).first() if key < 2**63 else None
        if view is None:
            raise Http404
        view.delete()
        messages.success(request, gettext("The view “%(name)s” was deleted.") % {"name": view})
        query = self._known(request, request.POST.get("query", ""))
        return redirect(f"{reverse(f'admin:sahel_{view.of}_changelist')}?{query}")

    def _known(self, request: HttpRequest, query: str) -> str:
        """Give of a query what the list understands."""
        pairs = _pairs(QueryDict(query))[:MOST_PAIRS]
        return _encoded([pair for pair in pairs if self._understands(request, *pair)])

    def _understands(self, request: HttpRequest, word: str, value: str) -> bool:
        if "\0" in value or word in SORTED_OR_SEARCHED:
            return "\0" not in value
        asking = copy.copy(request)
        asking.GET = QueryDict(urlencode({word: value}))
        try:
            with transaction.atomic():
                self.get_changelist_instance(asking)
        except NOT_UNDERSTOOD:
            return False
        return True


def _pairs(query: QueryDict) -> list[tuple[str, str]]:
    return sorted((k, v) for k, values in query.lists() for v in values if k not in PASSING)


def _encoded(pairs: list[tuple[str, str]]) -> str:
    return urlencode(pairs)
