"""What stands on every page of the admin, in words that editors of either language would use."""

import re

import pytest

from sahel.models import Event
from tests.factories import make_event

pytestmark = pytest.mark.django_db


def test_the_menu_is_in_the_order_of_the_alphabet(editor):
    page = editor.get("/fr/admin/").text
    names = re.findall(r'<th scope="row" id="[\w-]+">\s*<a href="[^"]+">([^<]+)</a>', page)
    shown = names[: names.index("Sources") + 1]
    assert shown.index("Citations") < shown.index("Événements") < shown.index("Lieux")


@pytest.mark.parametrize("address", ["admin/", "admin/sahel/event/?kind__exact=coup&q=a"])
def test_the_same_page_is_one_link_away_in_the_other_language(editor, address):
    page = editor.get(f"/en/{address}").text.replace("&amp;", "&")
    assert f'href="/fr/{address}" lang="fr" hreflang="fr">Français</a>' in page
    page = editor.get(f"/fr/{address}").text.replace("&amp;", "&")
    assert f'href="/en/{address}" lang="en" hreflang="en">English</a>' in page


def test_who_signs_in_may_choose_the_language_first(client):
    page = client.get("/en/admin/login/?next=/en/admin/sahel/event/").text
    assert 'href="/fr/admin/login/?next=/en/admin/sahel/event/"' in page


def test_days_are_written_with_the_day_before_the_month(editor):
    event = make_event()
    Event.objects.filter(pk=event.pk).update(updated="2022-02-15T17:05Z")
    page = editor.get(f"/en/admin/sahel/event/{event.pk}/change/").text
    assert "15 February 2022, 17:05" in page
    assert "2022-02-15" in editor.get("/en/admin/sahel/event/").text


def test_titles_fit_nouns_of_any_gender(editor):
    event = make_event()
    pages = {
        "event/": "Events",
        "event/add/": "Add: event",
        f"event/{event.pk}/change/": "Change: event",
        f"quotation/{event.quotations.get().pk}/change/": "View: quotation",
        "source/": "Sources",
    }
    for path, title in pages.items():
        assert f"<h1>{title}</h1>" in editor.get(f"/en/admin/sahel/{path}").text, path


def test_the_fields_of_a_table_have_names(editor):
    event = make_event(actors=("France",))
    page = editor.get(f"/en/admin/sahel/event/{event.pk}/change/").text
    for name, label in (("role", "Role"), ("order", "Order"), ("DELETE", "Delete")):
        (field,) = re.findall(rf'<(?:input|select)[^>]* name="involvements-0-{name}"[^>]*>', page)
        assert f'aria-label="{label}"' in field
