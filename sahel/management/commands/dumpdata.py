"""`manage.py dumpdata`: Django's own, without the texts of sources, which are for editors alone."""

from typing import Any

from django.core.management.commands import dumpdata


class Command(dumpdata.Command):
    """Leave out what is never given away."""

    def handle(self, *app_labels: str, exclude: list[str], **options: Any) -> None:
        """Leave out the texts, whatever else is left out."""
        super().handle(*app_labels, exclude=[*exclude, "sahel.sourcetext"], **options)
