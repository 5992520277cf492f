"""What is answered when something has fallen: without a database, in the reader's language."""

import logging
import sys

from django.http import HttpRequest, HttpResponse
from django.template import loader
from django.utils.translation import get_language_from_request, override

from sahel.databases import gave_up
from sahel.pages import draw

AGAIN = 30  # seconds after which it may be worth while to ask again
FULL = "53100", "full"  # PostgreSQL's SQLSTATE, SQLite's word
OWN = "password", "csrfmiddlewaretoken"  # shown to nobody, or sent in a way of its own

logger = logging.getLogger(__name__)


def server_error(request: HttpRequest) -> HttpResponse:
    """Say that something went wrong: 503 where no database answers, 500 otherwise.

    What an editor tried to save is given back, to be sent once more.
    """
    error = sys.exception()
    if not gave_up(error):
        answer = HttpResponse(loader.get_template("500.html").render(), status=500)
    else:
        try:
            with override(get_language_from_request(request, check_path=True)):
                answer = draw(request, "503.html", _told(request, error), status=503)
        except Exception:  # what draws it has fallen, too
            logger.exception("503 could not be drawn")
            answer = HttpResponse(loader.get_template("500.html").render(), status=503)
        answer["Retry-After"] = str(AGAIN)
    answer["Cache-Control"] = "no-store"
    return answer


def _told(request: HttpRequest, error: BaseException | None) -> dict[str, object]:
    """Give what was typed, as the names and values of a form, and why it was not saved."""
    cause = getattr(error, "__cause__", None)
    full = getattr(cause, "sqlstate", "") == FULL[0] or FULL[1] in str(error)
    typed = [
        (name, value)
        for name, values in (request.POST.lists() if request.method == "POST" else ())
        for value in values
        if not any(word in name for word in OWN)
    ]
    return {
        "full": full,
        "typed": typed,
        "texts": [value for name, value in typed if len(value) > 20 and not name.startswith("_")],
        "token": request.POST.get("csrfmiddlewaretoken", ""),
        "files": bool(request.FILES) if request.method == "POST" else False,
    }
