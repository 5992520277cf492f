"""The admin as a whole: what stands on each of its pages."""

from typing import Any

from django.conf import settings
from django.contrib import admin
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.template.response import TemplateResponse
from django.urls import path, reverse, translate_url
from django.utils.http import urlencode
from django.utils.translation import get_language, get_language_info
from django.utils.translation import gettext_lazy as _

from sahel.attempts import attempt, in_words, take_back
from sahel.filters import fold
from sahel.security import warn
from sahel.signin import another_app, is_half_way, is_signed_in, second_step
from sahel.your_signin import your_signin


class Desk(admin.AdminSite):
    """Where editors work."""

    site_header = _("Sahel timeline: editing")
    site_title = _("Sahel timeline")
    index_title = _("The record")

    def get_app_list(self, request: HttpRequest, app_label: str | None = None) -> list[Any]:
        """Give the menu in the order of the alphabet, in which É is an E."""
        apps: list[Any] = super().get_app_list(request, app_label)
        for app in apps:
            app["models"].sort(key=lambda model: fold(str(model["name"])))
        return apps

    def has_permission(self, request: HttpRequest) -> bool:
        """Let in whoever gave a password and the second step, and nobody else."""
        return is_signed_in(request)

    def login(
        self, request: HttpRequest, extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        """Ask for a password, then for the second step; who was refused too often waits."""
        if is_half_way(request):
            asked = urlencode({"next": request.GET.get("next", reverse("admin:index"))})
            return redirect(f"{reverse('admin:second-step')}?{asked}")
        if request.method != "POST":
            return super().login(request, extra_context)
        name = request.POST.get("username", "")
        if wait := attempt(request, name):
            warn("locked out", user=name)
            context = {**self.each_context(request), "wait": in_words(wait)}
            answer: HttpResponse = TemplateResponse(request, "admin/wait.html", context, status=429)
            answer["Retry-After"] = str(int(wait.total_seconds()) + 1)
            return answer
        answer = super().login(request, extra_context)
        if answer.status_code == 302:  # the password was right
            take_back(request, name)
        return answer

    def get_urls(self) -> list[Any]:
        """Add the second step, before which nothing else is shown; one may always sign out."""

        def step(request: HttpRequest) -> HttpResponse:
            return second_step(request, self.each_context(request))

        def another(request: HttpRequest) -> HttpResponse:
            return another_app(request, self.each_context(request))

        def yours(request: HttpRequest) -> HttpResponse:
            return your_signin(request, self.each_context(request))

        return [
            path("second-step/", step, name="second-step"),
            path("sign-in/", self.admin_view(yours), name="sign-in"),
            path("sign-in/app/", self.admin_view(another), name="another-app"),
            path("logout/", self.logout, name="logout"),
            *super().get_urls(),
        ]

    def each_context(self, request: HttpRequest) -> dict[str, Any]:
        """Give the addresses of the same page in the other languages, too."""
        here = request.get_full_path()
        others = [
            {**get_language_info(code), "address": translate_url(here, code)}
            for code, _name in settings.LANGUAGES
            if code != get_language()
        ]
        return {**super().each_context(request), "other_languages": others}
