"""Signing in to the admin: a password, then a code of an app or for recovery, or a passkey.

Whoever has only given a password is nobody yet: every page of the admin asks `is_signed_in()`.
"""

from base64 import b32encode
from time import time
from typing import Any

import segno
from django.contrib.auth import REDIRECT_FIELD_NAME
from django.contrib.auth.backends import ModelBackend
from django.contrib.auth.models import User
from django.db import transaction
from django.db.models import CharField, OuterRef, StringAgg, Subquery, Value
from django.db.models.functions import Cast
from django.http import HttpRequest, HttpResponse
from django.middleware.csrf import rotate_token
from django.shortcuts import redirect
from django.template.response import TemplateResponse
from django.urls import reverse
from django.utils.http import url_has_allowed_host_and_scheme
from django.utils.safestring import SafeString, mark_safe
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache

from sahel import passkeys
from sahel.attempts import forget
from sahel.models import AuthenticatorApp, Passkey, RecoveryCode
from sahel.models.codes import new_key
from sahel.security import note
from sahel.sessions import SECOND_STEP, browser_of, end_others
from sahel.steps import (
    CodeForm,
    NewPasskeyForm,
    PasskeyForm,
    SecondStep,
    Way,
    way_of,
    ways,
)

# In a session: the encrypted key of an app that is being set up, which no other session may see;
# when the second step was given once more, to change how one signs in.
SECRET, CONFIRMED = "app_key", "confirmed"
CONFIRMED_FOR = 10 * 60  # seconds


class Accounts(ModelBackend):
    """Django's own accounts, each with what it has for the second step, in one query."""

    def get_user(self, user_id: int) -> User | None:
        """Give a user by key, with the key of its app and those of its passkeys as `ways`."""
        apps = AuthenticatorApp.objects.filter(user=OuterRef("pk"), confirmed=True).order_by("pk")
        keys = Passkey.objects.filter(user=OuterRef("pk")).order_by().values("user")
        all_keys = keys.values(all=StringAgg(Cast("pk", CharField()), Value(" ")))
        found: Any = (
            User.objects.annotate(app=Subquery(apps.values("pk")[:1]), keys=Subquery(all_keys))
            .filter(pk=user_id)
            .first()
        )
        if not found or not self.user_can_authenticate(found):
            return None
        found.ways = [found.app] * (found.app is not None)
        found.ways += map(way_of, sorted(map(int, (found.keys or "").split())))
        user: User = found
        return user


def is_signed_in(request: HttpRequest) -> bool:
    """Say whether somebody gave both: a password and the second step."""
    given = request.session.get(SECOND_STEP)
    # One whose app or passkey was taken away, or is another by now, has given none.
    return _is_ours(request) and given is not None and given in _ways(request)


def is_half_way(request: HttpRequest) -> bool:
    """Say whether somebody gave a password and no second step yet."""
    return _is_ours(request) and not is_signed_in(request)


def is_confirmed(request: HttpRequest) -> bool:
    """Say whether the second step was given once more within the last minutes."""
    return bool(time() - request.session.get(CONFIRMED, 0) < CONFIRMED_FOR)


def confirm(request: HttpRequest) -> None:
    """Note that the second step was given once more."""
    request.session[CONFIRMED] = int(time())


def _is_ours(request: HttpRequest) -> bool:
    user: Any = request.user
    return bool(user.is_active and user.is_staff)


def _ways(request: HttpRequest) -> list[Way]:
    return getattr(request.user, "ways", [])


@never_cache
def second_step(request: HttpRequest, context: dict[str, Any]) -> HttpResponse:
    """Ask for a code or a passkey; whoever has neither sets one up first."""
    if not is_half_way(request):
        return redirect(_next(request))
    if not _ways(request):
        return _set_up(request, context)
    steps = CodeForm(request), PasskeyForm(request)
    for step in steps:
        if step.is_valid():
            _let_in(request, step.way)
            return redirect(_next(request))
    return _page(request, context, _("Second step"), **asked_for(request, *steps))


