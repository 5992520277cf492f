"""A reader with a dossier: on a screen, and printed."""

import shutil
import subprocess

import pytest
from playwright.sync_api import Page, expect

from sahel.models import Quotation, Source

pytestmark = pytest.mark.one_database


@pytest.mark.parametrize(("language", "width"), [("en", 1280), ("fr", 360)])
def test_a_dossier_fits_its_window_and_is_easy_to_read(page: Page, article, axe, language, width):
    page.set_viewport_size({"width": width, "height": 740})
    page.goto(f"/{language}/dossier.html?status=disputed")
    expect(page.locator("article")).to_have_count(3)
    expect(page.locator("body")).to_have_css("max-width", "736px")
    assert page.evaluate("document.documentElement.scrollWidth") == width
    assert axe(page) == []


@pytest.mark.skipif(not shutil.which("pdftotext"), reason="no pdftotext found")
@pytest.mark.parametrize("language", ["en", "fr"])
def test_a_printed_dossier_has_every_address_and_quotation(page: Page, article, tmp_path, language):
    page.goto(f"/{language}/dossier.html")
    page.pdf(path=tmp_path / "dossier.pdf", prefer_css_page_size=True)
    text = subprocess.run(
        ["pdftotext", "-raw", tmp_path / "dossier.pdf", "-"],
        capture_output=True,
        text=True,
        check=True,
    ).stdout
    together = "".join(text.split())
    for source in Source.objects.exclude(quotations=None, references=None):
        assert source.url in together
        assert source.archived_url in together
    for quotation in Quotation.objects.filter(event__publication="published"):
        assert "".join(quotation.exact[:40].split()) in together
    pages = text.count("\f")
    assert f"1/{pages}" in together
    assert f"{pages}/{pages}" in together
