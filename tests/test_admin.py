"""What an editor can do, and what is refused with a sentence that helps."""

from datetime import date

import pytest
from django.contrib import messages
from django.contrib.admin.models import LogEntry
from django.contrib.auth.models import User
from django.contrib.messages import get_messages
from django.contrib.messages.storage.cookie import CookieStorage
from django.db import OperationalError
from django.http import HttpResponse

from sahel.middleware import EditorsChanges
from sahel.models import Event, Quotation, Source, SourceText
from tests.factories import make_actor, make_event, make_place, make_source

pytestmark = pytest.mark.django_db


def form(**fields):
    """The event form as a browser would send it, with one quotation."""
    source = make_source()
    return {
        "title_en": "A new event",
        "title_fr": "",
        "summary_en": "It happened.",
        "summary_fr": "",
        "kind": "statement",
        "status": "happened",
        "date": "2021-06",
        "date_basis": "inferred",
        "date_words": "",
        "date_note_en": "",
        "date_note_fr": "",
        "position": "0",
        "places": [],
        "note_en": "",
        "note_fr": "",
        "_step": "publish",
        "slug": "",
        "quotations-TOTAL_FORMS": "1",
        "quotations-INITIAL_FORMS": "0",
        "quotations-0-source": source.pk,
        "quotations-0-exact": "No dialogue.",
        "quotations-0-why_uncheckable_en": "It was said on the radio.",
        "quotations-0-language": "en",
        "quotations-0-stance": "claims",
        "quotations-0-order": "0",
        "quotations-0-speaker": "",
        "quotations-0-speaker_role_en": "",
        "quotations-0-speaker_role_fr": "",
        "quotations-0-start": "",
        "involvements-TOTAL_FORMS": "0",
        "involvements-INITIAL_FORMS": "0",
        "references-TOTAL_FORMS": "0",
        "references-INITIAL_FORMS": "0",
        **fields,
    }


def test_an_editor_adds_an_event_and_readers_find_it(editor, client):
    place, actor = make_place("Mali"), make_actor("France")
    answer = editor.post(
        "/en/admin/sahel/event/add/",
        form(
            places=[place.pk],
            **{
                "involvements-TOTAL_FORMS": "1",
                "involvements-0-actor": actor.pk,
                "involvements-0-role": "speaker",
                "involvements-0-order": "0",
            },
        ),
    )
    assert answer.status_code == 302
    said = [str(message) for message in get_messages(answer.wsgi_request)]
    assert any("June 2021, inferred from the source" in message for message in said)
    event = Event.objects.get(slug="a-new-event")
    assert event.published is not None
    client.logout()
    assert "A new event" in client.get("/en/?actor=france&place=mali&year=2021").text


@pytest.mark.parametrize(
    ("fields", "sentence"),
    [
        ({"date": "some June"}, "“some June” is not a date that can be read. Type for example"),
        ({"date": "last June"}, "“last june” counts from the day of the source"),
        ({"date": "2022/2021"}, "“2022/2021” ends before it begins."),
        ({"title_en": ""}, "Write it in English, in French, or in both."),
        ({"quotations-TOTAL_FORMS": "0"}, "A published event needs a quotation."),
    ],
)
def test_what_is_wrong_is_said_and_what_was_typed_is_kept(editor, fields, sentence):
    answer = editor.post("/en/admin/sahel/event/add/", form(summary_en="Typed at length", **fields))
    assert answer.status_code == 200
    assert sentence in answer.text
    assert "Typed at length" in answer.text
    assert not Event.objects.exists()


def test_a_date_in_words_is_read_back_before_it_is_saved(editor):
    make_source(date="2022-02-15~")
    page = editor.post("/en/admin/sahel/event/add/", form(date="last June"))
    assert "“last June” was read as: June 2021 (2021-06). Save again if that is right." in page.text
    assert 'name="date" value="2021-06"' in page.text
    assert not Event.objects.exists()
    page = editor.post("/fr/admin/sahel/event/add/", form(date="vers mars 2012"))
    assert "« vers mars 2012 » a été lu" in page.text.replace("\u00a0", " ")
    assert 'value="2012-03~"' in page.text
    assert editor.post("/en/admin/sahel/event/add/", form(date="2021-06")).status_code == 302


