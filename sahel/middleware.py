"""What stands between every request and its page."""

from collections.abc import Callable

from django.core.exceptions import BadRequest
from django.http import HttpRequest, HttpResponseBase


def refuse_nul(
    get_response: Callable[[HttpRequest], HttpResponseBase],
) -> Callable[[HttpRequest], HttpResponseBase]:
    """Answer 400 to a NUL byte in the admin's query string.

    Readers' pages read it as no filter; Django's own list filters hand it to PostgreSQL, which
    refuses it with an error that nobody catches.
    """

    def middleware(request: HttpRequest) -> HttpResponseBase:
        if "%00" in request.META.get("QUERY_STRING", "") and "/admin/" in request.path:
            raise BadRequest("NUL byte in the query string")
        return get_response(request)

    return middleware
