"""The editors' guide as a page of the admin; `bin/guide.py` makes its pieces of `docs/`."""

from django.contrib import admin
from django.http import HttpRequest, HttpResponse
from django.template.response import TemplateResponse
from django.utils.translation import gettext

from sahel.fields import readers_language


def guide(request: HttpRequest) -> HttpResponse:
    """Show the guide in the active language, in English where it is not written in that."""
    context = {
        **admin.site.each_context(request),
        "title": gettext("Help"),
        "guide": [f"admin/_guide_{readers_language()}.html", "admin/_guide_en.html"],
    }
    return TemplateResponse(request, "admin/guide.html", context)
