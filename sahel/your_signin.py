"""“Your sign-in”: what an editor has for the second step, and where they are signed in."""

from typing import Any

from django.contrib import messages
from django.contrib.auth.models import User
from django.db import transaction
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.template.response import TemplateResponse
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache

from sahel.models import Passkey, RecoveryCode
from sahel.security import note
from sahel.sessions import SECOND_STEP, end, end_others, opened
from sahel.signin import asked_for, codes_page, confirm, is_confirmed, to_make
from sahel.steps import CodeForm, NewPasskeyForm, PasskeyForm, ways


@never_cache
def your_signin(request: HttpRequest, context: dict[str, Any]) -> HttpResponse:
    """Show all of it; change it for whoever gives the second step once more."""
    new = NewPasskeyForm(request)
    steps = CodeForm(request, first=False), PasskeyForm(request)
    if request.method == "POST":
        done = _done(request, context, new, *steps)
        if done:
            return done
    user: Any = request.user
    has, confirmed = ways(user), is_confirmed(request)
    told = to_make(request, new) if confirmed else asked_for(request, *steps)
    told |= {
        "title": _("Your sign-in"),
        "confirmed": confirmed,
        "app": any(isinstance(way, int) for way in has),
        "passkeys": Passkey.objects.filter(user=user.pk),
        "one_way": len(has) == 1,
        "left": RecoveryCode.objects.filter(user=user.pk).count(),
        "sessions": opened(request),
    }
    status = max(step.status for step in steps)
    return TemplateResponse(request, "admin/your_signin.html", {**context, **told}, status=status)


def _done(
    request: HttpRequest, context: dict[str, Any], new: NewPasskeyForm, *steps: Any
) -> HttpResponse | None:
    """Do what a form asks; give where that leads, none where its page is shown again."""
    if any(step.is_bound for step in steps):
        if not any(step.is_valid() for step in steps):
            return None
        confirm(request)
    elif not is_confirmed(request):
        messages.error(request, _("Nothing was changed: give a code or use a passkey first."))
    elif new.is_bound:
        if not (new.is_valid() and new.keep()):
            return None
        messages.success(request, _("The passkey is kept."))
    elif "codes" in request.POST:
        note("recovery codes made")
        user: Any = request.user
        return codes_page(request, context, RecoveryCode.make(user))
    elif "passkey-to-remove" in request.POST:
        _remove(request, request.POST["passkey-to-remove"])
    elif "others" in request.POST:
        end_others(request)
        messages.success(request, _("You are signed in nowhere else any more."))
    elif end(request, request.POST.get("session", "")):
        messages.success(request, _("That browser is signed out."))
    return redirect(request.path)


def _remove(request: HttpRequest, key: str) -> None:
    """Take a passkey away, unless it is the only way in; other sessions end."""
    user: Any = request.user
    with transaction.atomic():
        User.objects.select_for_update().get(pk=user.pk)
        passkey = Passkey.objects.filter(user=user.pk, pk=key if key.isdecimal() else 0).first()
        if passkey is None:
            return
        if len(ways(user)) == 1:
            messages.error(request, _("It is your only way in: add another one first."))
            return
        passkey.delete()
        request.session[SECOND_STEP] = ways(user)[0]
    note("passkey removed", passkey=key)
    end_others(request)
    messages.success(request, _("The passkey is removed, and you are signed out elsewhere."))
