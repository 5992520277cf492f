"""Signing in to the admin: a password, then a code of a device or a recovery code (RFC 6238).

Whoever has only given a password is nobody yet: every page of the admin asks `is_signed_in()`.
"""

from __future__ import annotations

import logging
import secrets
from base64 import b32encode
from typing import Any

from django import forms
from django.contrib.auth import REDIRECT_FIELD_NAME
from django.contrib.auth.backends import ModelBackend
from django.contrib.auth.models import User
from django.contrib.auth.signals import user_logged_in, user_logged_out, user_login_failed
from django.db import transaction
from django.db.models import OuterRef, Subquery
from django.dispatch import receiver
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.template.response import TemplateResponse
from django.urls import reverse
from django.utils.crypto import salted_hmac
from django.utils.http import url_has_allowed_host_and_scheme
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.cache import never_cache
from django_otp import devices_for_user, user_has_device
from django_otp.models import Device
from django_otp.plugins.otp_static.models import StaticDevice, StaticToken
from django_otp.plugins.otp_totp.models import TOTPDevice

from sahel.models import Refusal
from sahel.requesters import requester

SECOND_STEP = "second_step"  # in a session: the key of the device, once a code was given
RECOVERY_CODES = 10
ALPHABET = "23456789abcdefghjkmnpqrstuvwxyz"  # without what is mistaken for something else
# Refusals in a quarter of an hour: of one name from one address, and of one address.
OF_ONE, OF_ADDRESS = 5, 20

logger = logging.getLogger("sahel.security")


class Accounts(ModelBackend):
    """Django's own accounts, each with the device that it has, in one query."""

    def get_user(self, user_id: int) -> User | None:
        """Give a user by key, with the key of its confirmed device as `device`."""
        devices = TOTPDevice.objects.filter(user=OuterRef("pk"), confirmed=True).order_by("pk")
        found = User.objects.annotate(device=Subquery(devices.values("pk")[:1])).filter(pk=user_id)
        user = found.first()
        return user if user and self.user_can_authenticate(user) else None


class CodeForm(forms.Form):
    """What stands on the device."""

    code = forms.CharField(
        label=gettext_lazy("Code"),
        max_length=20,
        widget=forms.TextInput(
            attrs={"autocomplete": "one-time-code", "autofocus": True, "spellcheck": "false"}
        ),
    )

    def clean_code(self) -> str:
        """Take it however it is spaced."""
        code: str = self.cleaned_data["code"]
        return "".join(code.replace("-", "").split()).lower()


def is_signed_in(request: HttpRequest) -> bool:
    """Say whether somebody gave both: a password and a code."""
    given = request.session.get(SECOND_STEP)
    # One whose device was taken away, or is another by now, has given none.
    return (
        _is_ours(request) and given is not None and given == getattr(request.user, "device", None)
    )


def is_half_way(request: HttpRequest) -> bool:
    """Say whether somebody gave a password and no code yet."""
    return _is_ours(request) and not is_signed_in(request)


def _is_ours(request: HttpRequest) -> bool:
    user: Any = request.user
    return bool(user.is_active and user.is_staff)


def too_many(request: HttpRequest) -> bool:
    """Say whether this address has to wait before it may try that name, or any, again."""
    here, name = requester(request), request.POST.get("username", "")
    return Refusal.counted(f"{name} at {here}") >= OF_ONE or Refusal.counted(here) >= OF_ADDRESS


def refused(request: HttpRequest, name: str) -> None:
    """Count a wrong password or code."""
    here = requester(request)
    Refusal.count(f"{name} at {here}")
    Refusal.count(here)


