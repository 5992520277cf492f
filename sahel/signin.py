"""Signing in to the admin: a password, then a code of a device or a recovery code (RFC 6238).

Whoever has only given a password is nobody yet: every page of the admin asks `is_signed_in()`.
"""

import secrets
from base64 import b32encode
from math import ceil
from time import time
from typing import Any

import segno
from django import forms
from django.conf import settings
from django.contrib.auth import REDIRECT_FIELD_NAME
from django.contrib.auth.backends import ModelBackend
from django.contrib.auth.models import User
from django.core.exceptions import ValidationError
from django.db import transaction
from django.db.models import OuterRef, Subquery
from django.http import HttpRequest, HttpResponse
from django.middleware.csrf import rotate_token
from django.shortcuts import redirect
from django.template.response import TemplateResponse
from django.urls import reverse
from django.utils import timezone
from django.utils.crypto import salted_hmac
from django.utils.http import url_has_allowed_host_and_scheme
from django.utils.safestring import SafeString, mark_safe
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext
from django.views.decorators.cache import never_cache
from django_otp.oath import TOTP
from django_otp.plugins.otp_static.models import StaticDevice, StaticToken
from django_otp.plugins.otp_totp.models import TOTPDevice
from django_otp.util import random_hex

from sahel.attempts import forget, in_words, refused, waiting
from sahel.security import note, warn

# In a session: the key of the device, once a code was given; the secret of one that is being set
# up, which no other session may see; when a code was given to set up another one.
SECOND_STEP, SECRET, ANOTHER = "second_step", "secret", "another_device"
ANOTHER_WITHIN = 10 * 60  # seconds
RECOVERY_CODES = 10
ALPHABET = "23456789abcdefghjkmnpqrstuvwxyz"  # without what is mistaken for something else


class Accounts(ModelBackend):
    """Django's own accounts, each with the device that it has, in one query."""

    def get_user(self, user_id: int) -> User | None:
        """Give a user by key, with the key of its confirmed device as `device`."""
        devices = TOTPDevice.objects.filter(user=OuterRef("pk"), confirmed=True).order_by("pk")
        found = User.objects.annotate(device=Subquery(devices.values("pk")[:1])).filter(pk=user_id)
        user = found.first()
        return user if user and self.user_can_authenticate(user) else None


class CodeForm(forms.Form):
    """What stands on a device: the account's own, or one that is being set up."""

    code = forms.CharField(
        label=gettext_lazy("Code"),
        max_length=20,
        widget=forms.TextInput(
            attrs={"autocomplete": "one-time-code", "autofocus": True, "spellcheck": "false"}
        ),
    )
    status = 200  # of the page that shows the form

    def __init__(self, request: HttpRequest, new: TOTPDevice | None = None) -> None:
        """Take what was sent."""
        super().__init__(request.POST if request.method == "POST" else None)
        self.request, self.new = request, new

    def clean_code(self) -> str:
        """Take it however it is spaced, once, and not from those who guess."""
        name = self.request.user.get_username()
        if wait := waiting(self.request, name):
            self.status = 429
            warn("locked out")
            raise ValidationError(_("Too many codes were wrong.") + " " + in_words(wait))
        code = "".join(self.cleaned_data["code"].replace("-", "").split()).lower()
        right = _is_of(self.new, code) if self.new else _take(self.request.user, code)
        if not right:
            refused(self.request, name)
            warn("second factor refused")
            raise ValidationError(_("This is not the code that stands there now."))
        return code


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


@never_cache
def second_step(request: HttpRequest, context: dict[str, Any]) -> HttpResponse:
    """Ask for a code; whoever has no device yet sets one up first."""
    if not is_half_way(request):
        return redirect(_next(request))
    user: Any = request.user
    if user.device is None:
        return _set_up(request, context)
    form = CodeForm(request)
    if not form.is_valid():
        return _page(request, context, _("Second step"), form=form)
    _let_in(request, user.device)
    return redirect(_next(request))


@never_cache
def another_device(request: HttpRequest, context: dict[str, Any]) -> HttpResponse:
    """Let whoever gives a code once more have another device, and new recovery codes."""
    if time() - request.session.get(ANOTHER, 0) < ANOTHER_WITHIN:
        return _set_up(request, context)
    form = CodeForm(request)
    if form.is_valid():
        request.session[ANOTHER] = int(time())
        return redirect(request.path)
    left = StaticToken.objects.filter(device__user=request.user.pk).count()
    return _page(request, context, _("Second step"), form=form, left=left)


def _set_up(request: HttpRequest, context: dict[str, Any]) -> HttpResponse:
    """Show a key and ask for a code of it; then show the recovery codes, this once."""
    user: Any = request.user
    device = TOTPDevice(user=user, key=request.session.setdefault(SECRET, random_hex(20)))
    form = CodeForm(request, device)
    if not form.is_valid():
        key = _in_fours(b32encode(device.bin_key).decode())
        title = _("Set up the second step")
        told = {"form": form, "device": device, "key": key, "qr": _drawn(device.config_url)}
        return _page(request, context, title, **told)
    with transaction.atomic():
        User.objects.select_for_update().get(pk=user.pk)
        others = TOTPDevice.objects.filter(user=user)
        if user.device is None and others.filter(confirmed=True).exists():
            return redirect(request.get_full_path())  # somebody else was first
        others.delete()  # and with them all other sessions
        device.save()
        codes = new_recovery_codes(user)
    note("second factor set up")
    _let_in(request, device.pk)
    return _page(request, context, _("Recovery codes"), codes=map(_in_fours, codes))