def test_straight_quotes_are_shown_where_they_differ_from_the_source(editor):
    SourceText.objects.create(source=make_source(), text="He said: “No dialogue.” Then he left.")
    answer = editor.post(
        "/en/admin/sahel/event/add/", form(**{"quotations-0-exact": '"No dialogue."'})
    )
    assert "Character 1: you have &quot; (U+0022, straight quotation mark)" in answer.text
    assert "“ (U+201C, curly quotation mark, opening)" in answer.text
    answer = editor.post(
        "/en/admin/sahel/event/add/", form(**{"quotations-0-exact": "“No dialogue.”"})
    )
    assert answer.status_code == 302
    quotation = Quotation.objects.get()
    assert (quotation.start, quotation.end, quotation.prefix) == (9, 23, "He said: ")


def test_the_sources_own_characters_can_be_taken_over(editor):
    SourceText.objects.create(source=make_source(), text="He said: “No dialogue.” Then he left.")
    typed = {"quotations-0-exact": '"No dialogue."'}
    page = editor.post("/en/admin/sahel/event/add/", form(**typed)).text
    assert 'type="checkbox" name="quotations-0-take"' in page
    taken = form(**typed, **{"quotations-0-take": "on"})
    assert editor.post("/en/admin/sahel/event/add/", taken).status_code == 302
    words = Quotation.objects.get()
    assert (words.exact, words.start, words.state) == ("“No dialogue.”", 9, "verbatim")


def test_other_words_are_not_those_that_were_checked(editor):
    event = make_event(words="No dialogue.", publication="draft")
    sha, day = "0" * 64, date(2026, 1, 1)
    Quotation.objects.update(state="verbatim", checked_sha256=sha, checked_on=day, start=3, end=15)
    words = Quotation.objects.get()
    changed = form(
        **{
            "quotations-INITIAL_FORMS": "1",
            "quotations-0-id": words.pk,
            "quotations-0-event": event.pk,
            "quotations-0-exact": "No dialogue, he said.",
            "quotations-0-start": "3",
            "quotations-0-why_uncheckable_en": "",
            "_step": "",
        }
    )
    address = f"/en/admin/sahel/event/{event.pk}/change/"
    assert editor.post(address, changed).status_code == 302
    words.refresh_from_db()
    assert (words.exact, words.state, words.checked_on) == (
        "No dialogue, he said.",
        "unchecked",
        None,
    )


def test_the_list_of_quotations_finds_those_that_need_work(editor):
    make_event("Found", words="Found words")
    event = make_event("Lost", words="Lost words")
    sha, day = "0" * 64, date(2026, 1, 1)
    Quotation.objects.filter(event=event).update(
        state="missing", checked_sha256=sha, checked_on=day
    )
    page = editor.get("/en/admin/sahel/quotation/?state__exact=missing").text
    assert "Lost words" in page
    assert f"/en/admin/sahel/event/{event.pk}/change/" in page
    assert "Found words" not in page
    assert editor.get("/en/admin/sahel/quotation/add/").status_code == 403


def paste(editor, text, **fields):
    source = Source.objects.get()
    return editor.post(
        f"/en/admin/sahel/source/{source.pk}/change/",
        {
            "title": source.title,
            "author": "",
            "publisher": source.publisher,
            "kind": "news",
            "language": "en",
            "date": "",
            "date_read": "",
            "url": source.url,
            "archived_url": "",
            "original": "",
            "wording": "original",
            "note_en": "",
            "note_fr": "",
            "slug": "",
            "texts-TOTAL_FORMS": "1",
            "texts-INITIAL_FORMS": "0",
            "texts-0-text": text,
            "texts-0-source": source.pk,
            **fields,
        },
    )


