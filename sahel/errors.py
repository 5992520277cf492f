"""Pages for what went wrong, in the reader's language: none asks the database, or for a session.

They say what to do next, and give the id under which the log has more.
"""

import logging
import sys
from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.exceptions import RequestDataTooBig
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.template.loader import render_to_string
from django.utils.text import format_lazy
from django.utils.translation import get_language_from_request, override
from django.utils.translation import gettext_lazy as _

from sahel.databases import gave_up
from sahel.logs import request_id
from sahel.requesters import from_here

logger = logging.getLogger(__name__)

# What each status says: in a title, and what a reader can do.
PAGES = {
    400: (
        _("This request could not be understood"),
        _("Its address, or what was sent, is not as it should be. Go back and try again."),
    ),
    403: (
        _("This is not for your account"),
        _("Sign in with an account that may see it, or ask whoever runs the site."),
    ),
    404: (
        _("There is nothing at this address"),
        _("The page may have been renamed or never existed."),
    ),
    405: (
        _("This page cannot be used in that way"),
        _("It can be read, but nothing can be sent to it. Open its address in your browser."),
    ),
    410: (_("This is gone"), _("It was public once. The list of changes says why it is not now.")),
    413: (
        _("That is too much at once"),
        _("Go back and send less: a smaller file, or fewer rows."),
    ),
    429: (
        _("That was too often"),
        _("Wait a few minutes, then try again. Others may be using the same connection as you."),
    ),
    500: (
        _("Something went wrong on our side"),
        _("Nothing you wrote was changed. The error was noted; try again in a while."),
    ),
    503: (
        _("The site cannot answer right now"),
        _(
            "The database does not answer. It usually comes back by itself: try again in a minute; "
            "pages that you have read lately may still be there."
        ),
    ),
}
RETRY = {429: "300", 503: "30"}  # seconds
FORM = (
    _("This form was not sent"),
    _(
        "It was opened before you signed in, too long ago, or without this site’s cookies. "
        "Nothing was changed. Go back, load the form again and send it again."
    ),
)
NOT_SAVED = (
    _("Nothing was saved"),
    _("What you typed is here. Leave this page open, and send it again in a while."),
)
DISK = _("The server’s disk is full: whoever runs the site has to make room.")
FILES = _("Files have to be chosen again.")
# Shown to nobody, or sent in a way of its own.
OWN = "password", "csrfmiddlewaretoken"
FULL = "53100", "full"  # PostgreSQL's SQLSTATE, SQLite's word


def page(request: HttpRequest, status: int, **context: Any) -> HttpResponse:
    """Draw the page of a status, one of `PAGES`, in the language of the address or the browser.

    `title` and `advice` replace what it says; `typed` are names and texts to be copied from it,
    `again` names and values to be sent again, with `token`.
    """
    title, advice = PAGES[status]
    # Not the active language: what failed may have failed before it was known.
    language = get_language_from_request(request, check_path=True)
    told = {"title": title, "advice": advice, "typed": [], "again": [], **context}
    try:
        with override(language):
            text = str(
                render_to_string(
                    "error.html", {**told, "request_id": request_id.get()}, using=language
                )
            )
    except Exception:  # without the collected static files, say: this must stand all the same
        logger.exception("The page of an error could not be drawn.")
        text = _last_resort()
    answer = HttpResponse(text, status=status)
    answer["Cache-Control"] = "no-store"
    answer["Content-Language"] = language
    if status in RETRY:
        answer["Retry-After"] = RETRY[status]
    return answer


@cache
def _last_resort() -> str:
    """Give a page in both languages, without its comment for whoever reads the code."""
    return Path(settings.BASE_DIR, "templates", "500.html").read_text().partition("#}")[2].lstrip()


def bad_request(request: HttpRequest, exception: Exception) -> HttpResponse:
    """Answer what cannot be understood; 413 where there is too much of it."""
    return page(request, 413 if isinstance(exception, RequestDataTooBig) else 400)


def forbidden(request: HttpRequest, exception: Exception) -> HttpResponse:
    """Answer who may not see something."""
    return page(request, 403)


def server_error(request: HttpRequest) -> HttpResponse:
    """Say that something went wrong: 503 where no database answers, 500 otherwise.

    What somebody tried to save is given back, to be sent once more.
    """
    error = sys.exception()
    if not gave_up(error):
        return page(request, 500)
    sent = _sent(request)
    if not sent:
        return page(request, 503)
    cause = getattr(error, "__cause__", None)
    full = getattr(cause, "sqlstate", "") == FULL[0] or FULL[1] in str(error)
    title, advice = NOT_SAVED
    told = [*([DISK] if full else []), advice, *([FILES] if request.FILES else [])]
    return page(
        request,
        503,
        title=title,
        advice=format_lazy(" ".join(["{}"] * len(told)), *told),
        typed=_long(sent),
        again=sent,
        token=request.POST.get("csrfmiddlewaretoken", ""),
    )


def csrf_failure(request: HttpRequest, reason: str = "") -> HttpResponse:
    """Say what to do about a form that cannot be trusted, and give back what was typed into it."""
    title, advice = FORM
    return page(request, 403, title=title, advice=advice, typed=_long(_sent(request)))


def _sent(request: HttpRequest) -> list[tuple[str, str]]:
    """Give what a form of ours sent, as names and values.

    Of a page of ours alone: another site could have us show words of its own.
    """
    if request.method != "POST" or not from_here(request):
        return []
    return [
        (name, value)
        for name, values in request.POST.lists()
        if not any(word in name for word in OWN)
        for value in values
    ]


def _long(sent: list[tuple[str, str]]) -> list[tuple[str, str]]:
    """Give what is worth copying: what is shorter is soon typed, or was chosen from a list."""
    return [(name, value) for name, value in sent if len(value) > 20 and not name.startswith("_")]


class Explained:
    """Middleware that gives a refusal without words (405, say) the page of its status."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        """Remember what comes next."""
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        """Keep the headers of the refusal, such as what is allowed."""
        response = self.get_response(request)
        worded = response.streaming or response.content  # type: ignore[attr-defined]
        if response.status_code not in PAGES or worded:
            return response
        explained = page(request, response.status_code)
        for name, value in response.items():
            if name not in ("Content-Type", "Content-Length"):
                explained[name] = value
        return explained
