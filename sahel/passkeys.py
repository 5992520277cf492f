"""Passkeys as a second step (WebAuthn level 2): a browser is asked for one, its answer is checked.

A question is good for one answer, of the session that it was put to, for five minutes.
"""

import json
from ipaddress import ip_address
from time import time
from typing import Any

from django.core.exceptions import ValidationError
from django.http import HttpRequest
from django.http.request import split_domain_port
from django.utils import timezone
from django.utils.translation import gettext as _
from fido2 import cbor
from fido2.cose import CoseKey
from fido2.server import Fido2Server
from fido2.webauthn import (
    AttestedCredentialData,
    AuthenticationResponse,
    PublicKeyCredentialDescriptor,
    PublicKeyCredentialRpEntity,
    PublicKeyCredentialType,
    PublicKeyCredentialUserEntity,
    ResidentKeyRequirement,
    UserVerificationRequirement,
)

from sahel.models import Passkey
from sahel.security import warn

ASKED = "passkey_asked"  # in a session: the last question, and when it was put
GOOD_FOR = 5 * 60  # seconds
LONGEST = 20_000  # characters of an answer; those of today's devices have 3,000 at most
MOST = 10  # of an account
# A device may let its owner unlock it, and need not: the password was given already, so that a
# key that was stolen opens nothing by itself.
VERIFIED = UserVerificationRequirement.PREFERRED


def possible(request: HttpRequest) -> bool:
    """Say whether passkeys can be made for the address: for a name, not for one in figures."""
    try:
        ip_address(_host(request).strip("[]"))
    except ValueError:
        return True
    return False


def ask_to_sign(request: HttpRequest) -> str:
    """Give what a browser is asked to have signed by a passkey of the account, as JSON."""
    known = [_known(each) for each in Passkey.objects.filter(user=request.user.pk)]
    options, state = _server(request).authenticate_begin(known, VERIFIED)
    return _put(request, options, state)


def ask_to_make(request: HttpRequest) -> str:
    """Give what a browser is asked to make a passkey for, as JSON; none where there is one."""
    name = request.user.get_username()
    # The name to sign in with is for its owner to choose by; the key itself is of a number.
    user = PublicKeyCredentialUserEntity(
        id=str(request.user.pk).encode(), name=name, display_name=name
    )
    options, state = _server(request).register_begin(
        user,
        [_known(each) for each in Passkey.objects.filter(user=request.user.pk)],
        resident_key_requirement=ResidentKeyRequirement.PREFERRED,  # phones copy no others
        user_verification=VERIFIED,
    )
    return _put(request, options, state)


def signed(request: HttpRequest, answer: str) -> Passkey:
    """Give the account's passkey that signed an answer, and note its use.

    Raises ValidationError, with words for whoever answered. Call it in a transaction.
    """
    state = _taken(request)
    mine = {
        bytes(each.credential_id): each
        for each in Passkey.objects.select_for_update().filter(user=request.user.pk)
    }
    try:
        given = AuthenticationResponse.from_dict(json.loads(answer))
        known = [AttestedCredentialData.create(bytes(16), *_key(each)) for each in mine.values()]
        found = _server(request).authenticate_complete(state, known, given)
    except Exception as error:  # what is forged is found out in many ways: KeyError, struct.error…
        raise ValidationError(_("This passkey does not open this account.")) from error
    passkey, count = mine[found.credential_id], given.response.authenticator_data.counter
    if (count or passkey.sign_count) and count <= passkey.sign_count:
        warn("passkey counts backwards", passkey=passkey.pk)
        raise ValidationError(
            _("This passkey seems to be a copy and is not taken. Use another way, and remove it.")
        )
    passkey.sign_count, passkey.used_at = count, timezone.now()
    passkey.save(update_fields=["sign_count", "used_at"])
    return passkey


def made(request: HttpRequest, answer: str, name: str) -> Passkey:
    """Keep the passkey that a browser made for the account.

    Raises ValidationError, with words for whoever answered.
    """
    user: Any = request.user
    state = _taken(request)
    try:
        given = _server(request).register_complete(state, json.loads(answer)).credential_data
        usable = given is not None and given.public_key.ALGORITHM in CoseKey.supported_algorithms()
    except Exception as error:
        raise ValidationError(_("The passkey could not be made. Try again.")) from error
    if given is None or not usable or Passkey.objects.filter(credential_id=given.credential_id):
        raise ValidationError(_("This passkey cannot be used here. Try another one."))
    if Passkey.objects.filter(user=user.pk).count() >= MOST:
        raise ValidationError(_("There are as many passkeys as there may be. Remove one first."))
    key = cbor.encode(given.public_key)
    return Passkey.objects.create(
        user=user, name=name, credential_id=given.credential_id, public_key=key
    )


def _host(request: HttpRequest) -> str:
    """Give the host that was asked for, one of ALLOWED_HOSTS, without its port."""
    return split_domain_port(request.get_host())[0]


def _server(request: HttpRequest) -> Fido2Server:
    """Give what asks and checks for this very site: one scheme, host and port."""
    ours = f"{request.scheme}://{request.get_host()}"
    site = PublicKeyCredentialRpEntity(id=_host(request), name="Sahel timeline")
    return Fido2Server(site, verify_origin=lambda origin: origin == ours)


def _known(passkey: Passkey) -> PublicKeyCredentialDescriptor:
    return PublicKeyCredentialDescriptor(
        type=PublicKeyCredentialType.PUBLIC_KEY, id=bytes(passkey.credential_id)
    )


def _key(passkey: Passkey) -> tuple[bytes, CoseKey]:
    return bytes(passkey.credential_id), CoseKey.parse(cbor.decode(bytes(passkey.public_key)))  # type: ignore[arg-type]


def _put(request: HttpRequest, options: Any, state: Any) -> str:
    request.session[ASKED] = {"at": int(time()), "state": state}
    return json.dumps(dict(options.public_key))


def _taken(request: HttpRequest) -> Any:
    """Give what was asked last, and let nothing else answer it."""
    asked = request.session.pop(ASKED, None)
    if asked is None or time() - asked["at"] > GOOD_FOR:
        raise ValidationError(_("That took longer than five minutes. Try again."))
    return asked["state"]
