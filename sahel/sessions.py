"""How long an editor's session is good, which there are, and that no browser keeps the admin."""

import logging
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from time import time
from typing import Any

from django.conf import settings
from django.contrib.auth import HASH_SESSION_KEY, SESSION_KEY, logout
from django.contrib.sessions.models import Session
from django.http import HttpRequest, HttpResponseBase
from django.utils import timezone
from django.utils.crypto import salted_hmac

from sahel.security import asking, note

LONGEST = 24 * 60 * 60  # seconds from the password on; unused, it ends after SESSION_COOKIE_AGE
# How often use is noted: it is written to the database.
EACH = 5 * 60
BEGUN, USED = "begun", "used"  # in a session: seconds since 1970
SECOND_STEP = "second_step"  # in a session: what was given as it
BROWSER = "browser"  # in a session: what it said of itself, in two words; no address
# What a browser's name for itself holds, and what it is; the first that fits, as most name others.
BROWSERS = (
    ("Edg", "Edge"),
    ("OPR/", "Opera"),
    ("SamsungBrowser", "Samsung Internet"),
    ("Firefox", "Firefox"),
    ("FxiOS", "Firefox"),
    ("Chrom", "Chrome"),
    ("CriOS", "Chrome"),
    ("Safari", "Safari"),
)
SYSTEMS = (
    ("Android", "Android"),
    ("iPhone", "iPhone"),
    ("iPad", "iPad"),
    ("Windows", "Windows"),
    ("Mac OS", "macOS"),
    ("CrOS", "ChromeOS"),
    ("Linux", "Linux"),
)


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
    request.session[BROWSER] = browser_of(request)


def browser_of(request: HttpRequest) -> str:
    """Give a browser and its system, “Firefox, Linux”, as far as they are known; may be empty."""
    agent = request.headers.get("User-Agent", "")
    found = [[name for mark, name in known if mark in agent][:1] for known in (BROWSERS, SYSTEMS)]
    return ", ".join(found[0] + found[1])


@dataclass(frozen=True)
class Open:
    """A session that is still good, as its owner is shown it: known by a hash of its key."""

    name: str
    browser: str
    begun: datetime
    used: datetime
    this: bool
    second_step: bool  # given, and not the password alone


def opened(request: HttpRequest) -> list[Open]:
    """Give the sessions of an account, this one first, then those used last."""
    found = [
        Open(
            _name(key),
            held.get(BROWSER, ""),
            datetime.fromtimestamp(held[BEGUN], UTC),
            datetime.fromtimestamp(held[USED], UTC),
            this=key == request.session.session_key,
            second_step=SECOND_STEP in held,
        )
        for key, held in _held(request)
    ]
    return sorted(found, key=lambda each: (not each.this, -each.used.timestamp()))


def end(request: HttpRequest, name: str) -> bool:
    """End one of an account's other sessions; say whether there was such a one."""
    return _end(request, [key for key, _held_there in _held(request) if _name(key) == name])


def end_others(request: HttpRequest) -> bool:
    """End all of an account's sessions but this one; say whether there were any."""
    return _end(request, [key for key, _held_there in _held(request)])


def _end(request: HttpRequest, keys: list[str]) -> bool:
    others = Session.objects.filter(pk__in=keys).exclude(pk=request.session.session_key)
    ended, _of_each = others.delete()
    if ended:
        note("session ended", number=ended)
    return ended > 0


def _held(request: HttpRequest) -> list[tuple[str, dict[str, Any]]]:
    """Give the keys of an account's sessions that are still good, and what they hold.

    Only editors have sessions, so that there are few: all are read, and none is listed anywhere.
    """
    user: Any = request.user
    known = {user.get_session_auth_hash(), *user.get_session_auth_fallback_hash()}
    good = []
    for each in Session.objects.filter(expire_date__gt=timezone.now()):
        held = each.get_decoded()
        same = held.get(SESSION_KEY) == str(user.pk) and held.get(HASH_SESSION_KEY) in known
        if same and time() - held.get(BEGUN, 0) <= LONGEST:
            good.append((each.session_key, held))
    return good


def _name(key: str) -> str:
    return salted_hmac("sahel.sessions", key, algorithm="sha256").hexdigest()[:16]
