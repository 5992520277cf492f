"""What readers' pages need beyond Jinja's own: addresses, languages, words of vocabularies.

Each language has an environment of its own, so that nothing on a page asks which one is active.
"""

import base64
import gettext
import hashlib
from collections.abc import Callable
from datetime import date
from functools import cache, lru_cache, partial
from pathlib import Path
from types import SimpleNamespace
from typing import Any
from urllib.parse import urlsplit

from django.conf import settings
from django.contrib.staticfiles import finders
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.templatetags.static import static
from django.utils.formats import number_format
from django.utils.html import format_html
from django.utils.text import capfirst
from django.utils.translation import get_language_info, override
from jinja2 import Environment
from markupsafe import Markup

from sahel.dates import EDTF
from sahel.fields import Text, address, readers_language, vocabulary
from sahel.jinja import Pages, escaped
from sahel.linked import TYPE, linked
from sahel.models import (
    Actor,
    Change,
    Estimate,
    Event,
    Involvement,
    Place,
    Quotation,
    Reference,
    Source,
)
from sahel.quotations import text_fragment

# Letters that are narrow, and those that are wide.
NARROW, WIDE = set("iljtfrI.,;:!'’‘|()[] "), set("mwMWŒœÆæ—…%@")


def draw(request: HttpRequest, page: str, context: dict[str, Any], **options: Any) -> HttpResponse:
    """Draw a page in the active language; options are those of `HttpResponse`.

    Its `alternates`, other formats of the same, are named in the header `Link` too (RFC 8288).
    Where its address ends in .jsonld, give the linked data that the page holds, instead.
    """
    data = None if options else linked(request, context)
    if data and request.path.endswith(".jsonld"):
        everybody = {"Access-Control-Allow-Origin": "*"}
        return HttpResponse(data.text, content_type=TYPE, headers=everybody)
    answer = render(request, page, {"linked": data, **context}, using=readers_language(), **options)
    others = [(each.address, each.media_type) for each in context.get("alternates", ())]
    if data and data.file:
        others.append((data.file, TYPE))
    if others:
        answer["Link"] = ", ".join(
            f'<{address}>; rel="alternate"; type="{media_type}"' for address, media_type in others
        )
    return answer


def script(name: str) -> str:
    """Give the element that loads one of our scripts, if it arrives as it was written."""
    return format_html(
        '<script src="{}" integrity="{}" defer></script>',
        static(name),
        _digest(name),
    )


@cache
def _digest(name: str) -> str:
    """Give the digest of a static file as `integrity` names it (Subresource Integrity)."""
    # The manifest gives scripts other names, and leaves what stands in them.
    found = Path(str(finders.find(name)))
    return "sha384-" + base64.b64encode(hashlib.sha384(found.read_bytes()).digest()).decode()


def environment(language: str, **options: Any) -> Environment:
    """Make the environment of a language: everything escaped, a misspelt name an error."""
    texts = gettext.translation("django", settings.LOCALE_PATHS[0], [language], fallback=True)
    constant: dict[str, Callable[..., str]] = {
        "_": texts.gettext,
        "gettext": texts.gettext,
        "pgettext": texts.pgettext,
        "url": partial(address, language=language),
    }
    made = Pages(constant, **options)
    made.install_gettext_translations(texts, newstyle=False)  # type: ignore[attr-defined]
    made.globals |= {
        "in_language": in_language,
        "language": language,
        "direction": "rtl" if get_language_info(language)["bidi"] else "ltr",
        "languages": {
            code: capfirst(get_language_info(code)["name_local"])
            for code, _name in settings.LANGUAGES
        },
        "vocabularies": SimpleNamespace(
            kind=vocabulary(Event.Kind, language),
            status=vocabulary(Event.Status, language),
            basis=vocabulary(Event.DateBasis, language),
            role=vocabulary(Involvement.Role, language),
            stance=vocabulary(Quotation.Stance, language),
            supports=vocabulary(Reference.Supports, language),
            actor=vocabulary(Actor.Kind, language),
            place=vocabulary(Place.Kind, language),
            precision=vocabulary(Place.Precision, language),
            source=vocabulary(Source.Kind, language),
            wording=vocabulary(Source.Wording, language),
            measure=vocabulary(Estimate.Measure, language),
            state=vocabulary(Quotation.State, language),
            change=vocabulary(Change.What, language),
        ),
        "script": script,
        "static": static,
        "wrapped": wrapped,
    }
    made.filters |= {
        "capfirst": capfirst,
        "date": day_in_words,
        "language_name": partial(language_name, language=language),
        "lines": lines,
        "marked": _marker(language, texts.gettext("not translated yet")),
        "page": lambda slug, page: address(page, slug, language),
        "number": partial(number_format, use_l10n=True, force_grouping=True),
        "passage_url": passage_url,
    }
    return made


