"""What readers see of the history, and what editors do with it."""

import re
from xml.etree import ElementTree

import pytest
from django.contrib.auth.models import Group, Permission, User
from django.urls import reverse

from sahel.models import (
    Actor,
    Change,
    Estimate,
    Event,
    Place,
    Quotation,
    Signature,
    Source,
    SourceText,
    changes,
    verify,
)
from sahel.models.history import faults
from sahel.versions import restore
from tests.factories import CHECKED, make_actor, make_event, make_place, make_source

pytestmark = pytest.mark.django_db
ATOM = "{http://www.w3.org/2005/Atom}"


@pytest.fixture
def fatou(editor):
    """Who signed in."""
    return User.objects.get()


def by_an_editor(why="", who="Fatou", language="en"):
    return changes(Change.Way.EDITOR, who=who, account=7, why=why, language=language if why else "")


def corrected(title="Strike on Bounti", **fields) -> Event:
    with by_an_editor():
        event = make_event(title, places=("Mali",), words="Nineteen people.", **fields)
    with by_an_editor("The year was wrong.", who=""):
        Event.objects.filter(pk=event.pk).update(date="2021-01-04", summary_en="What did happen.")
        Quotation.objects.filter(event=event).update(speaker_role_en="witness")
        event.places.set([make_place("Bounti")])
    return event


def test_an_event_says_what_was_corrected_when_by_whom_and_why(client):
    event = corrected()
    page = client.get(event.get_absolute_url()).text
    said = re.sub(r"<[^>]+>|\s+", " ", page[page.index('id="changes"') :])
    said = re.sub(r"\s+", " ", said)
    assert "Corrected" in said
    assert ", by an editor" in said
    assert "The year was wrong." in said
    assert "3 January 2021 (2021-01-03) 4 January 2021 (2021-01-04)" in said
    assert "What <del>happened</del><ins>did happen</ins>." in page
    assert "<del>Mali</del><ins>Bounti</ins>" in page
    assert "<ins>witness</ins>" in page
    french = client.get(event.get_absolute_url().replace("/en/", "/fr/")).text
    assert "3 janvier 2021" in french
    assert 'lang="en">The year was wrong.' in french
    assert "la rédaction" in french


def test_an_event_that_was_never_corrected_says_so(client):
    with by_an_editor():
        event = make_event()
    assert "not changed since" in client.get(event.get_absolute_url()).text


def test_what_was_done_to_a_draft_is_nobodys_to_see(client):
    with by_an_editor():
        event = make_event("Rumour", publication="draft", summary_en="Names a victim.")
    with by_an_editor():
        event.quotations.update(**CHECKED, start=0, end=19)
        Event.objects.update(
            title_en="Sourced", summary_en="Says nothing.", publication="published"
        )
    for path in (event.get_absolute_url(), "/en/changes/", "/en/changes.atom"):
        page = client.get(path).text
        assert "Sourced" in page
        assert "Rumour" not in page
        assert "victim" not in page


def test_a_withdrawn_event_is_listed_with_its_reason_and_without_its_words(client):
    event = corrected("Slander")
    with by_an_editor():
        Event.objects.update(publication="withdrawn", withdrawal_fr="C’était faux.")
    for path in ("/fr/changes/", "/fr/changes.atom", "/fr/changes/?what=withdrawn"):
        page = client.get(path).text
        assert "C’était faux." in page
        assert "Slander" not in page
    assert client.get(event.get_absolute_url()).status_code == 410


def test_changes_are_filtered_and_paged(client):
    for number in range(27):
        with by_an_editor():
            make_event(f"Number {number}", slug=f"number-{number}")
    corrected()
    everything = client.get("/en/changes/").text
    assert everything.count("<li id=") == 25
    assert (
        everything.index("Corrected")
        < everything.index("Number 26")
        < everything.index("Number 25")
    )
    older = re.search(r'rel="next" href="([^"]+)"', everything).group(1).replace("&amp;", "&")
    assert client.get(older).text.count("<li id=") == 4
    assert client.get("/en/changes/?what=corrected").text.count("<li id=") == 1
    assert client.get("/en/changes/?what=new&event=number-3").text.count("<li id=") == 1
    assert "There is no such change" in client.get("/en/changes/?what=withdrawn").text
    for odd in ("what=x", "before=²", f"before={'9' * 30}", "before=-1", "event=%00", "event=%ED"):
        assert client.get(f"/en/changes/?{odd}").status_code == 200
        assert client.get(f"/en/changes.atom?{odd}").status_code == 200


