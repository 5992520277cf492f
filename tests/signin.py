"""Editors who are let in: with the second step, as the site asks for it."""

from typing import Any

from django.contrib.auth.models import User
from django.test import Client
from django_otp.plugins.otp_static.models import StaticDevice, StaticToken
from django_otp.plugins.otp_totp.models import TOTPDevice

from sahel.signin import SECOND_STEP
from sahel.steps import recovery

_with_a_password_alone = Client.force_login


def let_in(client: Client, user: Any, backend: str | None = None) -> None:
    """Sign somebody in with both steps."""
    _with_a_password_alone(client, user, backend)
    if user.is_staff:
        device = device_of(user)
        session = client.session
        session[SECOND_STEP] = device.pk
        session.save()


def with_a_password_alone(client: Client, user: User) -> None:
    """Sign somebody in as far as the password goes."""
    _with_a_password_alone(client, user)


def device_of(user: User) -> TOTPDevice:
    """Give a user's device, which is made where there is none yet."""
    found: TOTPDevice = TOTPDevice.objects.get_or_create(user=user, confirmed=True)[0]
    return found


def code_for(name: str) -> str:
    """Give a code that is taken once: a recovery code, of a user who has a device."""
    user = User.objects.get(username=name)
    device_of(user)
    codes, _new = StaticDevice.objects.get_or_create(user=user)
    code = f"code-{codes.token_set.count()}"
    StaticToken.objects.create(device=codes, token=recovery(code.replace("-", "")))
    return code