@never_cache
def second_step(request: HttpRequest, context: dict[str, Any]) -> HttpResponse:
    """Ask for a code; whoever has no device yet sets one up first."""
    user: Any = request.user
    to = _next(request)
    if not is_half_way(request):
        return redirect(to)
    known = user_has_device(user)
    device = None if known else _new_device(user)
    form = CodeForm(request.POST or None)
    status = 200
    if request.method == "POST":
        if _waits(request, user):
            form.add_error(None, _("Too many wrong codes. Try again in half an hour."))
            status = 429
        elif form.is_valid():
            found = _matched(user, form.cleaned_data["code"], device)
            if found is None:
                refused(request, user.get_username())
                logger.warning("second factor refused", extra={"user": user.get_username()})
                form.add_error("code", _("This is not the code that stands there now."))
            else:
                request.session.cycle_key()
                request.session[SECOND_STEP] = (
                    TOTPDevice.objects.filter(user=user)
                    .order_by("pk")
                    .values_list("pk", flat=True)[0]
                )
                logger.info(
                    "second factor given",
                    extra={"user": user.get_username(), "device": type(found).__name__},
                )
                if known:
                    return redirect(to)
                return _enrolled(request, user, to, context)
    told = {
        **context,
        "form": form,
        "device": device,
        "key": _in_fours(b32encode(device.bin_key).decode()) if device else "",
        "next": to,
        "title": _("Second step") if known else _("Set up the second step"),
    }
    return TemplateResponse(request, "admin/second_step.html", told, status=status)


def _next(request: HttpRequest) -> str:
    to = request.POST.get(REDIRECT_FIELD_NAME) or request.GET.get(REDIRECT_FIELD_NAME, "")
    ours = url_has_allowed_host_and_scheme(
        to, {request.get_host()}, require_https=request.is_secure()
    )
    return to if ours else reverse("admin:index")


def _waits(request: HttpRequest, user: User) -> bool:
    return Refusal.counted(f"{user.get_username()} at {requester(request)}") >= OF_ONE


def _new_device(user: User) -> TOTPDevice:
    """Give the device that is being set up: the same one until it is confirmed."""
    device: TOTPDevice = TOTPDevice.objects.get_or_create(
        user=user, confirmed=False, defaults={"name": "app"}
    )[0]
    return device


def _matched(user: User, code: str, new: Device | None) -> Device | None:
    """Give the device that a code is of; each code is taken once, and guessing is slowed down."""
    with transaction.atomic():
        devices = [new] if new else devices_for_user(user, for_verify=True)
        for device in devices:
            told = recovery(code) if isinstance(device, StaticDevice) else code
            if device.verify_token(told):
                return device
    return None


def _enrolled(request: HttpRequest, user: User, to: str, context: dict[str, Any]) -> HttpResponse:
    """Confirm a device, and show the codes for when it is lost: this once."""
    with transaction.atomic():
        TOTPDevice.objects.filter(user=user, confirmed=False).update(confirmed=True)
        codes = new_recovery_codes(user)
    logger.info("second factor set up", extra={"user": user.get_username()})
    told = {**context, "codes": map(_in_fours, codes), "next": to, "title": _("Recovery codes")}
    return TemplateResponse(request, "admin/second_step.html", told)


def new_recovery_codes(user: User, number: int = RECOVERY_CODES) -> list[str]:
    """Give new codes for a user, in place of former ones; each is taken once."""
    StaticDevice.objects.filter(user=user).delete()
    device = StaticDevice.objects.create(user=user, name="recovery")
    codes = ["".join(secrets.choice(ALPHABET) for _ in range(12)) for _ in range(number)]
    StaticToken.objects.bulk_create(
        StaticToken(device=device, token=recovery(code)) for code in codes
    )
    return codes


def recovery(code: str) -> str:
    """Give what is kept of a recovery code: a keyed hash."""
    return salted_hmac("sahel.recovery", code, algorithm="sha256").hexdigest()[:16]


def forget_devices(user: User) -> None:
    """Take away a user's second factor, lost or stolen: it is set up anew at the next sign-in."""
    TOTPDevice.objects.filter(user=user).delete()
    StaticDevice.objects.filter(user=user).delete()
    logger.warning("second factor taken away", extra={"user": user.get_username()})


def _in_fours(text: str) -> str:
    return " ".join(text[at : at + 4] for at in range(0, len(text), 4))


# What is on record of the door --------------------------------------------------------------------


@receiver(user_login_failed)
def _password_refused(credentials: dict[str, Any], request: HttpRequest | None, **_: Any) -> None:
    name = str(credentials.get("username", ""))[:150]
    if request is not None:
        refused(request, name)
    logger.warning("password refused", extra={"user": name})


@receiver(user_logged_in)
def _password_given(user: User, **_: Any) -> None:
    logger.info("password given", extra={"user": user.get_username()})


@receiver(user_logged_out)
def _signed_out(user: User | None, **_: Any) -> None:
    logger.info("signed out", extra={"user": user.get_username() if user else ""})