def test_a_text_pasted_later_places_the_quotations(editor):
    make_event(slug="right", words="No dialogue.", publication="draft")
    assert paste(editor, "Then:\r\nNo dialogue.\r\n").status_code == 302
    assert Quotation.objects.get().start == 6
    source = Source.objects.get()
    assert source.text_length == 19
    assert "Then:" not in editor.get(f"/en/sources/{source.slug}/").text


def test_a_text_that_lacks_what_is_quoted_is_refused_until_it_is_meant(editor):
    make_event(slug="right", words="No dialogue.", publication="draft")
    make_event(slug="wrong", words="No dialog!", publication="draft")
    answer = paste(editor, "No dialogue.")
    assert "1 quotation of this source is not in the text" in answer.text
    assert "wrong" in answer.text
    assert Source.objects.get().text_sha256 == ""
    assert paste(editor, "No dialogue.", **{"texts-0-replaces": "on"}).status_code == 302
    assert Quotation.objects.get(event__slug="right").start == 0
    assert Quotation.objects.get(event__slug="wrong").start is None


@pytest.mark.parametrize(
    "address",
    [
        "event/?sort_date__year=9999",
        "event/?sort_date__year=99999999999999999999",
        "event/?title_en__regex=(((",
        "event/?kind__regex=(((",
        "event/?id__in=" + "9" * 40,
        "event/add/?places=" + "9" * 40,
        "place/add/?parent=zz",
        "actor/add/?parent=%ED%A0%80",
        "event/" + "9" * 40 + "/change/",
        "event/1/change/?_to_field=",
    ],
)
def test_forged_addresses_are_no_errors_of_ours(editor, address):
    make_event(actors=("France",))
    assert editor.get(f"/en/admin/sahel/{address}").status_code < 500


def test_words_for_the_date_have_to_stand_in_a_source(editor):
    SourceText.objects.create(source=make_source(), text="No dialogue. That was last June.")
    page = editor.post("/en/admin/sahel/event/add/", form(date_words="Last june")).text
    assert "“Last june”, given as the source’s words for the date" in page
    assert "There the source reads: last June" in page
    answer = editor.post("/en/admin/sahel/event/add/", form(date_words="last June"))
    assert answer.status_code == 302


def test_a_text_of_several_lines_is_not_changed_by_being_shown(editor):
    event = make_event(words="One.\nTwo.", summary_en="Three.\nFour.", publication="draft")
    quotation = event.quotations.get()
    Quotation.objects.update(state="uncheckable", why_uncheckable_en="A broadcast.")
    sent = form(
        title_en="Another title",
        summary_en="Three.\r\nFour.",
        _step="",
        slug=event.slug,
        **{
            "quotations-INITIAL_FORMS": "1",
            "quotations-0-id": quotation.pk,
            "quotations-0-event": event.pk,
            "quotations-0-exact": "One.\r\nTwo.",
            "quotations-0-why_uncheckable_en": "A broadcast.",
        },
    )
    assert editor.post(f"/en/admin/sahel/event/{event.pk}/change/", sent).status_code == 302
    event.refresh_from_db()
    assert (event.title_en, event.summary_en) == ("Another title", "Three.\nFour.")
    assert Quotation.objects.get().exact == "One.\nTwo."
    (log,) = LogEntry.objects.all()
    assert "summary in english" not in log.change_message.lower()


def test_what_a_list_offers_to_filter_by_works(editor):
    event = make_event("Found", kind="coup", places=("Mali",))
    make_event("Other", kind="strike")
    place = event.places.get().pk
    for query in ["kind__exact=coup", f"places__id__exact={place}", "kind__in=coup,protest"]:
        page = editor.get(f"/en/admin/sahel/event/?{query}").text
        assert ">Found</a>" in page, query
        assert ">Other</a>" not in page, query
    dated = editor.get("/en/admin/sahel/event/?sort_date__year=2021&sort_date__month=1")
    assert ">Found</a>" in dated.text


