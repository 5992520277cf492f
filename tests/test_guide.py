"""The editors' guide, in the repository and in the admin."""

import re

import pytest
from django.conf import settings
from django.utils.translation import override

from bin.guide import GUIDES, PIECES, drawn
from sahel.models import Step

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize("language", GUIDES)
def test_an_editor_reads_the_guide_where_it_is_needed(editor, language):
    start = editor.get(f"/{language}/admin/").text
    assert f'href="/{language}/admin/guide/"' in start
    page = editor.get(f"/{language}/admin/guide/").text
    for heading in re.findall(r"(?m)^## (.*)$", GUIDES[language].read_text()):
        assert f">{heading}</h2>" in page
    assert "<table>" in page
    assert f'src="/static/editing/event-{language}.png"' in page


@pytest.mark.parametrize("language", GUIDES)
def test_the_page_is_made_of_the_guide_as_it_is(language):
    assert PIECES[language].read_text() == drawn(language), "run make messages"


def test_strangers_are_asked_to_sign_in(client):
    assert client.get("/en/admin/guide/").status_code == 302


@pytest.mark.parametrize("language", GUIDES)
def test_the_guide_shows_pictures_that_are_there(language):
    pictures = re.findall(r"\]\(\.\./static/(.*?)\)", GUIDES[language].read_text())
    assert len(pictures) > 3
    for picture in pictures:
        assert (settings.BASE_DIR / "static" / picture).is_file(), picture


def test_both_guides_have_the_same_parts():
    shapes = [re.findall(r"(?m)^(#+|!\[|\||- )", path.read_text()) for path in GUIDES.values()]
    assert shapes[0] == shapes[1]


def test_the_guide_names_the_steps_as_the_form_does():
    for language, path in GUIDES.items():
        text = path.read_text()
        with override(language):
            for step in (Step.SUBMIT, Step.PUBLISH, Step.WITHDRAW):
                assert str(step.label) in text, (language, step)
