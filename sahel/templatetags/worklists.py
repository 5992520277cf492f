"""The work lists, for the template of the admin's start page."""

from typing import Any

from django import template

from sahel import worklists

register = template.Library()


@register.simple_tag(takes_context=True)
def work_lists(context: Any) -> list[dict[str, Any]]:
    """Give what `worklists.counted()` does."""
    return worklists.counted(context["request"])