def test_a_fault_of_the_database_is_not_called_bad_input(editor, monkeypatch):
    def fails(*args, **kwargs):
        raise OperationalError("disk full")

    monkeypatch.setattr(Event, "save", fails)
    with pytest.raises(OperationalError):
        editor.post("/en/admin/sahel/event/add/", form())


@pytest.mark.parametrize("junk", ["zz", "9" * 40, "1\0"])
def test_forged_choices_are_no_errors_of_ours(editor, junk):
    fields = form(**{"quotations-0-source": junk, "quotations-0-speaker": junk})
    assert editor.post("/en/admin/sahel/event/add/", fields).status_code < 500


@pytest.mark.parametrize("typed", ["goita", "GOÏTA", "colonel"])
def test_actors_are_found_as_one_types_them(editor, typed):
    actor = make_actor("Assimi Goïta", slug="goita", aliases="Colonel Goita")
    answer = editor.get(
        "/en/admin/autocomplete/",
        {"term": typed, "app_label": "sahel", "model_name": "involvement", "field_name": "actor"},
    )
    assert [found["id"] for found in answer.json()["results"]] == [str(actor.pk)]


@pytest.mark.parametrize("model", ["event", "actor", "place", "source"])
@pytest.mark.parametrize("language", ["en", "fr"])
def test_lists_and_forms_open_in_both_languages(editor, model, language):
    event = make_event(actors=("France",), places=("Mali",), publication="draft")
    pk = {
        "event": event.pk,
        "actor": event.involvements.get().actor_id,
        "place": event.places.get().pk,
        "source": event.quotations.get().source_id,
    }[model]
    base = f"/{language}/admin/sahel/{model}/"
    for path in ["", "?q=a", "add/", f"{pk}/change/", f"{pk}/history/", f"{pk}/delete/"]:
        assert editor.get(base + path, follow=True).status_code == 200, path


def test_a_list_asks_no_more_for_more_rows(editor, django_assert_max_num_queries):
    for _ in range(30):
        make_event(actors=("France",), places=("Mali",))
    with django_assert_max_num_queries(16):
        editor.get("/en/admin/sahel/event/")


def test_only_a_published_event_can_be_viewed_on_the_site(editor):
    published, draft = make_event(), make_event(publication="draft")
    assert "/r/" in editor.get(f"/en/admin/sahel/event/{published.pk}/change/").text
    assert "/r/" not in editor.get(f"/en/admin/sahel/event/{draft.pk}/change/").text


def test_a_nul_byte_is_a_bad_request(editor):
    for query in ["q=%00", "kind__exact=%00", "_facets=%00"]:
        assert editor.get(f"/en/admin/sahel/event/?{query}").status_code == 400


def test_an_editor_may_edit_the_record_and_nothing_else(editor):
    assert editor.get("/en/admin/auth/user/").status_code == 403
    assert editor.get("/en/admin/").status_code == 200


def test_strangers_are_asked_to_sign_in(client):
    assert client.get("/en/admin/sahel/event/")["Location"].startswith("/en/admin/login/")


def test_what_cannot_be_committed_is_not_said_to_be_done(rf):
    event = make_event("Bare", publication="draft")

    def publish(request):
        Event.objects.update(publication="published")
        messages.success(request, "Published.")
        return HttpResponse()

    request = rf.post("/en/admin/sahel/event/")
    request.user = User.objects.create_user("fatou")
    request._messages = CookieStorage(request)
    answer = EditorsChanges(publish)(request)
    request._messages.update(answer)
    assert answer.status_code == 302
    request.COOKIES = {"messages": answer.cookies["messages"].value}
    told = [str(each) for each in CookieStorage(request)]
    assert len(told) == 1
    assert told[0].startswith("Not public without a quotation")
    event.refresh_from_db()
    assert event.publication == "draft"
