"""What is left to do: lists on the admin’s start page, each a filter of a list of the admin."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from django.contrib import admin
from django.db.models import Count, Exists, F, Max, Min, Model, OuterRef, Q, QuerySet
from django.db.models.functions import Coalesce
from django.http import HttpRequest
from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from sahel.models import Event, LinkCheck, Place, Quotation, Source


@dataclass(frozen=True)
class WorkList:
    """Rows of a model that need work: a condition, which may depend on who asks."""

    model: type[Model]
    label: Any
    condition: Callable[[HttpRequest], Any]
    on_start: bool = True
    counted: bool = True  # on the start page; not where that takes seconds in a large record


def _single_source(_request: HttpRequest) -> Any:
    """Match published events of which all quotations come from one original."""
    original = Coalesce(F("source__original_id"), F("source_id"))
    quoted = Quotation.objects.order_by().values("event")
    one = quoted.annotate(first=Min(original), last=Max(original)).filter(first=F("last"))
    return _PUBLIC & Q(pk__in=one.values("event"))


def _twins(_request: HttpRequest) -> Any:
    """Match events that share the first day, the kind and a place with another one."""
    ties = Event.places.through.objects
    own = ties.filter(event=OuterRef(OuterRef(OuterRef("pk")))).values("place")
    there = ties.filter(event=OuterRef("pk"), place__in=own)
    # By the day first: few events share one, however many share a place.
    others = Event.objects.filter(sort_date=OuterRef("sort_date"), kind=OuterRef("kind"))
    return ~_GONE & Q(Exists(others.exclude(pk=OuterRef("pk")).filter(Exists(there))))


def _asked(**outcome: Any) -> Any:
    """Match sources of whose present addresses that came out."""
    page = Q(archived=False, url=OuterRef("url"))
    copy = Q(archived=True, url=OuterRef("archived_url"))
    return Q(Exists(LinkCheck.objects.filter(page | copy, source=OuterRef("pk"), **outcome)))


_PUBLIC = Q(publication=Event.Publication.PUBLISHED)
_REVIEWED = Q(publication=Event.Publication.REVIEW)
_GONE = Q(publication=Event.Publication.WITHDRAWN)
_LOST = (LinkCheck.Outcome.GONE, LinkCheck.Outcome.FAILS, LinkCheck.Outcome.FORBIDDEN)
_UNTRANSLATED = (
    Q(title_en="")
    | Q(title_fr="")
    | (Q(summary_en="") & ~Q(summary_fr=""))
    | (Q(summary_fr="") & ~Q(summary_en=""))
)

# By the word that stands in the address.
LISTS: dict[str, WorkList] = {
    "mine": WorkList(
        Event,
        _("my drafts"),
        lambda request: Q(publication=Event.Publication.DRAFT, edited_by=request.user.pk),
    ),
    "waiting": WorkList(
        Event,
        _("waiting for review"),
        lambda _request: _REVIEWED & Q(approved_by=None, publish_at=None),
    ),
    "approved": WorkList(
        Event,
        _("approved, to be published"),
        lambda _request: _REVIEWED & Q(approved_by__isnull=False, publish_at=None),
    ),
    "scheduled": WorkList(
        Event,
        _("to be published at a time that is set"),
        lambda _request: Q(publish_at__isnull=False),
    ),
    "single": WorkList(Event, _("resting on a single source"), _single_source),
    "untranslated": WorkList(Event, _("not translated"), lambda _request: ~_GONE & _UNTRANSLATED),
    "imprecise": WorkList(
        Event,
        _("date not known to the day"),
        lambda _request: (
            _PUBLIC & (Q(earliest=None) | Q(latest=None) | Q(earliest__lt=F("latest")))
        ),
    ),
    "twins": WorkList(Event, _("perhaps entered twice"), _twins, counted=False),
    "unplaced": WorkList(
        Place,
        _("without coordinates"),
        lambda _request: (
            Q(latitude=None) & Q(Exists(Event.places.through.objects.filter(place=OuterRef("pk"))))
        ),
    ),
    "missing": WorkList(
        Quotation,
        _("not found any more"),
        lambda _request: Q(state=Quotation.State.MISSING),
    ),
    "unchecked": WorkList(
        Quotation, _("never checked"), lambda _request: Q(state=Quotation.State.UNCHECKED)
    ),
    "lost": WorkList(
        Source,
        _("an address is gone or does not answer"),
        lambda _request: _asked(outcome__in=_LOST),
    ),
    "moved": WorkList(
        Source,
        _("an address has moved for good"),
        lambda _request: _asked(outcome=LinkCheck.Outcome.MOVED),
        on_start=False,
    ),
    "uncopied": WorkList(
        Source, _("no archived copy"), lambda _request: Q(archived_url="") & ~Q(url="")
    ),
    "unasked": WorkList(
        Source,
        _("never asked whether it answers"),
        lambda _request: ~Q(url="") & ~_asked(),
        on_start=False,
    ),
}


class ToDo(admin.SimpleListFilter):
    """Offers a model's work lists beside its list."""

    title = _("to do")
    parameter_name = "todo"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, Any]]:
        """Give the lists of this model."""
        model = model_admin.model
        return [(name, each.label) for name, each in LISTS.items() if each.model is model]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        """Give the rows of the list that is chosen."""
        chosen = LISTS.get(self.value() or "")
        if chosen is None or chosen.model is not queryset.model:
            return queryset
        return queryset.filter(chosen.condition(request))


def counted(request: HttpRequest) -> list[dict[str, Any]]:
    """Give the lists of the start page that the user may see, with counts: one query a model."""
    found = []
    for model in dict.fromkeys(each.model for each in LISTS.values()):
        name = model._meta.model_name
        if not request.user.has_perm(f"sahel.view_{name}"):
            continue
        lists = {word: each for word, each in LISTS.items() if each.model is model}
        lists = {word: each for word, each in lists.items() if each.on_start}
        numbers = model._default_manager.aggregate(
            **{
                f"of_{word}": Count("pk", filter=each.condition(request))
                for word, each in lists.items()
                if each.counted
            }
        )
        page = reverse(f"admin:sahel_{name}_changelist")
        found += [
            {
                "of": model._meta.verbose_name_plural,
                "label": each.label,
                "number": numbers.get(f"of_{word}"),
                "address": f"{page}?{ToDo.parameter_name}={word}",
            }
            for word, each in lists.items()
        ]
    return found