@never_cache
def another_app(request: HttpRequest, context: dict[str, Any]) -> HttpResponse:
    """Let whoever gives the second step once more have another app, and new recovery codes."""
    if not is_confirmed(request):
        return redirect("admin:sign-in")
    return _set_up(request, context)


def _set_up(request: HttpRequest, context: dict[str, Any]) -> HttpResponse:
    """Show a key and ask for a code of it; then show the recovery codes, this once.

    Whoever has nothing yet may make a passkey instead.
    """
    user: Any = request.user
    device = AuthenticatorApp(user=user, key=request.session.setdefault(SECRET, new_key(user.pk)))
    form, new = CodeForm(request, device), NewPasskeyForm(request)
    first = not _ways(request)
    if form.is_valid() or (first and new.is_valid()):
        with transaction.atomic():
            User.objects.select_for_update().get(pk=user.pk)
            if first and ways(user):
                return redirect(request.get_full_path())  # somebody else was first
            way = _kept(user, device) if form.is_valid() else new.keep()
            if way:
                codes = RecoveryCode.make(user)
                _let_in(request, way)
                if not first:
                    end_others(request)
                return codes_page(request, context, codes)
    told = {"form": form, "device": device, "key": _in_fours(b32encode(device.bin_key).decode())}
    told |= {"qr": _drawn(device.config_url)}
    if first:
        told |= to_make(request, new)
    return _page(request, context, _("Set up the second step"), **told)


def _kept(user: User, device: AuthenticatorApp) -> Way:
    """Keep an app in place of any other."""
    AuthenticatorApp.objects.filter(user=user).delete()
    device.save()
    note("second factor set up")
    key: int = device.pk
    return key


def asked_for(request: HttpRequest, code: CodeForm, passkey: PasskeyForm) -> dict[str, Any]:
    """Give what a page shows that asks for the second step."""
    told: dict[str, Any] = {"form": code, "passkey": passkey}
    if passkeys.possible(request) and any(isinstance(way, str) for way in _ways(request)):
        told["to_sign"] = passkeys.ask_to_sign(request)
    return told


def to_make(request: HttpRequest, new: NewPasskeyForm) -> dict[str, Any]:
    """Give what a page shows on which a passkey can be made."""
    if not new.is_bound:
        new.initial["name"] = browser_of(request)
    asked = passkeys.ask_to_make(request) if passkeys.possible(request) else ""
    return {"new": new, "to_make": asked}


def codes_page(request: HttpRequest, context: dict[str, Any], codes: list[str]) -> TemplateResponse:
    """Show new recovery codes, this once."""
    return _page(request, context, _("Recovery codes"), codes=map(_in_fours, codes))


def _page(
    request: HttpRequest, context: dict[str, Any], title: str, **told: Any
) -> TemplateResponse:
    status = max([200, *(each.status for each in told.values() if isinstance(each, SecondStep))])
    told |= {"title": title, "next": _next(request)}
    return TemplateResponse(request, "admin/second_step.html", {**context, **told}, status=status)


def _let_in(request: HttpRequest, way: Way) -> None:
    """Let the session be one of both steps, under another key."""
    was_in = SECOND_STEP in request.session  # and has another app now
    request.session.cycle_key()
    rotate_token(request)
    for done in (SECRET, CONFIRMED):
        request.session.pop(done, None)
    request.session[SECOND_STEP] = way
    forget(request, request.user.get_username())
    if not was_in:
        note("signed in")


def _next(request: HttpRequest) -> str:
    to = request.POST.get(REDIRECT_FIELD_NAME) or request.GET.get(REDIRECT_FIELD_NAME, "")
    ours = url_has_allowed_host_and_scheme(
        to, {request.get_host()}, require_https=request.is_secure()
    )
    return to if ours else reverse("admin:index")


def _drawn(address: str) -> SafeString:
    """Draw an address as a QR code: black on white whatever the page is, four modules of margin."""
    code = segno.make(address, error="m", micro=False)
    drawn = code.svg_inline(border=4, dark="#000", light="#fff", omitsize=True)
    return mark_safe(drawn)  # noqa: S308 - it holds squares, and no text


def _in_fours(text: str) -> str:
    return " ".join(text[at : at + 4] for at in range(0, len(text), 4))