def test_the_feed_tells_the_same_and_is_not_sent_twice(client):
    event = corrected()
    answer = client.get("/en/changes.atom?what=corrected")
    assert answer["Content-Type"].startswith("application/atom+xml")
    (entry,) = ElementTree.fromstring(answer.content).findall(f"{ATOM}entry")  # noqa: S314
    assert entry.find(f"{ATOM}title").text == "Corrected: Strike on Bounti"
    assert entry.find(f"{ATOM}summary").text == "The year was wrong."
    assert entry.find(f"{ATOM}link").get("href").endswith(event.get_absolute_url())
    again = client.get("/en/changes.atom?what=corrected", headers={"If-None-Match": answer["ETag"]})
    assert again.status_code == 304


def test_the_head_of_the_history_is_public(client):
    corrected()
    last = Change.objects.last()
    assert f"{last.number}:{last.hash}" in client.get("/en/changes/").text


def form_of(client, event, **changed):
    """Give what the browser would send for an event's form, with something changed in it."""
    page = client.get(reverse("admin:sahel_event_change", args=[event.pk]))
    form = page.context["adminform"].form
    sent = {name: form[name].value() for name in form.fields}
    for formset in page.context["inline_admin_formsets"]:
        prefix = formset.formset.prefix
        sent |= {f"{prefix}-{n}": v for n, v in formset.formset.management_form.initial.items()}
        for row in formset.formset.initial_forms:
            sent |= {f"{row.prefix}-{name}": row[name].value() for name in row.fields}
    sent = {
        name: value
        for name, value in (sent | changed).items()
        if value is not None and value is not False
    }
    return {name: [p.pk for p in v] if name == "places" else v for name, v in sent.items()}


def test_an_editor_says_why_a_published_event_changes(client, fatou):
    Signature.objects.create(user=fatou, name="F. K.")
    with by_an_editor():
        event = make_event("Strike", actors=("France",))
    address = reverse("admin:sahel_event_change", args=[event.pk])
    refused = client.post(address, form_of(client, event, title_en="Air strike"))
    assert "Say in a few words why" in refused.text
    assert 'value="Air strike"' in refused.text
    assert Change.objects.count() == 1
    saved = client.post(address, form_of(client, event, title_en="Air strike", why="More exact."))
    assert saved.status_code == 302, re.findall(r"errorlist.*?</ul>", saved.text)
    entry = Change.objects.last()
    assert (entry.what, entry.who, entry.why, entry.why_language) == (
        "corrected", "F. K.", "More exact.", "en",
    )  # fmt: skip
    assert entry.account == fatou.pk
    assert not list(faults())


def test_what_readers_have_seen_cannot_be_deleted_but_withdrawn(client, fatou):
    with by_an_editor():
        event, draft = make_event("Strike"), make_event("Draft", publication="draft")
    for each, status in ((event, 403), (draft, 302)):
        address = reverse("admin:sahel_event_delete", args=[each.pk])
        assert client.post(address, {"post": "yes"}).status_code == status
    assert list(Event.objects.all()) == [event]
    assert Change.objects.last().what == "deleted"
    both = {"action": "delete_selected", "_selected_action": [event.pk], "post": "yes"}
    client.post(reverse("admin:sahel_event_changelist"), both)
    assert Event.objects.count() == 1


def test_what_readers_have_seen_is_withdrawn_for_one_reason_and_not_hidden(client, fatou):
    with by_an_editor():
        event = make_event("Strike", slug="strike")
    address = reverse("admin:sahel_event_change", args=[event.pk])
    hidden = client.post(address, form_of(client, event, _step="return", why="Hm."))
    assert "“Send back” is not possible: it is “Published” now." in hidden.text
    for_none = client.post(address, form_of(client, event, _step="withdraw"))
    assert "Say why it is withdrawn: readers are told." in for_none.text
    sent = form_of(client, event, _step="withdraw", why="It was another day.")
    assert client.post(address, sent).status_code == 302
    gone = client.get("/en/events/strike/")
    assert (gone.status_code, gone["Cache-Control"]) == (410, "no-cache")
    assert "It was another day." in gone.text
    assert "/en/changes/?event=strike" in gone.text
    changes = client.get("/en/changes/?event=strike").text
    assert 'href="/en/events/strike/">An event that is not public any more' in changes
    assert "Strike" not in changes.replace("strike", "")
    # It comes back for a reason, too, and the old one holds no more.
    again = form_of(client, event, _step="publish")
    assert "Say in a few words why" in client.post(address, again).text
    assert client.post(address, again | {"why": "It was that day."}).status_code == 302
    assert Event.objects.get().withdrawal_en == ""
    assert client.get("/en/events/strike/").status_code == 200


