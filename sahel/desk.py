"""The admin as a whole: what stands on each of its pages."""

from typing import Any

from django.conf import settings
from django.contrib import admin
from django.http import HttpRequest
from django.urls import translate_url
from django.utils.translation import get_language, get_language_info
from django.utils.translation import gettext_lazy as _

from sahel.filters import fold


class Desk(admin.AdminSite):
    """Where editors work."""

    site_header = _("Sahel timeline: editing")
    site_title = _("Sahel timeline")
    index_title = _("The record")

    def get_app_list(self, request: HttpRequest, app_label: str | None = None) -> list[Any]:
        """Give the menu in the order of the alphabet, in which É is an E."""
        apps: list[Any] = super().get_app_list(request, app_label)
        for app in apps:
            app["models"].sort(key=lambda model: fold(str(model["name"])))
        return apps

    def each_context(self, request: HttpRequest) -> dict[str, Any]:
        """Give the addresses of the same page in the other languages, too."""
        here = request.get_full_path()
        others = [
            {**get_language_info(code), "address": translate_url(here, code)}
            for code, _name in settings.LANGUAGES
            if code != get_language()
        ]
        return {**super().each_context(request), "other_languages": others}
