"""The lists of the admin, quick at any length: what they find, count and offer to filter by."""

from __future__ import annotations

import copy
from collections.abc import Iterator, Sequence
from datetime import date
from functools import cached_property
from typing import Any

from django.contrib import admin
from django.contrib.admin.options import IncorrectLookupParameters
from django.contrib.admin.views.main import ChangeList
from django.core.exceptions import ValidationError
from django.core.paginator import Paginator
from django.db.models import Count, F, Q, QuerySet, Value
from django.http import HttpRequest
from django.utils.text import capfirst
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from sahel.admin.savedviews import SavedViewsAdmin
from sahel.fields import chooser, readers_language
from sahel.filters import beginning, words
from sahel.models import Event
from sahel.search import Among, Gathered, telling_of
from sahel.worklists import ToDo

MOST_WORDS = 8  # of a search; each is asked for by itself
MANY = 20_000  # rows that are looked up one by one
MOST_PLACES = 30  # offered to filter by, besides those chosen


class QuickList(ChangeList):
    """A list that counts all its rows once, by the columns it is filtered by."""

    def __init__(self, *args: Any, **options: Any) -> None:
        """Name it by what it lists: languages differ in how they would ask to select one."""
        super().__init__(*args, **options)
        self.title = str(capfirst(self.opts.verbose_name_plural))

    def get_queryset(self, request: HttpRequest, exclude_parameters: Any = None) -> QuerySet[Any]:
        """Give the rows; keep those that are there before the counted columns are filtered by."""
        rows: QuerySet[Any] = super().get_queryset(request, exclude_parameters)
        counted = [spec for spec in self.filter_specs if isinstance(spec, Counted)]
        if exclude_parameters is None:
            if self.query or self.params.get(ToDo.parameter_name):
                rows = self._found_once(request, rows)
            self.counted, self.uncounted = counted, rows
        for spec in counted:
            rows = rows.filter(spec.condition())
        if isinstance(self.model_admin, ListAdmin):
            rows = rows.prefetch_related(*self.model_admin.list_prefetch_related)
        rows.how_many = lambda: self.how_many()  # type: ignore[attr-defined]
        return rows

    def _found_once(self, request: HttpRequest, rows: QuerySet[Any]) -> QuerySet[Any]:
        """Find once what takes long to find: the page asks for it, its count, days and places."""
        keys = rows.order_by().aggregate(keys=Gathered("pk"))["keys"]
        # A sum is in no index: many rows are sooner found by going through a short index of all.
        key = F("pk") + 0 if keys.count(",") > MANY else F("pk")
        found = self.root_queryset.filter(Among(key, Value(keys)))
        return self.apply_select_related(found).order_by(*self.get_ordering(request, rows))

    @cached_property
    def tally(self) -> list[tuple[tuple[Any, ...], int]]:
        """Give how many rows have which values in the counted columns, in one query."""
        columns = [spec.field_path for spec in self.counted]
        rows = self.uncounted.order_by().values_list(*columns).annotate(Count("pk"))
        return [(tuple(row[:-1]), row[-1]) for row in rows]

    def how_many(self) -> int:
        """Give the number of rows."""
        return sum(self.tallied().values()) if self.counted else self.queryset.count()

    def tallied(self, of: Counted | None = None) -> dict[Any, int]:
        """Give the rows for each value of a column if that were chosen, or all under None."""
        found: dict[Any, int] = {}
        for values, number in self.tally:
            pairs = list(zip(self.counted, values, strict=True))
            if all(spec is of or spec.lets(value) for spec, value in pairs):
                value = next((value for spec, value in pairs if spec is of), None)
                found[value] = found.get(value, 0) + number
        return found

    @property
    def of_days(self) -> QuickList:
        """Give this list for the date hierarchy: the days of its rows, told apart by us.

        Databases take ten times as long to cut years and months off each row's day.
        """
        by_day = copy.copy(self)
        by_day.queryset = _Days(self.queryset, self.date_hierarchy)
        return by_day


class _Days:
    """The days of a list's rows, asked as the date hierarchy asks a query set."""

    def __init__(self, rows: QuerySet[Any], name: str) -> None:
        """Read them."""
        found = rows.order_by().prefetch_related(None).values_list(name, flat=True).distinct()
        self.days = sorted(found)

    def aggregate(self, **_first_and_last: Any) -> dict[str, date | None]:
        """Give the first and the last one."""
        if not self.days:
            return {"first": None, "last": None}
        return {"first": self.days[0], "last": self.days[-1]}

    def dates(self, _name: str, kind: str) -> list[date]:
        """Give the first day of each year or month, or each day."""
        first = {"year": {"month": 1, "day": 1}, "month": {"day": 1}, "day": {}}[kind]
        return sorted({day.replace(**first) for day in self.days})


class TalliedPaginator(Paginator):
    """Asks the list how many rows it has, which it knows anyway."""

    @cached_property
    def count(self) -> int:
        """Give the number of rows."""
        known = getattr(self.object_list, "how_many", None)
        return known() if known else super().count