def test_what_is_taken_back_is_said_to_be_reviewed(client):
    with by_an_editor():
        event = make_event("Strike", slug="strike", withdrawal_en="An old reason.")
    with by_an_editor("To be looked at."):
        Event.objects.update(publication="review")
    assert Change.objects.last().what == "taken-back"
    page = client.get("/en/events/strike/")
    assert page.status_code == 404
    assert "This event is being reviewed" in page.text
    for told in (page.text, client.get("/en/changes/").text):
        assert "An old reason." not in told
        assert event.title_en not in told
    with by_an_editor():
        Event.objects.update(published=None)
    assert "being reviewed" not in client.get("/en/events/strike/").text


def test_readers_are_told_of_words_that_were_lost(client):
    with by_an_editor():
        event = make_event("Strike", words="No dialogue.")
    SourceText.objects.create(source=Source.objects.get(), text="They talked.")
    with changes(Change.Way.CHECK):
        list(verify(Source.objects.values_list("pk", flat=True)))
    said = "1 quotation is not found in its source any more."
    page = client.get(event.get_absolute_url()).text
    assert said in page
    assert "not changed since" not in page
    assert said in client.get("/en/changes/").text
    assert said in client.get("/en/changes.atom").text
    quotation = client.get(f"/en/quotations/{event.quotations.get().key}/").text
    assert "open the source" in quotation
    assert "Where it stood" in quotation
    assert "open at the passage" not in quotation + page


def test_what_checks_found_is_asked_for_all_together(client, django_assert_max_num_queries):
    with by_an_editor():
        events = [make_event(f"Event {number}") for number in range(12)]
    with changes(Change.Way.CHECK):
        Quotation.objects.update(state="missing")
    client.get("/en/")
    with django_assert_max_num_queries(10):
        page = client.get("/en/changes/?what=checked").text
    assert page.count("1 quotation is not found in its source any more.") == len(events)


def test_all_changes_of_an_event_are_one_link_away(client):
    event = corrected()
    assert f'href="/en/changes/?event={event.slug}"' in client.get(event.get_absolute_url()).text


def test_what_no_page_shows_no_difference_tells(client):
    with by_an_editor():
        event = make_event("Strike", actors=("France",), slug="strike")
    never = make_actor("Secret name", slug="op-x")
    steps = (
        lambda: Event.objects.update(withdrawal_en="PREPARED"),
        lambda: Quotation.objects.update(why_uncheckable_en="UNHELD"),
        lambda: event.involvements.create(actor=never, role="victim"),
        lambda: event.involvements.filter(actor=never).delete(),
        lambda: Actor.objects.filter(pk=never.pk).update(name_en="DRAFT NAME", slug="draft-slug"),
        lambda: Event.objects.update(title_en="Raid"),
    )
    for step in steps:
        with by_an_editor("Better."):
            step()
    page = client.get("/en/events/strike/").text
    assert "<ins>Raid</ins>" in page
    for word in ("PREPARED", "UNHELD", "DRAFT NAME", "draft-slug"):
        assert word not in page
    assert "op-x" in page  # as it was named while it was public
    assert client.get("/en/?actor=op-x").text.count("draft-slug") == 0


def test_control_characters_break_no_feed(client, editor):
    with by_an_editor():
        event = make_event("Stri\x0bke")
    address = reverse("admin:sahel_event_change", args=[event.pk])
    sent = form_of(client, event, title_fr="Frappe", why="A typo\x0b fixed.")
    assert client.post(address, sent).status_code == 302
    assert Change.objects.last().why == "A typo fixed."
    ElementTree.fromstring(client.get("/en/changes.atom").content)  # noqa: S314


def test_no_two_sign_by_the_same_name(client, fatou):
    Signature.objects.create(user=User.objects.create_user("issa"), name="I. D.")
    page = client.post(reverse("admin:sahel_signature_add"), {"name": "i. d."})
    assert "Another one signs by that name." in page.text
    assert Signature.objects.count() == 1


def test_whoever_may_not_edit_quotations_puts_back_no_version(client, fatou):
    event = corrected()
    address = reverse("admin:sahel_event_restore", args=[event.pk, 1])
    assert client.get(address).status_code == 200
    Group.objects.get(name="Publisher").permissions.remove(
        Permission.objects.get(codename="change_quotation")
    )
    assert client.post(address, {"why": "So."}).status_code == 403


