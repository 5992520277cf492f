"""`manage.py publish_due`: publish the events whose time has come."""

from typing import Any

from django.core.exceptions import PermissionDenied, ValidationError
from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone

from sahel.models import Change, Event, Signature, Step, changes, record_changes


class Command(BaseCommand):
    """Publish each on the word of whoever arranged it, if that account still may publish."""

    help = "Publish what is due, for a timer that runs each minute; one line for each event."

    def handle(self, *args: Any, **options: Any) -> None:
        """Go through what is due; an event that cannot be public stays, and is said.

        What was changed past the site goes on record by then, whether or not anybody edits.
        """
        record_changes(Change.Way.OUTSIDE)
        due = Event.objects.filter(publish_at__lte=timezone.now())
        failed = []
        for key in due.order_by("publish_at", "pk").values_list("pk", flat=True):
            try:
                self._publish(key)
            except ValidationError as error:
                failed.append(" ".join(error.messages))
        if failed:
            raise CommandError("\n".join(failed))

    def _publish(self, key: int) -> None:
        user = Event.objects.select_related("scheduled_by").get(pk=key).scheduled_by
        signature = Signature.objects.filter(user=user).first() if user else None
        who = signature.name if signature else ""
        with changes(Change.Way.EDITOR, who=who, account=user and user.pk):
            event = Event.objects.get(pk=key)
            if not event.publish_at or event.publish_at > timezone.now():
                return  # somebody thought better of it this moment
            try:
                if user is None or not event.take(Step.PUBLISH, user):
                    raise PermissionDenied
            except PermissionDenied as error:
                said = f"{event.slug} is due, but who arranged it may not publish it any more."
                raise ValidationError(said) from error
        self.stdout.write(f"{event.slug} is public.")
