"""The site's addresses, and /empty/: what a page costs that says nothing, behind the same steps."""

from django.http import HttpRequest, HttpResponse
from django.urls import path

from sahel.urls import handler404
from sahel.urls import urlpatterns as ours

__all__ = ["handler404", "urlpatterns"]


def empty(request: HttpRequest) -> HttpResponse:
    """Answer nothing."""
    return HttpResponse()


urlpatterns = [path("empty/", empty), *ours]