def _page(
    request: HttpRequest, context: dict[str, Any], title: str, **told: Any
) -> TemplateResponse:
    status = told["form"].status if "form" in told else 200
    told |= {"title": title, "next": _next(request)}
    return TemplateResponse(request, "admin/second_step.html", {**context, **told}, status=status)


def _let_in(request: HttpRequest, device: int) -> None:
    """Let the session be one of both steps, under another key."""
    user: Any = request.user
    was_in = SECOND_STEP in request.session  # and has another device now
    request.session.cycle_key()
    rotate_token(request)
    for done in (SECRET, ANOTHER):
        request.session.pop(done, None)
    request.session[SECOND_STEP] = user.device = device
    forget(request, user.get_username())
    if not was_in:
        note("signed in")


def _next(request: HttpRequest) -> str:
    to = request.POST.get(REDIRECT_FIELD_NAME) or request.GET.get(REDIRECT_FIELD_NAME, "")
    ours = url_has_allowed_host_and_scheme(
        to, {request.get_host()}, require_https=request.is_secure()
    )
    return to if ours else reverse("admin:index")


def _is_of(device: TOTPDevice, code: str) -> bool:
    """Say whether a code is of a device that is not kept yet, and let it be taken no more."""
    shown = TOTP(device.bin_key, device.step, device.t0, device.digits)
    shown.time = time()
    if not _is_of_an_app(code) or not shown.verify(int(code), device.tolerance):
        return False
    device.last_t, device.drift = shown.t(), shown.drift
    return True


def _take(user: Any, code: str) -> bool:
    """Take a code of an account's device, or one of its recovery codes: each once.

    Raises ValidationError where one was given too soon after a wrong one.
    """
    of_an_app = _is_of_an_app(code)
    with transaction.atomic():
        kept = (TOTPDevice if of_an_app else StaticDevice).objects.filter(user=user, confirmed=True)
        device = kept.select_for_update().order_by("pk").first()
        if device is None:
            return False
        allowed, why = device.verify_is_allowed()
        if not allowed:
            count = ceil((why["locked_until"] - timezone.now()).total_seconds())
            said = ngettext(
                "Wait %(count)s second, then give the code that stands there.",
                "Wait %(count)s seconds, then give the code that stands there.",
                count,
            )
            raise ValidationError(said % {"count": count})
        right = bool(device.verify_token(code if of_an_app else _kept_as(device, code)))
    if right and not of_an_app:
        left = StaticToken.objects.filter(device=device).count()
        warn("recovery code used", left=left)
    return right


def _is_of_an_app(code: str) -> bool:
    return len(code) == 6 and code.isdecimal()


def new_recovery_codes(user: User, number: int = RECOVERY_CODES) -> list[str]:
    """Give new codes for a user, in place of former ones; each is taken once."""
    StaticDevice.objects.filter(user=user).delete()
    device = StaticDevice.objects.create(user=user, name="recovery")
    codes = ["".join(secrets.choice(ALPHABET) for _ in range(12)) for _ in range(number)]
    StaticToken.objects.bulk_create(
        StaticToken(device=device, token=recovery(code)) for code in codes
    )
    return codes


def recovery(code: str, key: str | None = None) -> str:
    """Give what is kept of a recovery code: a hash keyed with SECRET_KEY, or a former one."""
    return salted_hmac("sahel.recovery", code, secret=key, algorithm="sha256").hexdigest()[:16]


def _kept_as(device: StaticDevice, code: str) -> str:
    """Give the hash of a code as it is kept, under whichever key; the present one's otherwise."""
    known = [recovery(code, key) for key in (None, *settings.SECRET_KEY_FALLBACKS)]
    kept = StaticToken.objects.filter(device=device, token__in=known)
    return kept.values_list("token", flat=True).first() or known[0]


def forget_devices(user: User) -> None:
    """Take away a user's second factor, lost or stolen: it is set up anew at the next sign-in."""
    TOTPDevice.objects.filter(user=user).delete()
    StaticDevice.objects.filter(user=user).delete()
    warn("second factor taken away", account=user.get_username())


def _drawn(address: str) -> SafeString:
    """Draw an address as a QR code: black on white whatever the page is, four modules of margin."""
    code = segno.make(address, error="m", micro=False)
    drawn = code.svg_inline(border=4, dark="#000", light="#fff", omitsize=True)
    return mark_safe(drawn)  # noqa: S308 - it holds squares, and no text


def _in_fours(text: str) -> str:
    return " ".join(text[at : at + 4] for at in range(0, len(text), 4))