def test_a_figure_is_told_in_words(client):
    with by_an_editor():
        event = make_event(words="At least 20 died.")
    with by_an_editor("Left out."):
        Estimate.objects.create(
            quotation=event.quotations.get(), words="20", measure="killed", low=20, of_whom_en="men"
        )
    page = client.get(event.get_absolute_url()).text
    assert "<ins>killed: at least 20 · men · 20</ins>" in page


def test_any_two_versions_are_compared(client, fatou):
    event = corrected()
    with by_an_editor("Once more."):
        Event.objects.update(title_en="Air strike on Bounti")
    address = reverse("admin:sahel_event_history", args=[event.pk])
    last = client.get(address).text
    assert "From version 2 to version 3" in last
    assert "<ins>Air strike</ins>" in last
    assert "2021-01-03" not in last
    all_of_it = client.get(f"{address}?from=1&to=3").text
    assert "<ins>Air strike</ins>" in all_of_it
    assert "2021-01-03" in all_of_it
    for odd in ("?from=x&to=99", "?from=²"):
        assert client.get(address + odd).status_code == 200
    assert client.get(reverse("admin:sahel_event_history", args=[99])).status_code == 404


def test_a_version_is_put_back_in_two_clicks(client, fatou):
    event = corrected()
    key = event.quotations.get().key
    history = client.get(reverse("admin:sahel_event_history", args=[event.pk])).text
    page = reverse("admin:sahel_event_restore", args=[event.pk, 1])
    assert page in history  # one click
    shown = client.get(page).text
    assert "2021-01-03" in shown
    refused = client.post(page)
    assert "Say in a few words why" in refused.text
    assert Change.objects.count() == 2
    client.post(page, {"why": "It was right before."})  # and another
    event.refresh_from_db()
    assert str(event.date) == "2021-01-03"
    assert event.summary_en == "What happened."
    assert [place.slug for place in event.places.all()] == ["mali"]
    assert event.quotations.get().key == key
    assert event.quotations.get().speaker_role_en == ""
    last = Change.objects.last()
    assert (last.number, last.what, last.why) == (3, "corrected", "It was right before.")
    assert last.snapshot == Change.objects.first().snapshot
    assert not list(faults())


def test_a_deleted_event_comes_back(client, fatou):
    with by_an_editor():
        event = make_event("Draft", publication="draft", actors=("France",), places=("Mali",))
    pk = event.pk
    with by_an_editor():
        event.delete()
    history = client.get(reverse("admin:sahel_event_history", args=[pk]))
    assert "was deleted" in history.text
    client.post(reverse("admin:sahel_event_restore", args=[pk, 1]), {"why": "Needed."})
    back = Event.objects.get(pk=pk)
    assert back.quotations.count() == back.involvements.count() == back.places.count() == 1
    assert client.get(reverse("admin:sahel_event_restore", args=[pk, 2])).status_code == 404


def test_what_is_gone_stands_in_the_way_and_is_named(client, fatou):
    event = corrected()
    Place.objects.filter(slug="mali").delete()
    page = client.post(reverse("admin:sahel_event_restore", args=[event.pk, 1]), {"why": "So."})
    assert "There is no place “mali” any more" in page.text
    event.refresh_from_db()
    assert str(event.date) == "2021-01-04"


def test_a_version_of_before_a_migration_and_a_renaming_is_put_back():
    event = corrected()
    entry = Change.objects.first()
    version = entry.snapshot
    version["event"]["long_gone"] = "a column that is no more"
    del version["event"]["note_fr"]  # a column that came later
    del version["references"]  # and a table
    entry.after = str(version).replace("'", '"').replace("None", "null").replace("False", "false")
    source = make_source()
    source.slug = "the-gazette"
    source.save()
    with by_an_editor():
        restore(entry)
    event.refresh_from_db()
    assert str(event.date) == "2021-01-03"
    assert event.note_fr == ""
    assert event.quotations.get().source == source
    assert not list(faults())


def test_the_list_of_changes_and_the_public_name_are_in_the_admin(client, fatou):
    event = corrected()
    listed = client.get(reverse("admin:sahel_change_changelist")).text
    assert reverse("admin:sahel_event_history", args=[event.pk]) in listed
    assert client.get(reverse("admin:sahel_change_add")).status_code == 403
    client.post(reverse("admin:sahel_signature_add"), {"name": "F. K."})
    assert Signature.objects.get().user == fatou
    assert client.get(reverse("admin:sahel_signature_add")).status_code == 403
