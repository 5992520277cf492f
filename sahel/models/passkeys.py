"""The passkeys of editors: what checks a signature, never what makes one."""

from django.contrib.auth.models import User
from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _


class Passkey(models.Model):
    """A key that a device or a password manager keeps for an account (WebAuthn)."""

    user = models.ForeignKey(User, models.CASCADE, related_name="passkeys")
    name = models.CharField(_("name"), max_length=60)  # as its editor calls it
    credential_id = models.BinaryField(max_length=1023, unique=True)
    public_key = models.BinaryField()  # COSE (RFC 9052)
    # How often it signed, by its own count; 0 if it does not count, as those that are copied.
    sign_count = models.PositiveBigIntegerField(default=0)
    made_at = models.DateTimeField(default=timezone.now)
    used_at = models.DateTimeField(null=True)

    class Meta:
        default_permissions = ()
        ordering = ("made_at", "pk")

    def __str__(self) -> str:
        return self.name
