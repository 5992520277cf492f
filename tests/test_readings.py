"""What a form says while somebody types, and what it recognises that is on record already."""

import pytest
from django.urls import reverse
from hypothesis import given
from hypothesis import strategies as st

from sahel.known import bare, by_address, by_citation
from sahel.models import Event, Source, SourceText
from tests.factories import make_event, make_source
from tests.forms import sent

pytestmark = pytest.mark.django_db
READ = "/en/admin/sahel/event/read/"


@pytest.fixture
def report():
    source = make_source("report", date="2022-02-15")
    SourceText.objects.create(source=source, text="First. “There is no rift – none.” No. No.")
    return source


@pytest.mark.parametrize(
    ("typed", "right", "told"),
    [
        ("2021-01", True, "January 2021"),
        ("about March 2012", True, "about March 2012 (2012-03~)"),
        ("last June", True, "June 2021 (2021-06)"),
        ("2021-25", False, "2021-25"),
        ("no date", False, "no date"),
        ("", False, "date"),
    ],
)
def test_an_editor_sees_how_a_date_is_read(editor, report, typed, right, told):
    answer = editor.get(f"{READ}date/", {"date": typed, "source": report.pk}).json()
    assert answer["right"] is right
    assert told in answer["told"][0]


def test_an_editor_sees_whether_words_stand_in_the_source(editor, report):
    def ask(exact: str, **more):
        asked = {"exact": exact, "source": report.pk, **more}
        return editor.get(f"{READ}quotation/", asked).json()

    assert ask("“There is no rift – none.”") == {
        "right": True,
        "told": ["verbatim; characters 7 to 33: …First. […] No. No.…"],
    }
    wrong = ask('"There is no rift - none."')
    assert wrong["right"] is False
    assert "curly quotation mark, opening" in wrong["told"][0]
    assert wrong["told"][-1] == "There the source reads: “There is no rift – none.”"
    assert "stand more than once" in ask("No.")["told"][0]
    assert ask("No.", start="38")["right"] is True
    assert ask("x", source=make_source("untold").pk)["right"] is None
    for forged in ("", "x", "9" * 30):
        assert ask("x", source=forged) == {"right": None, "told": []}


def test_strangers_learn_nothing(client, report):
    for page in ("date/?date=2021", f"quotation/?exact=x&source={report.pk}"):
        assert client.get(f"{READ}{page}").status_code == 302


def test_the_form_says_on_what_an_event_rests(editor):
    event = make_event(source="one")
    copy = make_source("copy", original=Source.objects.get(slug="one"))
    event.quotations.create(source=copy, exact="More.", language="en")
    page = editor.get(reverse("admin:sahel_event_change", args=[event.pk])).text
    assert "2 quotations, 1 independent source, verbatim: 1, never checked: 1" in page
    draft = make_event(publication="draft")
    page = editor.get(reverse("admin:sahel_event_change", args=[draft.pk])).text
    assert "1 quotation, 1 independent source, all: never checked" in page


def test_what_waits_for_a_translation_says_so_in_its_field(editor):
    event = make_event(summary_fr="")
    page = editor.get(reverse("admin:sahel_event_change", args=[event.pk])).text
    waiting = page.count("Not translated yet")
    assert waiting == 1
    field = page.partition('name="summary_fr"')[2].partition(">")[0]
    assert "Not translated yet" in field


# Sources ------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "pasted",
    [
        "https://example.org/news/report",
        "http://www.example.org/news/report/?utm_source=x&fbclid=y#:~:text=None",
        "https://m.example.org/news/report",
        "  https://EXAMPLE.org/news/report  ",
    ],
)
def test_a_pasted_address_is_recognised(editor, pasted):
    known = make_source("report", url="https://example.org/news/report?ref=home")
    make_source("other", url="https://example.org/news/report/2")
    assert by_address(pasted) == [known]
    address = reverse("admin:autocomplete")
    of = {"app_label": "sahel", "model_name": "quotation", "field_name": "source"}
    found = editor.get(address, {"term": pasted, **of}).json()["results"]
    assert [int(each["id"]) for each in found] == [known.pk]


def test_another_page_is_not_taken_for_it():
    make_source("report", url="https://example.org/news?id=1")
    for other in ("https://example.org/news?id=2", "https://example.org/", "https://[", "/", "x"):
        assert by_address(other) == []


@given(st.text())
def test_whatever_is_pasted_is_no_error(text):
    by_address(text)
    by_address(f"https://{text}/")
    by_citation(text)


@given(
    st.from_regex(r"https://[a-z]{1,9}\.org(/[a-z]{1,5}){0,3}(\?a=[a-z0-9]{1,4})?", fullmatch=True)
)
def test_an_address_is_compared_the_same_however_often_it_is_bared(url):
    assert bare(f"https://{bare(url)}") == bare(url)


def test_a_pasted_citation_is_recognised():
    known = make_source("report", title="No rift in Bamako, says minister", publisher="Gazette")
    make_source("other", title="No rift anywhere", publisher="Gazette")
    assert by_citation("Gazette, “No rift in Bamako, says minister”, 15 February 2022") == [known]
    assert by_citation("Gazette") == []


def test_an_address_is_not_entered_twice_unless_that_is_meant(editor):
    known = make_source("report", url="https://example.org/report")
    add = "/en/admin/sahel/source/add/"
    page = editor.get(add).text
    typed = {"title": "A report", "publisher": "Gazette", "language": "en"}
    filled = sent(page, "source_form", url="http://example.org/report/", **typed)
    asked = editor.post(add, filled)
    assert "Is it this one, which is here already?" in asked.text
    assert reverse("admin:sahel_source_change", args=[known.pk]) in asked.text
    assert 'value="A report"' in asked.text
    assert editor.post(add, filled | {"another": "on"}).status_code == 302
    assert Source.objects.count() == 2
    assert not Event.objects.exists()


def test_a_date_that_was_shown_while_it_was_typed_is_not_asked_about_again(editor, report):
    shown = editor.get(f"{READ}date/", {"date": "about March 2012"}).json()["edtf"]
    add = "/en/admin/sahel/event/add/"
    typed = {"title_en": "New", "kind": "attack", "status": "happened", "date_basis": "stated"}
    filled = sent(editor.get(add).text, "event_form", date="about March 2012", **typed)
    assert "was read as" in editor.post(add, filled).text
    assert editor.post(add, filled | {"date_seen": "2012"}).status_code == 200
    assert editor.post(add, filled | {"date_seen": shown}).status_code == 302
    assert str(Event.objects.get().date) == "2012-03~"


def test_a_long_quotation_is_looked_for_and_not_compared(editor, report):
    asked = {"exact": "There was none. " * 500, "source": report.pk}
    answer = editor.get(f"{READ}quotation/", asked).json()
    assert answer == {"right": False, "told": ["These words do not stand in the source’s text."]}
