"""What happens at the door, and who may do what, on record: the logger `sahel.security`.

No password, code, key or session is ever in it; addresses are as `LOG_ADDRESSES` says.
"""

import logging
from contextvars import ContextVar
from functools import partial
from typing import Any

from django.contrib.auth.models import Group, User
from django.contrib.auth.signals import user_logged_in, user_logged_out, user_login_failed
from django.db import transaction
from django.db.models.signals import m2m_changed, post_delete, post_save, pre_save
from django.dispatch import receiver
from django.http import HttpRequest

from sahel.requesters import requester

logger = logging.getLogger("sahel.security")

# The request that is being answered, while it is one to the admin.
asking: ContextVar[HttpRequest | None] = ContextVar("asking", default=None)

RIGHTS = "is_active", "is_staff", "is_superuser"


def note(said: str, level: int = logging.INFO, **about: Any) -> None:
    """Log that something happened, with the account that did it and the address it came from.

    Without a request it was a command, and `user` is empty.
    """
    logger.log(level, said, extra=_with_who(about))


def note_once_saved(said: str, **about: Any) -> None:
    """The same of what a transaction does, when it is done for good."""
    transaction.on_commit(partial(logger.info, said, extra=_with_who(about)))


def _with_who(about: dict[str, Any]) -> dict[str, Any]:
    request = asking.get()
    if "user" not in about:
        about["user"] = request.user.get_username() if request else ""
    if request:
        about["address"] = requester(request).partition("/")[0]
    return {name: each[:200] if isinstance(each, str) else each for name, each in about.items()}


warn = partial(note, level=logging.WARNING)


@receiver(user_login_failed)
def _password_refused(credentials: dict[str, Any], **_about: Any) -> None:
    warn("password refused", user=str(credentials.get("username", "")))


@receiver(user_logged_in)
def _password_given(user: User, **_about: Any) -> None:
    note("password given", user=user.get_username())


@receiver(user_logged_out)
def _signed_out(user: User | None, **_about: Any) -> None:
    note("signed out", user=user.get_username() if user else "")


@receiver(pre_save, sender=User)
def _about_to_change(instance: User, update_fields: Any, **_about: Any) -> None:
    """Remember what an account might do before; a sign-in alone changes none of it."""
    if instance.pk and (update_fields is None or set(update_fields) & {"password", *RIGHTS}):
        before = User.objects.filter(pk=instance.pk).values("password", *RIGHTS).first()
        instance._before = before  # type: ignore[attr-defined]


@receiver(post_save, sender=User)
def _account_changed(instance: User, created: bool, **_about: Any) -> None:
    name, before = instance.get_username(), instance.__dict__.pop("_before", None)
    rights = {right: getattr(instance, right) for right in RIGHTS}
    if created:
        note_once_saved("account made", account=name, **rights)
    elif before:
        # A password that is hashed anew when it is given is the same one.
        if before.pop("password") != instance.password and instance._password is not None:  # type: ignore[attr-defined]
            note_once_saved("password changed", account=name)
        if before != rights:
            note_once_saved("rights changed", account=name, **rights)


@receiver(post_delete, sender=User)
def _account_deleted(instance: User, **_about: Any) -> None:
    note_once_saved("account deleted", account=instance.get_username())


@receiver(m2m_changed, sender=User.groups.through)
@receiver(m2m_changed, sender=User.user_permissions.through)
@receiver(m2m_changed, sender=Group.permissions.through)
def _rights_changed(
    instance: Any, action: str, model: Any, pk_set: set[int] | None, **_about: Any
) -> None:
    if action not in ("post_add", "post_remove", "post_clear") or pk_set == set():
        return
    which = ", ".join(map(str, model._default_manager.filter(pk__in=pk_set or ())))
    of = "role" if isinstance(instance, Group) else "account"
    note_once_saved("rights changed", **{of: str(instance)}, how=action[5:], which=which)
