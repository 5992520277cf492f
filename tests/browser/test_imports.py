"""An editor imports a spreadsheet, in English and in French, and undoes it."""

from collections.abc import Callable

import pytest
from playwright.sync_api import FilePayload, Page, expect

from sahel.models import Event
from tests.browser.test_editing import _article, choose, sign_in

pytestmark = pytest.mark.one_database

__all__ = ["_article"]

ROWS = """id,type_of_violence,side_a,side_b,where_coordinates,date_prec,date_start,best
1,2,Sample Group,Other Sample Group,Sample Town,4,2022-02-10,4
2,2,Sample Group,Other Sample Group,Sample Town,9,2022-02-10,4
"""


@pytest.mark.parametrize(("language", "month"), [("en", "February 2022"), ("fr", "février 2022")])
def test_an_import_is_tried_confirmed_and_undone(
    page: Page, axe: Callable[[Page], list[str]], language: str, month: str
):
    before = Event.objects.count()
    sign_in(page)
    page.goto(f"/{language}/admin/sahel/event/")
    page.locator('.object-tools a[href$="/importbatch/add/"]').click()
    file: FilePayload = {"name": "ged.csv", "mimeType": "text/csv", "buffer": ROWS.encode()}
    page.locator("#id_file").set_input_files(file)
    assert axe(page) == []
    page.locator("#import-upload [type=submit]").click()

    expect(page.locator("#id_column_date_start")).to_have_value("6")
    choose(page, "id_source", "announce the withdrawal", "France is preparing")
    page.locator("#id_makes_names").check()
    assert axe(page) == []
    page.locator("#import-columns [type=submit]").click()

    expect(page.locator("tr.fault")).to_have_count(1)
    expect(page.locator("tr.fault")).to_contain_text("date_prec")
    expect(page.locator("#content-main")).to_contain_text(f"{month} (2022-02)")
    assert axe(page) == []
    assert Event.objects.count() == before
    page.locator("#import-plan [type=submit]").click()

    expect(page.locator(".messagelist .success")).to_be_visible()
    page.locator(".made a").click()
    page.locator("details", has=page.locator(".cells")).locator("summary").click()
    expect(page.locator(".cells")).to_contain_text("Sample Town")
    page.go_back()
    assert axe(page) == []
    page.locator("#import-done [type=submit]").click()

    expect(page.locator(".made li")).to_have_count(0)
    assert Event.objects.count() == before
