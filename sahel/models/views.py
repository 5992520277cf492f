"""The lists of the admin as editors want to see them again."""

from __future__ import annotations

from django.conf import settings
from django.db import models
from django.db.models import CheckConstraint, Q, UniqueConstraint
from django.utils.translation import gettext_lazy as _


class SavedView(models.Model):
    """A list of the admin, filtered, searched and sorted as an editor named it."""

    MOST = 50  # of one editor

    user = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        verbose_name=_("account"),
        on_delete=models.CASCADE,
        related_name="saved_views",
    )
    of = models.CharField(_("list"), max_length=20)  # the name of its model, in small letters
    name = models.CharField(_("name"), max_length=60)
    query = models.CharField(_("query"), max_length=1000, blank=True)  # without a question mark
    shared = models.BooleanField(_("for all editors"), default=False)

    class Meta:
        verbose_name = _("saved view")
        verbose_name_plural = _("saved views")
        ordering = ["name", "pk"]
        default_permissions = ()
        permissions = [("share_savedview", "Can save views of lists for all editors")]
        constraints = [
            CheckConstraint(condition=~Q(name=""), name="saved_view_has_a_name"),
            UniqueConstraint(
                fields=["user", "of", "name"],
                name="saved_view_once_per_name",
                violation_error_message=_("You have a view of that name already."),
            ),
        ]

    def __str__(self) -> str:
        return self.name