class Counted(admin.FieldListFilter):
    """Filters by a column of few values, and says how many rows each would leave."""

    def __init__(self, field: Any, request: HttpRequest, params: Any, *args: Any, **options: Any):
        """Read what is chosen; several values mean any of them."""
        self.parameter_name = f"{options['field_path']}__exact"
        super().__init__(field, request, params, *args, **options)
        try:
            chosen: Any = self.used_parameters.get(self.parameter_name, [])
            self.chosen = {field.to_python(value) for value in chosen}
        except ValidationError as error:
            raise IncorrectLookupParameters(error) from error

    def expected_parameters(self) -> list[str | None]:
        """Give the word of the address."""
        return [self.parameter_name]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> None:
        """Leave it to the list, which counts the rows before."""

    def condition(self) -> Q:
        """Give what the rows fulfil."""
        return Q(**{f"{self.field_path}__in": self.chosen}) if self.chosen else Q()

    def lets(self, value: Any) -> bool:
        """Say whether rows of that value are in the list."""
        return not self.chosen or value in self.chosen

    def choices(self, changelist: Any) -> Iterator[Any]:
        """Give the values, those of a vocabulary in its order."""
        numbers = changelist.tallied(self)
        labels = dict(self.field.flatchoices) or {
            value: {True: _("Yes"), False: _("No"), "": "–"}.get(value, value)
            for value in sorted(numbers)
        }
        yield _choice(changelist, _("All"), chosen=not self.chosen, remove=self.parameter_name)
        for value, label in labels.items():
            yield _choice(
                changelist,
                f"{label} ({numbers.get(value, 0)})",
                chosen=value in self.chosen,
                asked={self.parameter_name: int(value) if isinstance(value, bool) else value},
            )


class MostPlaces(admin.ListFilter):
    """Offers the places where most of the events took place, and those that are chosen."""

    title = _("places")
    parameter_name = "places__id__exact"

    def __init__(self, request: HttpRequest, params: Any, model: Any, model_admin: Any) -> None:
        """Read what is chosen: keys, of which what is no key names nothing."""
        super().__init__(request, params, model, model_admin)
        self.request = request
        given = params.pop(self.parameter_name, [])
        self.chosen = {int(k) if k.isascii() and k.isdigit() and len(k) < 19 else 0 for k in given}

    def has_output(self) -> bool:
        """Stand there always."""
        return True

    def expected_parameters(self) -> list[str | None]:
        """Give the word of the address."""
        return [self.parameter_name]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        """Give the events that took place in any of those chosen."""
        if not self.chosen:
            return queryset
        there = Event.places.through.objects.filter(place__in=self.chosen)
        return queryset.filter(pk__in=there.values("event"))

    def choices(self, changelist: Any) -> Iterator[Any]:
        """Give the places, those with most events first."""
        ties, there = Event.places.through.objects.all(), Q()
        if set(changelist.get_filters_params()) - {self.parameter_name} or changelist.query:
            events = changelist.queryset
            if self.chosen:  # what other places would add
                events = changelist.get_queryset(self.request, self.expected_parameters())
            there = Q(event__in=events.order_by().values("pk"))
            ties = ties.filter(there | Q(place__in=self.chosen) if self.chosen else there)
        count = Count("event", filter=there if self.chosen and there else None)
        named = ties.values_list("place", "place__name_en", "place__name_fr")
        choose, numbers, names = chooser(readers_language()), {}, {}
        for key, en, fr, number in named.annotate(number=count):
            numbers[key], names[key] = number, choose(en, fr)
        most = sorted(numbers, key=lambda key: (key not in self.chosen, -numbers[key], key))
        most = most[: MOST_PLACES + len(self.chosen)]
        yield _choice(changelist, _("All"), chosen=not self.chosen, remove=self.parameter_name)
        for key in most:
            yield _choice(
                changelist,
                f"{names[key]} ({numbers[key]})",
                chosen=key in self.chosen,
                asked={self.parameter_name: key},
            )


def _choice(
    changelist: Any, label: Any, *, chosen: bool, asked: Any = None, remove: str = ""
) -> dict[str, Any]:
    address = changelist.get_query_string(asked, [remove] if remove else [])
    return {"selected": chosen, "query_string": address, "display": label}


class ListAdmin(SavedViewsAdmin):
    """What the lists of all parts of the record have in common."""

    show_full_result_count = False
    show_facets = admin.ShowFacets.NEVER  # the columns of few values are counted all the same
    paginator = TalliedPaginator
    list_prefetch_related: Sequence[Any] = ()  # for the rows of a page alone

    def get_changelist(self, request: HttpRequest, **kwargs: Any) -> type[QuickList]:
        """Give the list that is quick at any length."""
        return QuickList

    def render_change_form(
        self, request: HttpRequest, context: Any, *args: Any, **options: Any
    ) -> Any:
        """Name the form in words that fit nouns of any gender."""
        if options.get("add"):
            title = gettext("Add: %(what)s")
        elif self.has_change_permission(request, options.get("obj")):
            title = gettext("Change: %(what)s")
        else:
            title = gettext("View: %(what)s")
        context["title"] = title % {"what": self.opts.verbose_name}
        return super().render_change_form(request, context, *args, **options)

    def lookup_allowed(self, lookup: str, value: str, request: HttpRequest | None = None) -> bool:
        """Let an address filter by what the list offers to filter by, and by no pattern."""
        field, *parts = lookup.split("__")
        offered = {each[0] if isinstance(each, tuple) else each for each in self.list_filter}
        words_of_ours = {getattr(each, "parameter_name", None) for each in self.list_filter}
        if lookup in words_of_ours:
            return True
        return field in offered | {self.date_hierarchy} and not {"regex", "iregex"} & set(parts)


class SearchedEvents(admin.ModelAdmin):
    """Finds events by the words of their texts and quotations, and of who and where they tell."""

    def get_search_results(
        self, request: HttpRequest, queryset: QuerySet[Any], search_term: str
    ) -> tuple[QuerySet[Any], bool]:
        """Give the events, published or not, that hold all words or their beginnings."""
        found = queryset
        for word in words(search_term)[:MOST_WORDS]:
            found = found.filter(pk__in=telling_of(word, beginning(word)))
        if "-" in search_term:  # as it stands in the address of a page
            found |= queryset.filter(slug=search_term.strip())
        return found, False
