"""What codes are checked by: the keys of editors' apps, encrypted; recovery codes, hashed."""

from __future__ import annotations

import base64
import secrets
from datetime import timedelta
from hashlib import pbkdf2_hmac
from typing import Any

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from django.conf import settings
from django.contrib.auth.models import User
from django.db import models
from django.utils import timezone
from django.utils.crypto import salted_hmac
from django_otp.plugins.otp_totp.models import TOTPDevice

from sahel.models.alerts import keys_for

ALPHABET = "23456789abcdefghjkmnpqrstuvwxyz"  # without what is mistaken for something else
NONCE = 12  # bytes


def sealed(secret: bytes, user: int) -> str:
    """Encrypt the key of a user's app under SECRET_KEY (AES-256-GCM): 64 letters for 20 bytes."""
    nonce = secrets.token_bytes(NONCE)
    held = AESGCM(keys_for("apps")[0]).encrypt(nonce, secret, str(user).encode())
    return base64.b64encode(nonce + held).decode()


def new_key(user: int) -> str:
    """Give a new key for a user's app, encrypted."""
    return sealed(secrets.token_bytes(20), user)


class AuthenticatorApp(TOTPDevice):  # type: ignore[misc]
    """An app that shows codes (TOTP): its `key` is kept encrypted, for its user alone."""

    # Who has the password and guesses codes lets the owner wait, who has a passkey and recovery
    # codes all the same. After ten wrong ones that leaves 96 tries a day, each of which hits one of
    # three codes in a million: 3 in 10,000 a day, and every one is in the log.
    LONGEST_WAIT = timedelta(minutes=15)

    class Meta:
        proxy = True
        default_permissions = ()

    @property
    def bin_key(self) -> bytes:
        """The key in clear; ValueError where no key of ours opens it."""
        held = base64.b64decode(self.key)
        for key in keys_for("apps"):
            try:
                return AESGCM(key).decrypt(held[:NONCE], held[NONCE:], str(self.user_id).encode())
            except InvalidTag:
                continue
        raise ValueError("No SECRET_KEY, present or former, opens the key of the app.")

    def verify_is_allowed(self) -> tuple[bool, dict[str, Any] | None]:
        """Say whether a code may be tried, else from when (`locked_until`)."""
        allowed, why = super().verify_is_allowed()
        if not allowed:
            latest = self.throttling_failure_timestamp + self.LONGEST_WAIT
            why["locked_until"] = min(why["locked_until"], latest)
            allowed = timezone.now() >= latest
        return allowed, None if allowed else why

    def verify_token(self, token: str) -> bool:
        """Take a code once; the key is kept under the present SECRET_KEY from then on."""
        self.key = sealed(self.bin_key, self.user_id)
        return bool(super().verify_token(token))


class RecoveryCode(models.Model):
    """A code that lets an editor in once, without app or passkey: a slow, salted hash of it.

    The codes of an account have one salt, so that one computation checks all of them. What is
    hashed is keyed with SECRET_KEY before: without it a backup is of no use to those who guess.
    """

    NUMBER = 10
    ROUNDS = 210_000  # of PBKDF2-HMAC-SHA-512; a code has 59 random bits

    user = models.ForeignKey(User, models.CASCADE, related_name="recovery_codes")
    salt = models.CharField(max_length=32)
    rounds = models.PositiveIntegerField()
    kept = models.CharField(max_length=128)

    class Meta:
        default_permissions = ()

    def __str__(self) -> str:
        return f"{self.user}: {self.pk}"

    @classmethod
    def make(cls, user: User, number: int = NUMBER) -> list[str]:
        """Give new codes for a user, in place of former ones."""
        codes = ["".join(secrets.choice(ALPHABET) for _ in range(12)) for _ in range(number)]
        salt, rounds = secrets.token_hex(16), cls.ROUNDS
        rows = [
            RecoveryCode(user=user, salt=salt, rounds=rounds, kept=slowly(each, salt, rounds))
            for each in map(keyed, codes)
        ]
        RecoveryCode.objects.filter(user=user).delete()
        RecoveryCode.objects.bulk_create(rows)
        return codes

    @classmethod
    def take(cls, user: User, code: str) -> bool:
        """Take a code, once; say whether it was one."""
        mine = cls.objects.filter(user=user.pk)
        if (one := mine.first()) is None:
            return False
        for key in (None, *settings.SECRET_KEY_FALLBACKS):
            kept = slowly(keyed(code, key), one.salt, one.rounds)
            if mine.filter(kept=kept).delete()[0]:
                return True
        return False


def keyed(code: str, key: str | None = None) -> str:
    """Give the hash of a recovery code under SECRET_KEY, or a former one."""
    return salted_hmac("sahel.recovery", code, secret=key, algorithm="sha256").hexdigest()[:16]


def slowly(text: str, salt: str, rounds: int) -> str:
    """Give the hash of a text that takes its time, 0.15 seconds for as many rounds as there are."""
    return pbkdf2_hmac("sha512", text.encode(), bytes.fromhex(salt), rounds).hex()