def _marker(language: str, title: str) -> Callable[[Text], str]:
    pattern = Markup('<span lang="{0}">%s</span> <small class="lang" title="{1}">{0}</small>')

    @lru_cache
    def around(code: str) -> str:
        return str(pattern.format(code, title))

    def marked(text: Text) -> str:
        """Mark a text with its language where that is not the page's, in a way a reader sees."""
        if text.lang == language or not text.lang:
            return text
        return Markup(around(text.lang) % escaped(text))  # noqa: S704 - it is escaped

    return marked


def lines(text: str) -> str:
    """Keep the line ends of a text."""
    return Markup("<br>").join(text.split("\n")) if "\n" in text else text


@lru_cache(maxsize=1024)
def language_name(code: str, language: str) -> str:
    """Give a language's name in the reader's language; the code where Django has no name."""
    with override(language):
        try:
            name = str(get_language_info(code)["name_translated"])
        except KeyError:
            return code
    # French writes the names of languages small.
    return name.lower() if language == "fr" else name


def passage_url(quotation: Any, url: str | None = None) -> str:
    """Give the address at which the source opens at the quotation; empty where it has none.

    It is the source's own address, or another one of the same page (a copy in an archive).
    """
    url = quotation.source_url if url is None else url
    if not url:
        return ""
    # A page with a fragment of its own is opened at ours instead.
    bare = urlsplit(url)._replace(fragment="").geturl() if "#" in url else url
    if quotation.page:  # browsers open PDF files at a page (RFC 8118), not at words
        return f"{bare}#page={quotation.page}"
    return str(bare) + text_fragment(quotation.exact, quotation.prefix, quotation.suffix)


def day_in_words(day: date) -> str:
    """Give a day, or the day of a time (UTC), as the dates of events are written."""
    return EDTF.parse(f"{day:%Y-%m-%d}").in_words()


def in_language(request: HttpRequest, code: str) -> str:
    """Give the address of this page, with its query, in another language."""
    path = request.get_full_path()
    for language, _name in settings.LANGUAGES:
        if path == f"/{language}" or path.startswith(f"/{language}/"):
            return f"/{code}{path[len(language) + 1 :]}"
    return f"/{code}/"


def wrapped(text: str, width: float, most: int) -> list[str]:
    """Break a text into lines of so many ems at most; what is too much ends with an ellipsis."""
    lines: list[str] = []
    line = ""
    for word in text.split():
        longer = f"{line} {word}".strip()
        if line and _ems(longer) > width:
            lines.append(line)
            line = word
        else:
            line = longer
    lines.append(line)
    if len(lines) > most:
        last = lines[most - 1]
        while last and _ems(f"{last}…") > width:
            last = last.rpartition(" ")[0] or last[:-1]
        lines[most - 1 :] = [f"{last.rstrip(' ,;:')}…"]
    return lines


def _ems(text: str) -> float:
    """Estimate the width of a text, in ems: rather too wide than too narrow."""
    return sum(
        0.34 if letter in NARROW else 0.95 if letter in WIDE else 0.72 if letter.isupper() else 0.57
        for letter in text
    )
