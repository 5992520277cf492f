"""Who has to wait before trying a name again: guessers do, and nobody is kept out by others."""

from datetime import timedelta
from math import ceil

from django.contrib.auth.models import User
from django.http import HttpRequest
from django.utils.translation import ngettext

from sahel.models import Refusal
from sahel.requesters import requester

# Refusals in a quarter of an hour: of one name from one address, and of one address; of a name
# refused so often in all, each address may try less, and nobody else's attempts keep one out.
OF_ONE, OF_ADDRESS, OF_NAME, OF_ONE_THEN = 5, 20, 50, 2


def waiting(request: HttpRequest, name: str, ours: int = 0) -> timedelta:
    """Give how long this address has to wait before it may try that name again; zero if not.

    `ours` are attempts that were counted before they are made.
    """
    pair, address, everywhere = _counted_as(request, name)
    most = OF_ONE_THEN if Refusal.counted(everywhere) >= OF_NAME + ours else OF_ONE
    return max(Refusal.wait(pair, most + ours), Refusal.wait(address, OF_ADDRESS + ours))


def attempt(request: HttpRequest, name: str) -> timedelta:
    """Count a password before it is tried, so that many at once are no more than one by one.

    Gives how long to wait instead, zero if it may be tried; if it is right: `take_back()`.
    """
    refused(request, name)
    if wait := waiting(request, name, ours=1):
        take_back(request, name)
    return wait


def refused(request: HttpRequest, name: str) -> None:
    """Count a wrong password or code."""
    for who in _counted_as(request, name):
        Refusal.count(who)


def take_back(request: HttpRequest, name: str) -> None:
    """Count one less: it was right, or was not tried."""
    for who in _counted_as(request, name):
        Refusal.take_back(who)


def forget(request: HttpRequest, name: str) -> None:
    """Count nothing any more of somebody who got in from here."""
    Refusal.forget(_counted_as(request, name)[0])


def _counted_as(request: HttpRequest, name: str) -> tuple[str, str, str]:
    here, name = requester(request), _as_known(name)
    return f"at {here} {name}", f"address {here}", f"name {name}"


def _as_known(name: str) -> str:
    """Give a name as the form reads it: many ways to write it are one."""
    return User.normalize_username(name.strip())[:150]


def in_words(wait: timedelta) -> str:
    """Say when to come back."""
    minutes = ceil(wait.total_seconds() / 60)
    said = ngettext("Try again in %(count)s minute.", "Try again in %(count)s minutes.", minutes)
    return said % {"count": minutes}
