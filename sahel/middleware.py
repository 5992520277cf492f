"""What stands between every request and its page."""

import logging
from collections.abc import Callable
from contextlib import suppress
from typing import Any

from django.contrib import messages
from django.core.exceptions import BadRequest, FieldDoesNotExist, ValidationError
from django.db import DataError
from django.http import HttpRequest, HttpResponse, HttpResponseBase, HttpResponseNotAllowed
from django.shortcuts import redirect

from sahel.errors import bad_request
from sahel.fields import one_line, readers_language
from sahel.models import Change, Signature, changes

logger = logging.getLogger(__name__)


class SafeHeaders:
    """Gives every answer, a static file's and an error's too, what holds other sites off.

    The policy itself is Django's: its middleware comes next.
    """

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        """Remember what comes next."""
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        """Leave what the answer says of itself; nobody frames it unless its policy lets them."""
        answer = self.get_response(request)
        if answer.status_code == 304:  # a browser would put its headers in the place of the page's
            return answer
        framed = "frame-ancestors *" in answer.get("Content-Security-Policy", "")
        if not framed:
            answer.headers.setdefault("X-Frame-Options", "DENY")
        # Static files are open too: a site may show a frame as a sandbox, which is no origin.
        everybody = framed or answer.get("Access-Control-Allow-Origin") == "*"
        answer.headers.setdefault(
            "Cross-Origin-Resource-Policy", "cross-origin" if everybody else "same-origin"
        )
        return answer


# What Django's admin does with a forged key, field or year: it looks it up, whatever it is. A fault
# of the database itself (OperationalError) is none of these and stays an error.
FORGED = (DataError, FieldDoesNotExist, OverflowError, ValidationError, ValueError)

METHODS = "GET", "HEAD", "OPTIONS", "POST"


class KnownMethods:
    """Answers 405 to what no page takes, before anything asks whether it was forged."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        """Remember what comes next."""
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        """Refuse PUT, PATCH and DELETE, TRACE (it would show what was sent), and made-up ones."""
        if request.method not in METHODS:
            return HttpResponseNotAllowed(METHODS)
        return self.get_response(request)


class AdminBadInput:
    """Answers 400, and logs why, where forged input to the admin would be an error of ours."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        """Remember what comes next."""
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        """Refuse a NUL byte at once: PostgreSQL takes none; readers' pages read it as nothing."""
        if "%00" in request.META.get("QUERY_STRING", "") and "/admin/" in request.path:
            raise BadRequest("NUL byte in the query string")
        return self.get_response(request)

    def process_exception(self, request: HttpRequest, exception: Exception) -> HttpResponse | None:
        """Take what only forged input brings about for what it is."""
        if "/admin/" not in request.path or not isinstance(exception, FORGED):
            return None
        logger.error("Bad input: %s", request.path, exc_info=exception)
        return bad_request(request, exception)


def author_of(request: HttpRequest) -> dict[str, Any]:
    """Give who changes something and why, as `changes()` takes it."""
    name = Signature.objects.filter(user=request.user.pk).values_list("name", flat=True).first()
    why = one_line(request.POST.get("why", ""))[:500]
    return {
        "who": one_line(name or ""),
        "account": request.user.pk,
        "why": why,
        "language": readers_language() if why else "",
    }


class _FaultOfOursError(Exception):
    """Rolls back what was changed before an error of ours."""


class EditorsChanges:
    """Puts what an editor changes on record, with the reason given, in the same transaction."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        """Remember what comes next."""
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        """Let whoever is signed in change things; an error on our side changes nothing."""
        safe = request.method in ("GET", "HEAD", "OPTIONS", "TRACE")
        if safe or "/admin/" not in request.path or not request.user.is_authenticated:
            return self.get_response(request)
        author = changes(Change.Way.EDITOR, **author_of(request))
        try:
            with suppress(_FaultOfOursError), author:
                response = self.get_response(request)
                if response.status_code >= 500:
                    raise _FaultOfOursError
        except ValidationError as error:  # it would leave something public without grounds
            list(messages.get_messages(request))  # what was said to be done is not
            messages.error(request, " ".join(error.messages))
            return redirect(request.get_full_path())
        return response
