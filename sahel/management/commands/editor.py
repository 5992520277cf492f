"""`manage.py editor`: make the account of somebody who edits the record."""

import getpass
import sys
from argparse import ArgumentParser
from typing import Any

from django.contrib.auth.models import Group, User
from django.contrib.auth.password_validation import validate_password
from django.core.exceptions import ValidationError
from django.core.management.base import BaseCommand, CommandError

from sahel.steps import forget_devices

ROLES = "contributor", "editor", "publisher"  # the groups that a migration makes


class Command(BaseCommand):
    """Ask for a name and a password, and put the account in the group of its role."""

    help = "Make an editor's account (or give one a new password); asks for the password."

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Take the name, or ask for it."""
        parser.add_argument("name", nargs="?", help="the name to sign in with")
        parser.add_argument(
            "--role",
            choices=ROLES,
            help="contributors draft, editors review, too, publishers publish, too; a new account"
            " is a publisher's, and one that there is stays what it is, unless this says otherwise",
        )

        parser.add_argument(
            "--forget-device",
            action="store_true",
            help="take app, passkeys and codes away instead; the next sign-in sets up new ones",
        )

    def handle(
        self, *args: Any, name: str | None, role: str | None, forget_device: bool, **options: Any
    ) -> None:
        """Make the account; a password may also come in one line on standard input."""
        if forget_device:
            if (user := User.objects.filter(username=name or "").first()) is None:
                raise CommandError("There is no account of that name.")
            forget_devices(user)
            self.stdout.write(f"{name} sets up the second step anew at the next sign-in.")
            return
        asking = sys.stdin.isatty()
        if not name and not asking:
            raise CommandError("Name the editor: manage.py editor NAME")
        name = name or input("Name to sign in with: ").strip()
        user = User.objects.filter(username=name).first() or User(username=name)
        if not (role or user.pk):
            role = ROLES[-1]
        user.is_staff = True
        password = getpass.getpass("Password: ") if asking else sys.stdin.readline().rstrip("\n")
        if asking and getpass.getpass("Once more: ") != password:
            raise CommandError("The two passwords differ; nothing was changed.")
        try:
            validate_password(password, user)
            user.set_password(password)
            user.full_clean()
        except ValidationError as error:
            raise CommandError(" ".join(error.messages)) from error
        user.save()
        ours = Group.objects.filter(name__in=[each.capitalize() for each in ROLES])
        if role:
            user.groups.remove(*ours.filter(user=user).exclude(name=role.capitalize()))
            user.groups.add(ours.get(name=role.capitalize()))
        groups = ", ".join(ours.filter(user=user).values_list("name", flat=True)).lower()
        of_all = "superuser" if user.is_superuser else "nothing yet: give it a --role"
        self.stdout.write(f"{name} can now sign in and edit at /admin/, as {groups or of_all}.")
