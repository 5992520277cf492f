"""How long an editor's session is good, and that nothing of the admin is kept by a browser."""

import logging
from collections.abc import Callable
from time import time
from typing import Any

from django.conf import settings
from django.contrib.auth import logout
from django.http import HttpRequest, HttpResponseBase

from sahel.security import asking, note

LONGEST = 24 * 60 * 60  # seconds from the password on; unused, it ends after SESSION_COOKIE_AGE
# How often use is noted: it is written to the database.
EACH = 5 * 60
BEGUN, USED = "begun", "used"  # in a session: seconds since 1970


class EditorsSessions:
    """Middleware of the admin: ends what lasted too long, and notes who was refused something."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        """Remember what comes next."""
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        """Let a session last as long as it is used, for a day at most."""
        if not is_at_the_desk(request):
            return self.get_response(request)
        known = asking.set(request)
        try:
            if request.user.is_authenticated:
                _keep_or_end(request)
            response = self.get_response(request)
            if response.status_code == 403:
                note("not allowed", logging.WARNING, method=request.method, path=request.path)
        finally:
            asking.reset(known)
        if not response.get("Content-Type", "").startswith("text/javascript"):
            response["Cache-Control"] = "private, no-store"
        return response


def is_at_the_desk(request: HttpRequest) -> bool:
    """Say whether a request is to the admin, in any language."""
    language, _slash, rest = request.path_info[1:].partition("/")
    return language in dict(settings.LANGUAGES) and rest.startswith("admin/")


def _keep_or_end(request: HttpRequest) -> None:
    session, now = request.session, int(time())
    if now - session.get(BEGUN, 0) > LONGEST:
        note("session ended")
        logout(request)
    elif now - session.get(USED, 0) > EACH:
        session[USED] = now


def begin(request: HttpRequest, **_about: Any) -> None:
    """Note when a session began (`user_logged_in`)."""
    request.session[BEGUN] = request.session[USED] = int(time())
