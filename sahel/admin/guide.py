"""The editors' guide, `docs/editing.md` and its translation, as a page of the admin."""

import re
from functools import cache
from pathlib import Path

from django.conf import settings
from django.contrib import admin
from django.http import HttpRequest, HttpResponse
from django.template.response import TemplateResponse
from django.templatetags.static import static
from django.utils.safestring import SafeString, mark_safe
from django.utils.translation import gettext
from markdown import markdown

from sahel.fields import readers_language

FILES = {"en": "editing.md", "fr": "editing.fr.md"}


def guide(request: HttpRequest) -> HttpResponse:
    """Show the guide in the active language."""
    context = {
        **admin.site.each_context(request),
        "title": gettext("Help"),
        "guide": _drawn(readers_language()),
    }
    return TemplateResponse(request, "admin/guide.html", context)


@cache
def _drawn(language: str) -> SafeString:
    text = Path(settings.BASE_DIR, "docs", FILES[language]).read_text()
    # The page has a title and a link to the other language of its own.
    text = re.sub(r"(?m)^(# .*|\*\[.*\]\(editing.*\)\*)$", "", text)
    html = markdown(text, extensions=["tables", "toc"])
    pictures = re.compile(r'src="\.\./static/([^"]+)"')
    return mark_safe(pictures.sub(lambda found: f'src="{static(found[1])}"', html))  # noqa: S308
