"""Editors who are let in: with the second step, as the site asks for it."""

from typing import Any

from django.contrib.auth.models import User
from django.test import Client

from sahel.models import AuthenticatorApp, RecoveryCode
from sahel.models.codes import keyed, new_key, slowly
from sahel.sessions import SECOND_STEP

RecoveryCode.ROUNDS = 2  # as passwords are hashed fast in tests
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


def device_of(user: User) -> AuthenticatorApp:
    """Give a user's device, which is made where there is none yet."""
    found = AuthenticatorApp.objects.filter(user=user, confirmed=True).first()
    return found or AuthenticatorApp.objects.create(user=user, key=new_key(user.pk))


def code_for(name: str) -> str:
    """Give a code that is taken once: a recovery code, of a user who has a device."""
    user = User.objects.get(username=name)
    device_of(user)
    one, code = user.recovery_codes.first(), f"code-{user.recovery_codes.count()}"
    salt = one.salt if one else "00" * 16
    kept = slowly(keyed(code.replace("-", "")), salt, RecoveryCode.ROUNDS)
    user.recovery_codes.create(salt=salt, rounds=RecoveryCode.ROUNDS, kept=kept)
    return code
