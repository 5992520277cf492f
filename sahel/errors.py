"""What is answered when something has fallen."""

import sys

from django.http import HttpRequest, HttpResponse
from django.template import loader

from sahel.databases import gave_up

AGAIN = 30  # seconds after which it may be worth while to ask again


def server_error(request: HttpRequest) -> HttpResponse:
    """Say that something went wrong: 503 where no database answers, 500 otherwise."""
    lost = gave_up(sys.exception())
    answer = HttpResponse(loader.get_template("500.html").render(), status=503 if lost else 500)
    if lost:
        answer["Retry-After"] = str(AGAIN)
    answer["Cache-Control"] = "no-store"
    return answer
