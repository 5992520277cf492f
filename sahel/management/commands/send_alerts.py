"""`manage.py send_alerts`: tell by e-mail those who asked for it what is new."""

import logging
from contextlib import suppress
from datetime import UTC, datetime
from smtplib import SMTPDataError, SMTPRecipientsRefused
from typing import Any
from uuid import UUID

from django.conf import settings
from django.core.mail import EmailMessage, mailers
from django.core.management.base import BaseCommand, CommandError
from django.db import transaction

from sahel.digests import as_of_now, digest_mail
from sahel.models import Asking, Subscription

OF_ONE = SMTPRecipientsRefused, SMTPDataError, ValueError  # what fails for one reader alone
IN_A_ROW = 3  # other failures after which the mail server is left alone until next time

logger = logging.getLogger(__name__)


class Command(BaseCommand):
    """Send the digests that are due, each once, and forget what was never confirmed."""

    help = "Send the e-mail digests that are due, for a timer that runs each day or each hour."

    def handle(self, *args: Any, **options: Any) -> None:
        """Go through what is due; what a mail server does not take now is due next time."""
        if not settings.ALERTS:
            raise CommandError("Mail is not set up: set EMAIL_URL and EMAIL_FROM.")
        Subscription.objects.lapsed().delete()
        Asking.objects.filter(day__lt=datetime.now(UTC).date()).delete()
        self.mailer = mailers.default
        self.number, self.record = as_of_now()
        sent = failed = in_a_row = 0
        due = Subscription.objects.due().order_by("looked_on", "pk")
        for key in list(due.values_list("pk", flat=True)):
            try:
                with transaction.atomic():
                    sent += self._tell(key)
                in_a_row = 0
            except (OSError, ValueError) as error:
                logger.error("A digest was not sent: %s", _without_address(error))
                failed += 1
                in_a_row += not isinstance(error, OF_ONE)
                if in_a_row == IN_A_ROW:
                    break
        self._hang_up()
        self.stdout.write(f"{sent} sent; {Subscription.objects.confirmed().count()} subscriptions.")
        if failed:
            raise CommandError(f"{failed} could not be sent: they are due next time.")

    def _tell(self, key: UUID) -> bool:
        """Send one digest and note it in the same transaction; False where there is nothing new."""
        # What another one that runs at this moment has in hand is not ours; SQLite lets one in.
        due = Subscription.objects.due().select_for_update(skip_locked=True)
        if (subscription := due.filter(pk=key).first()) is None:
            return False
        message, events = digest_mail(subscription, self.number, self.record)
        if message:
            try:
                self._send(message)
            except SMTPRecipientsRefused as error:
                if not all(500 <= code < 600 for code, _said in error.recipients.values()):
                    raise
                subscription.refused()
                return False
            subscription.refusals = 0
        subscription.looked(self.number, events)
        return message is not None

    def _send(self, message: EmailMessage) -> None:
        """Send it over the line that is open already; what fails takes the line with it."""
        try:
            self.mailer.open()
            self.mailer.send_messages([message])
        except OSError:
            self._hang_up()
            raise

    def _hang_up(self) -> None:
        with suppress(OSError):
            self.mailer.close()


def _without_address(error: Exception) -> str:
    """Name what went wrong; a mail server's own words may hold the address."""
    return f"{type(error).__name__} {getattr(error, 'smtp_code', '')}".strip()
