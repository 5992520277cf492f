"""The few words that templates need beyond Django's."""

from typing import Any
from urllib.parse import urlsplit

from django import template
from django.conf import settings
from django.template.context import Context
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import get_language, get_language_info, gettext

from sahel.fields import Text
from sahel.filters import Facet, Filters
from sahel.models import Quotation
from sahel.quotations import text_fragment

register = template.Library()


@register.filter
def marked(text: Text) -> SafeString:
    """Mark a text with its language where that is not the page's, in a way a reader sees."""
    lang = getattr(text, "lang", "")
    if not lang or lang == get_language():
        return format_html("{}", str(text))
    return format_html(
        '<span lang="{0}">{1}</span> <small class="lang" title="{2}">{0}</small>',
        lang,
        str(text),
        gettext("not translated yet"),
    )


@register.filter
def language_name(code: str) -> str:
    """Give a language's name in the reader's language; the code where Django has no name."""
    try:
        name = str(get_language_info(code)["name_translated"])
    except KeyError:
        return code
    # French writes the names of languages small.
    return name.lower() if get_language() == "fr" else name


@register.filter
def passage_url(quotation: Quotation) -> str:
    """Give the address at which the source opens at the quotation; empty where it has none."""
    url = quotation.source.url
    if not url:
        return ""
    # A page with a fragment of its own is opened at ours instead.
    bare = urlsplit(url)._replace(fragment="").geturl()
    return bare + text_fragment(quotation.exact)


@register.filter
def host(url: str) -> str:
    """Give the host of an address, as a reader wants to see it before following a link."""
    return (urlsplit(url).hostname or "").removeprefix("www.")


@register.simple_tag(takes_context=True)
def in_language(context: Context, code: str) -> str:
    """Give the address of this page, with its query, in another language."""
    request: Any = context["request"]
    path: str = request.get_full_path()
    for language, _name in settings.LANGUAGES:
        if path == f"/{language}" or path.startswith(f"/{language}/"):
            return f"/{code}{path[len(language) + 1 :]}"
    return f"/{code}/"


@register.simple_tag
def excluding(filters: Filters, facet: Facet, value: str) -> str:
    """Give the query of a selection that leaves a value out."""
    return filters.adding(facet, f"-{value}").query or "?"
