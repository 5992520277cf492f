"""How what is being typed would be read: a date, and a quotation held against its source's text."""

from typing import Any

from django.contrib import admin
from django.core.exceptions import ValidationError
from django.http import HttpRequest, JsonResponse
from django.urls import path
from django.utils.translation import gettext, pgettext

from sahel.dates import EDTFError
from sahel.known import by_key
from sahel.models import Quotation
from sahel.quotations import find
from sahel.worded import read

MOST_COMPARED = 1000  # characters of which is said what differs: it takes a second at most


class ReadingsAdmin(admin.ModelAdmin):
    """Answers an open form's questions; nothing is saved by them, and a form works without."""

    def get_urls(self) -> list[Any]:
        """Add the two addresses that are asked while somebody types."""
        name, view = f"sahel_{self.opts.model_name}", self.admin_site.admin_view
        return [
            path("read/date/", view(self.date_view), name=f"{name}_read_date"),
            path("read/quotation/", view(self.quotation_view), name=f"{name}_read_quotation"),
            *super().get_urls(),
        ]

    def date_view(self, request: HttpRequest) -> JsonResponse:
        """Say how `date` is read, where `source` (a primary key) was quoted first."""
        typed = request.GET.get("date", "").strip()
        source = by_key(request.GET.get("source", ""))
        try:
            date = read(typed, source.date or None if source else None)
        except EDTFError as error:
            return JsonResponse({"right": False, "told": [str(error)]})
        edtf = "" if str(date) == typed else f" ({date})"
        told = [f"{date.in_words()}{edtf}"]
        return JsonResponse({"right": True, "told": told, "edtf": str(date)})

    def quotation_view(self, request: HttpRequest) -> JsonResponse:
        """Say whether `exact` stands in the text of `source`, at `start` where it does so twice."""
        source, start = by_key(request.GET.get("source", "")), request.GET.get("start", "")
        if source is None or not self.has_view_permission(request):
            return JsonResponse({"right": None, "told": []})
        if (kept := source.texts.first()) is None:
            told = gettext("The source’s text is not on record: it cannot be checked here.")
            return JsonResponse({"right": None, "told": [told]})
        quotation = Quotation(source=source, exact=request.GET.get("exact", "").strip())
        if len(quotation.exact) > MOST_COMPARED and not find(quotation.exact, kept.text):
            told = gettext("These words do not stand in the source’s text.")
            return JsonResponse({"right": False, "told": [told]})
        if start.isascii() and start.isdigit() and len(start) < 10:
            quotation.start = int(start)
        try:
            quotation.clean()
        except ValidationError as error:
            return JsonResponse({"right": False, "told": error.messages})
        told = f"{quotation.get_state_display()}; {where_it_stands(quotation)}"
        return JsonResponse({"right": True, "told": [told]})


def where_it_stands(quotation: Quotation) -> str:
    """Give the passage of a quotation with the words around it, in words."""
    if quotation.start is None:
        return gettext("not found yet")
    place = {"start": quotation.start, "end": quotation.end}
    found = gettext("characters %(start)s to %(end)s") % place
    colon = pgettext("before a quotation", ":")
    around = f"{colon} …{quotation.prefix}[…]{quotation.suffix}…"
    return found + (around if quotation.prefix or quotation.suffix else "")
