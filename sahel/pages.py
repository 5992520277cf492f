"""What readers' pages need beyond Jinja's own: addresses, languages, words of vocabularies.

Each language has an environment of its own, so that nothing on a page asks which one is active.
"""

import gettext
from collections.abc import Callable
from functools import lru_cache, partial
from typing import Any
from urllib.parse import urlsplit

from django.conf import settings
from django.db.models import TextChoices
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.templatetags.static import static
from django.utils.formats import date_format, number_format
from django.utils.text import capfirst
from django.utils.translation import get_language, get_language_info, override
from django_htmx.jinja import htmx_script
from jinja2 import Environment, StrictUndefined, pass_context
from jinja2.compiler import CodeGenerator, Frame
from jinja2.runtime import Context
from markupsafe import Markup, _escape_inner, escape  # type: ignore[attr-defined]

from sahel.fields import Text, address
from sahel.models import Actor, Event, Involvement, Place, Quotation, Reference, Source
from sahel.quotations import text_fragment


def draw(
    request: HttpRequest, page: str, context: dict[str, Any], status: int = 200
) -> HttpResponse:
    """Draw a page in the active language."""
    using = get_language() or settings.LANGUAGE_CODE
    return render(request, page, context, status=status, using=using)


def escaped(value: object) -> str:
    """Escape a value for HTML like `markupsafe.escape()`, which wraps each in an object of its own.

    A page writes some three thousand values; a fifth of its time went into these objects.
    """
    return str(_escape_inner(value)) if type(value) is str else escape(value)


class _Generator(CodeGenerator):
    """Writes `environment.escape()` where Jinja writes `escape()`."""

    def _output_child_pre(self, node: Any, frame: Frame, finalize: Any) -> None:
        if frame.eval_ctx.autoescape and not frame.eval_ctx.volatile and not finalize.src:
            self.write("environment.")
        super()._output_child_pre(node, frame, finalize)


class Pages(Environment):
    """Jinja's environment with a quicker way to escape."""

    code_generator_class = _Generator
    escape = staticmethod(escaped)


def environment(language: str, **options: Any) -> Environment:
    """Make the environment of a language: everything escaped, a misspelt name an error."""
    made = Pages(
        **{
            **options,
            "autoescape": True,
            "undefined": StrictUndefined,
            "extensions": ["jinja2.ext.i18n"],
            "trim_blocks": True,
            "lstrip_blocks": True,
        }
    )
    texts = gettext.translation("django", settings.LOCALE_PATHS[0], [language], fallback=True)
    made.install_gettext_translations(texts, newstyle=False)  # type: ignore[attr-defined]
    made.globals |= {
        "htmx_script": htmx_script,
        "in_language": in_language,
        "language": language,
        "languages": {
            code: capfirst(get_language_info(code)["name_local"])
            for code, _name in settings.LANGUAGES
        },
        "vocabularies": {
            name: Vocabulary(choices, language)
            for name, choices in (
                ("kind", Event.Kind),
                ("status", Event.Status),
                ("basis", Event.DateBasis),
                ("role", Involvement.Role),
                ("stance", Quotation.Stance),
                ("supports", Reference.Supports),
                ("actor", Actor.Kind),
                ("place", Place.Kind),
                ("precision", Place.Precision),
                ("source", Source.Kind),
            )
        },
        "static": static,
        "url": partial(address, language=language),
    }
    made.filters |= {
        "capfirst": capfirst,
        "date": date_format,
        "language_name": partial(language_name, language=language),
        "lines": lines,
        "marked": _marker(language, texts.gettext("not translated yet")),
        "page": lambda slug, page: address(page, slug, language),
        "number": partial(number_format, use_l10n=True, force_grouping=True),
        "passage_url": passage_url,
    }
    return made


def _marker(language: str, title: str) -> Callable[[Text], str]:
    pattern = Markup('<span lang="{0}">{1}</span> <small class="lang" title="{2}">{0}</small>')

    def marked(text: Text) -> str:
        """Mark a text with its language where that is not the page's, in a way a reader sees."""
        if text.lang == language or not text.lang:
            return text
        return pattern.format(text.lang, text, title)

    return marked


def lines(text: str) -> str:
    """Keep the line ends of a text."""
    return Markup("<br>").join(text.split("\n")) if "\n" in text else text


class Vocabulary(dict[str, str]):
    """The words of a closed vocabulary in one language; a value it does not know stands for itself.

    As `get_<name>_display()`, which takes as long as the rest of a line.
    """

    def __init__(self, choices: type[TextChoices], language: str) -> None:
        """Look all words up, once."""
        with override(language):
            super().__init__((value, str(label)) for value, label in choices.choices)

    def __missing__(self, value: str) -> str:
        return value


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


def passage_url(quotation: Any) -> str:
    """Give the address at which the source opens at the quotation; empty where it has none."""
    url = quotation.source_url
    if not url:
        return ""
    # A page with a fragment of its own is opened at ours instead.
    bare = urlsplit(url)._replace(fragment="").geturl() if "#" in url else url
    return str(bare) + text_fragment(quotation.exact)


@pass_context
def in_language(context: Context, code: str) -> str:
    """Give the address of this page, with its query, in another language."""
    path: str = context["request"].get_full_path()
    for language, _name in settings.LANGUAGES:
        if path == f"/{language}" or path.startswith(f"/{language}/"):
            return f"/{code}{path[len(language) + 1 :]}"
    return f"/{code}/"
