"""The application, and what it does once the database is migrated."""

from typing import Any

from django.apps import AppConfig
from django.conf import settings
from django.contrib.admin.apps import AdminConfig
from django.contrib.auth.signals import user_logged_in
from django.db.backends.signals import connection_created
from django.db.models.signals import post_migrate

from sahel.logs import watch_queries


class SahelConfig(AppConfig):
    """The one application of this project."""

    name = "sahel"

    def ready(self) -> None:
        """Let the database know of the setting that its gate asks for; watch queries, sessions."""
        from sahel import checks  # noqa: F401
        from sahel.sessions import begin

        user_logged_in.connect(begin)
        post_migrate.connect(_tell_the_gate, sender=self)
        connection_created.connect(watch_queries)


class DeskConfig(AdminConfig):
    """Django's admin, as our own site."""

    default_site = "sahel.desk.Desk"

    def ready(self) -> None:
        """Show nobody the keys of others' devices, which their own admin would."""
        super().ready()
        from django.contrib import admin
        from django_otp.plugins.otp_static.models import StaticDevice
        from django_otp.plugins.otp_totp.models import TOTPDevice

        admin.site.unregister([StaticDevice, TOTPDevice])


def _tell_the_gate(apps: Any, **_about: Any) -> None:
    record = apps.all_models["sahel"].get("record")
    if hasattr(record, "approval"):  # it was migrated as far as that
        record.objects.update_or_create(pk=1, defaults={"approval": settings.APPROVAL})
