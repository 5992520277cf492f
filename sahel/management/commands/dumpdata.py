"""`manage.py dumpdata`: Django's own, without the texts of sources and readers' addresses."""

from typing import Any

from django.core.management.commands import dumpdata


class Command(dumpdata.Command):
    """Leave out what is never given away."""

    def handle(self, *app_labels: str, exclude: list[str], **options: Any) -> None:
        """Leave out the texts and who gets mail, whatever else is left out."""
        ours = ["sahel.sourcetext", "sahel.subscription", "sahel.asking"]
        super().handle(*app_labels, exclude=[*exclude, *ours], **options)
