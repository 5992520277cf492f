"""`manage.py dumpdata`: Django's own, without texts of sources, addresses, and keys of editors."""

from typing import Any

from django.core.management.commands import dumpdata


class Command(dumpdata.Command):
    """Leave out what is never given away."""

    def handle(self, *app_labels: str, exclude: list[str], **options: Any) -> None:
        """Leave out the texts, who gets mail and what lets somebody in, whatever else is."""
        ours = ["sahel.sourcetext", "sahel.subscription", "sahel.asking", "sahel.refusal"]
        ours += ["sahel.authenticatorapp", "sahel.passkey", "sahel.recoverycode", "sessions"]
        ours += ["otp_totp", "otp_static"]
        super().handle(*app_labels, exclude=[*exclude, *ours], **options)
