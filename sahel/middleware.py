"""What stands between every request and its page."""

import logging
from collections.abc import Callable

from django.core.exceptions import BadRequest, ValidationError
from django.db import DataError
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.views.defaults import bad_request

logger = logging.getLogger(__name__)

# What Django's admin does with a forged key or year: it looks it up, whatever it is. A fault of the
# database itself (OperationalError) is none of these and stays an error.
FORGED = (DataError, OverflowError, ValidationError, ValueError)


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
