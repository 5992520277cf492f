"""What is given as the second step: a code of an app, a recovery code, or a passkey's signature."""

from math import ceil
from time import time
from typing import Any

from django import forms
from django.contrib.auth.models import User
from django.core.exceptions import ValidationError
from django.db import transaction
from django.http import HttpRequest
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext
from django_otp.oath import TOTP

from sahel import passkeys
from sahel.attempts import in_words, refused, waiting
from sahel.models import AuthenticatorApp, Passkey, RecoveryCode
from sahel.security import note, warn

# What an account has for the second step: the key of its app's row, "passkey 7".
Way = int | str


def ways(user: Any) -> list[Way]:
    """Give what an account has for the second step, its app first; asks the database."""
    apps = AuthenticatorApp.objects.filter(user=user.pk, confirmed=True).order_by("pk")
    keys = Passkey.objects.filter(user=user.pk).values_list("pk", flat=True)
    return [*apps.values_list("pk", flat=True)[:1], *map(way_of, keys)]


def way_of(passkey: int) -> str:
    """Give what a session has of the passkey with that primary key."""
    return f"passkey {passkey}"


class SecondStep(forms.Form):
    """A form of one secret, bound only where that was sent, which those who guess may not try."""

    status = 200  # of the page that shows the form
    way: Way  # what was given, once it is valid

    def __init__(self, request: HttpRequest) -> None:
        """Take what was sent."""
        sent = next(iter(self.base_fields)) in request.POST
        super().__init__(request.POST if sent else None)
        self.request = request

    def not_too_often(self) -> None:
        """Raise ValidationError for whoever was refused too often."""
        if wait := waiting(self.request, self.request.user.get_username()):
            self.status = 429
            warn("locked out")
            raise ValidationError(_("Too many codes were wrong.") + " " + in_words(wait))

    def refuse(self, said: str) -> ValidationError:
        """Count one more that was wrong; give what is said of it."""
        refused(self.request, self.request.user.get_username())
        warn("second factor refused")
        return ValidationError(said)


class CodeForm(SecondStep):
    """What stands on a device: the account's own, or one that is being set up."""

    code = forms.CharField(
        label=gettext_lazy("Code"),
        max_length=20,
        widget=forms.TextInput(attrs={"autocomplete": "one-time-code", "spellcheck": "false"}),
    )

    def __init__(
        self, request: HttpRequest, new: AuthenticatorApp | None = None, first: bool = True
    ) -> None:
        """Take what was sent; `first` on its page, it is what the keyboard writes to."""
        super().__init__(request)
        self.new = new
        if first:
            self.fields["code"].widget.attrs["autofocus"] = True

    def clean_code(self) -> str:
        """Take it however it is spaced, once."""
        self.not_too_often()
        code = "".join(self.cleaned_data["code"].replace("-", "").split()).lower()
        user: Any = self.request.user
        right = is_of(self.new, code) if self.new else _take(user, code)
        if not right:
            raise self.refuse(_("This is not the code that stands there now."))
        if not self.new:
            # A recovery code stands for what was lost, and goes with it.
            self.way = ways(user)[0]
        return code


class PasskeyForm(SecondStep):
    """What a passkey of the account signed: the script of the page fills it in."""

    passkey = forms.CharField(max_length=passkeys.LONGEST, widget=forms.HiddenInput)

    def clean_passkey(self) -> str:
        """Take an answer once, to the question that was put last."""
        self.not_too_often()
        answer: str = self.cleaned_data["passkey"]
        try:
            with transaction.atomic():
                self.way = way_of(passkeys.signed(self.request, answer).pk)
        except ValidationError as error:
            raise self.refuse(str(error.message)) from error
        note("passkey used")
        return answer


class NewPasskeyForm(SecondStep):
    """A passkey that the browser made, and what its editor calls it."""

    new_passkey = forms.CharField(max_length=passkeys.LONGEST, widget=forms.HiddenInput)
    name = forms.CharField(label=gettext_lazy("Its name"), max_length=60)

    def keep(self) -> Way | None:
        """Keep it; none, and an error of the form, where it cannot be used."""
        given = self.cleaned_data
        try:
            found = passkeys.made(self.request, given["new_passkey"], given["name"])
        except ValidationError as error:
            self.add_error(None, error)
            return None
        note("passkey added", passkey=found.pk)
        return way_of(found.pk)


def is_of(device: AuthenticatorApp, code: str) -> bool:
    """Say whether a code is of a device that is not kept yet, and let it be taken no more."""
    shown = TOTP(device.bin_key, device.step, device.t0, device.digits)
    shown.time = time()
    if not _is_of_an_app(code) or not shown.verify(int(code), device.tolerance):
        return False
    device.last_t, device.drift = shown.t(), shown.drift
    return True


def _take(user: Any, code: str) -> bool:
    """Take a code of an account's app, or one of its recovery codes: each once.

    Raises ValidationError where one was given too soon after a wrong one, or none can be checked.
    """
    if not _is_of_an_app(code):
        right = RecoveryCode.take(user, code)
        if right:
            warn("recovery code used", left=RecoveryCode.objects.filter(user=user.pk).count())
        return right
    with transaction.atomic():
        kept = AuthenticatorApp.objects.filter(user=user, confirmed=True)
        app = kept.select_for_update().order_by("pk").first()
        if app is None:
            return False
        allowed, why = app.verify_is_allowed()
        if not allowed:
            count = ceil((why["locked_until"] - timezone.now()).total_seconds())
            said = ngettext(
                "Wait %(count)s second, then give the code that stands there.",
                "Wait %(count)s seconds, then give the code that stands there.",
                count,
            )
            raise ValidationError(said % {"count": count})
        try:
            return bool(app.verify_token(code))
        except ValueError as error:  # SECRET_KEY is another one
            warn("key of the app cannot be read")
            raise ValidationError(
                _("Codes of your app cannot be checked any more. Whoever runs the site can help.")
            ) from error


def _is_of_an_app(code: str) -> bool:
    return len(code) == 6 and code.isdecimal()


def forget_devices(user: User) -> None:
    """Take away a user's second factor, lost or stolen: it is set up anew at the next sign-in."""
    for each in (AuthenticatorApp, RecoveryCode, Passkey):
        each.objects.filter(user=user).delete()
    warn("second factor taken away", account=user.get_username())
