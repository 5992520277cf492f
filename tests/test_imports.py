"""An editor brings in a spreadsheet: it is tried, made drafts of, and undone."""

from datetime import timedelta

import pytest
from django.contrib.auth.models import User
from django.core.files.uploadedfile import SimpleUploadedFile
from django.core.management import call_command
from django.test import Client
from django.utils import timezone

from sahel.datasets import GED
from sahel.imports import check
from sahel.models import Actor, Event, ImportBatch, Place, Quotation, SourceText
from tests.factories import make_actor, make_event, make_place, make_source
from tests.forms import sent
from tests.importing import (
    A_BATTLE,
    A_GED_ROW,
    ACLED_NEW,
    choose,
    confirm,
    faults,
    imported,
    table,
    tried,
    undo,
    upload,
)

pytestmark = pytest.mark.django_db

OWN = "slug,title_en,kind,date,places,actors,source,quotation,latitude,longitude"


def test_an_editor_makes_drafts_of_a_spreadsheet(editor: Client):
    make_actor("France"), make_actor("Goïta"), make_place("Mali")
    make_source("gazette")
    words = "slug,title_en,kind,date,places,actors,source,quotation\n"
    row = "a-meeting,A meeting,diplomacy,about June 2021,Mali,France:agent; GOITA,gazette,They met."
    batch = tried(editor, words + row)
    assert not Event.objects.exists()
    assert "1 draft was made." in confirm(editor, batch).content.decode()
    event = Event.objects.get(slug="a-meeting")
    assert (event.publication, event.status, event.date_basis) == ("draft", "reported", "stated")
    assert (str(event.date), event.kind) == ("2021-06~", "diplomacy")
    assert event.edited_by == User.objects.get(username="fatou")
    roles = event.involvements.values_list("actor__name_en", "role")
    assert list(roles) == [("France", "agent"), ("Goïta", "concerned")]
    assert [place.slug for place in event.places.all()] == ["mali"]
    quotation = event.quotations.get()
    assert (quotation.exact, quotation.source.slug) == ("They met.", "gazette")
    assert quotation.state == Quotation.State.UNCHECKED


SEVEN = f"""{OWN}
fine,Fine,attack,2022-02-15,Mali,France,gazette,Words.,15,-1
one,One,attack,the other day,Mali,France,gazette,Words.,15,-1
two,Two,ambush,2022-02-15,Mali,France,gazette,Words.,15,-1
three,,attack,2022-02-15,Mali,France,gazette,Words.,15,-1
four,Four,attack,2022-02-30,Mali,France,gazette,Words.,15,-1
five,Five,attack,2022-02-15,Mali,Nobody Known,gazette,Words.,15,-1
six,Six,attack,2022-02-15,Mali,France,javascript:alert(1),Words.,15,-1
seven,Seven,attack,2022-02-15,Mali,France,gazette,Words.,95,-1
"""


def test_each_of_seven_faults_is_told_with_its_row_column_and_reason(editor: Client):
    make_actor("France"), make_place("Mali"), make_source("gazette")
    batch = tried(editor, SEVEN)
    page = editor.get(f"/en/admin/sahel/importbatch/{batch.pk}/change/").content.decode()
    assert page.count('<tr class="fault">') == 7
    assert "7 rows with faults, which are left out" in page
    told = faults(batch)
    assert [(row, column) for row, column, _reason in told] == [
        (3, "date"),
        (4, "kind"),
        (5, "title_en"),
        (6, "date"),
        (7, "actors"),
        (8, "source"),
        (9, "latitude"),
    ]
    reasons = ["the other day", "Deployment", "Give a title", "2022-02-30"]
    reasons += ["“Nobody Known” is not known", "https://", "from -90 to 90"]
    for (_row, _column, reason), words in zip(told, reasons, strict=True):
        assert words in reason
    confirm(editor, batch)
    assert [event.slug for event in Event.objects.all()] == ["fine"]


@pytest.mark.parametrize(
    ("row", "column", "reason"),
    [
        ("taken,T,report,2022,,,,,,", "slug", "There is, or was, an event with this slug."),
        ("a b,T,report,2022,,,,,,", "slug", "slug"),
        (f"x,{'T' * 201},report,2022,,,,,,", "title_en", "200 characters"),
        ("x,T,report,,,,,,,", "date", "Give a date"),
        ("x,T,report,2022,,,,Words.,,", "source", "Whose words are these?"),
        ("x,T,report,2022,,,gazette,,,", "quotation", "none of its words"),
        ("x,T,report,2022,,,lost,Words.,,", "source", "There is no source “lost”"),
        ("x,T,report,2022,,,https://example.org/lost,W.,,", "source", "No source has this"),
        ("x,T,report,2022,,France:boss,,,,", "actors", "“boss” is not known"),
        ("x,T,report,2022,,Twin,,,,", "actors", "twin-1, twin-2"),
        ("x,T,report,2022,,,,,15,", "longitude", "Give both coordinates"),
        ("x,T,report,2022,,,,,nan,1", "latitude", "from -90 to 90"),
        ("x,T,report,2022,,,,,1,1,and more", "", "more cells"),
        ("x,T,report,2022,,,read,Other words.,,", "quotation", "do not stand in the source"),
    ],
)
def test_what_is_wrong_with_a_row_is_said(editor: Client, row, column, reason):
    make_event(slug="taken"), make_actor("France")
    make_actor("Twin", slug="twin-1"), make_actor("Twin", slug="twin-2")
    SourceText.objects.create(source=make_source("read"), text="What was said.")
    told = faults(tried(editor, f"{OWN}\n{row}\n"))
    assert [(row, where) for row, where, _reason in told] == [(2, column)]
    assert reason in told[0][2]


def test_words_that_stand_in_the_source_are_checked_as_they_come_in(editor: Client):
    SourceText.objects.create(source=make_source("read"), text="What was said.")
    imported(editor, "title,date,kind,source,quotation\nA,2022,report,read,was said")
    quotation = Quotation.objects.get()
    assert (quotation.state, quotation.start, quotation.end) == ("verbatim", 5, 13)


def test_a_relative_date_counts_from_the_day_of_its_source(editor: Client):
    make_source("dated", date="2022-02-15")
    row = "title,date,kind,source,quotation\nA,last June,report,dated,Last June."
    imported(editor, row)
    assert str(Event.objects.get().date) == "2021-06"


def test_a_file_of_other_columns_is_read_as_the_editor_says(editor: Client):
    batch = upload(editor, "Quand,Quoi\n2022-02,Réunion\n")
    page = choose(editor, batch).content.decode()
    assert "Choose the column: no event is made without it." in page
    assert "Choose the column of a title." in page
    assert "Choose the column of the kind, or one kind for all rows." in page
    chosen = {"column_date": "0", "column_title_fr": "1", "kind": "diplomacy", "language": "fr"}
    choose(editor, batch, **chosen)
    confirm(editor, batch)
    event = Event.objects.get()
    assert (event.title_fr, str(event.date), event.kind) == ("Réunion", "2022-02", "diplomacy")


TWO = "slug,title_en,kind,date\none,One,report,2022\ntwo,Two,report,2022\nthree,Three,report,2022\n"


def test_an_import_is_undone_but_for_what_was_changed_or_published(editor: Client):
    batch = imported(editor, TWO)
    page = f"/en/admin/sahel/event/{Event.objects.get(slug='two').pk}/change/"
    form = sent(editor.get(page).content.decode(), "event_form", title_en="Two, changed")
    assert editor.post(page, form).status_code == 302
    three = Event.objects.get(slug="three")
    quoted = Quotation(event=three, source=make_source(), exact="Words.", language="en")
    quoted.why_uncheckable_en, quoted.state = "A broadcast.", "uncheckable"
    quoted.save()
    three.publication = "published"
    three.save()
    said = undo(editor, batch)
    assert "1 draft was deleted." in said
    assert "Two, changed" in said
    assert "Three" in said
    assert set(Event.objects.values_list("slug", flat=True)) == {"two", "three"}
    assert (
        b"import-done" not in editor.get(f"/en/admin/sahel/importbatch/{batch.pk}/change/").content
    )


def test_names_that_were_made_go_with_the_import_unless_something_names_them(editor: Client):
    text = "title,kind,date,actors,places\nA,report,2022,One; Two; Three,Here; There"
    batch = imported(editor, text, makes_names="on")
    assert Actor.objects.count() == 3
    make_event(actors=(Actor.objects.get(slug="one"),), places=(Place.objects.get(slug="here"),))
    Actor.objects.filter(slug="two").update(description_en="Written since.")
    undo(editor, batch)
    assert set(Actor.objects.values_list("slug", flat=True)) == {"one", "two"}
    assert [place.slug for place in Place.objects.all()] == ["here"]


def test_a_newer_file_shows_what_changed_and_adds_only_what_is_new(editor: Client):
    source = make_source("acled")
    rows = [A_BATTLE | {"event_id_cnty": f"MLI{n}", "timestamp": "1"} for n in (1, 2, 3)]
    imported(editor, table(ACLED_NEW, *rows), source=source.pk, makes_names="on")
    newer = [
        rows[0] | {"fatalities": "5", "timestamp": "2"},
        rows[1] | {"timestamp": "2"},
        rows[2] | {"event_id_cnty": "MLI4"},
    ]
    batch = tried(editor, table(ACLED_NEW, *newer), source=source.pk, makes_names="on")
    plan = check(batch)
    assert [draft.row.key for draft in plan.drafts] == ["MLI4"]
    assert [(c.row.key, c.cells) for c in plan.changed] == [("MLI1", [("fatalities", "3", "5")])]
    assert [row.key for row in plan.vanished] == ["MLI3"]
    page = editor.get(f"/en/admin/sahel/importbatch/{batch.pk}/change/").content.decode()
    event = plan.changed[0].row.event
    assert event is not None
    assert f"/en/admin/sahel/event/{event.pk}/change/" in page
    confirm(editor, batch)
    assert Event.objects.count() == 4
    assert event.quotations.get().estimates.get().best == 3
    again = check(tried(editor, table(ACLED_NEW, *newer), source=source.pk, makes_names="on"))
    assert (again.drafts, again.changed, len(again.same)) == ([], [], 3)


def test_changes_alone_are_taken_note_of_and_not_shown_again(editor: Client):
    imported(editor, TWO)
    changed = TWO.replace("Two,report", "Two,attack")
    batch = tried(editor, changed)
    assert [c.cells for c in check(batch).changed] == [[("kind", "report", "attack")]]
    confirm(editor, batch)
    assert check(tried(editor, changed)).changed == []
    assert not Event.objects.filter(kind="attack").exists()
    undo(editor, ImportBatch.objects.get(pk=batch.pk))
    assert Event.objects.count() == 3  # which that file did not make


def test_names_of_a_french_file_are_french(editor: Client):
    text = 'titre,date,actors,places,latitude,longitude\nA,2022,Le groupe,Ici,"15,5",-1'
    imported(editor, text, makes_names="on", language="fr", kind="report")
    assert Actor.objects.get().name_fr == "Le groupe"
    assert (Place.objects.get().name_fr, float(Place.objects.get().latitude or 0)) == ("Ici", 15.5)


def test_an_event_that_was_deleted_does_not_come_back(editor: Client):
    imported(editor, TWO)
    Event.objects.get(slug="one").delete()
    plan = check(tried(editor, TWO))
    assert (plan.deleted, plan.drafts, plan.vanished) == (1, [], [])


def test_after_undoing_it_a_file_can_be_imported_again(editor: Client):
    undo(editor, imported(editor, TWO))
    assert Event.objects.count() == 0
    imported(editor, TWO)
    assert Event.objects.count() == 3


def test_nothing_is_made_of_what_is_not_what_was_shown(editor: Client):
    batch = tried(editor, TWO)
    answer = confirm(editor, batch, token="0" * 64)
    assert "Nothing was made" in answer.content.decode()
    shown = check(batch).token
    make_event(slug="two")
    answer = confirm(editor, batch, token=shown)
    assert "Nothing was made" in answer.content.decode()
    assert Event.objects.count() == 1


def test_an_event_tells_the_file_and_row_it_was_made_of(editor: Client):
    batch = imported(editor, table(GED, A_GED_ROW), source=make_source("g").pk, makes_names="on")
    page = editor.get(f"/en/admin/sahel/event/{Event.objects.get().pk}/change/").content.decode()
    assert f"/en/admin/sahel/importbatch/{batch.pk}/change/" in page
    assert "events.csv</a>, row 2" in page
    assert "<dt>where_coordinates</dt><dd>Sample Town</dd>" in page
    assert batch.rows.get().key == "412"


def test_an_import_is_on_record_and_undone_on_record(editor: Client):
    batch = imported(editor, TWO)
    call_command("verify_history")
    assert Event.objects.count() == 3
    undo(editor, batch)
    call_command("verify_history")


def test_a_file_waits_a_week_before_it_can_be_deleted(editor: Client):
    old, young, done = upload(editor, TWO), upload(editor, TWO), imported(editor, TWO)
    long_ago = timezone.now() - timedelta(days=8)
    ImportBatch.objects.exclude(pk=young.pk).update(uploaded=long_ago)
    keys = [str(batch.pk) for batch in (old, young, done)]
    editor.post(
        "/en/admin/sahel/importbatch/", {"action": "forget", "_selected_action": keys}, follow=True
    )
    assert set(ImportBatch.objects.all()) == {young, done}


def test_a_file_that_cannot_be_read_is_refused_in_the_form(editor: Client):
    file = SimpleUploadedFile("events.csv", "a,b\n".encode("utf-16"))
    page = editor.post("/en/admin/sahel/importbatch/add/", {"file": file}).content.decode()
    assert "The file is UTF-16." in page
    assert not ImportBatch.objects.exists()


def test_a_file_that_was_imported_before_is_noticed(editor: Client):
    imported(editor, TWO)
    batch = upload(editor, TWO, "copy.csv")
    page = editor.get(f"/en/admin/sahel/importbatch/{batch.pk}/columns/").content.decode()
    assert "This very file was imported before, as events.csv." in page


def test_the_list_of_events_leads_to_the_import(editor: Client):
    page = editor.get("/en/admin/sahel/event/").content.decode()
    assert 'href="/en/admin/sahel/importbatch/add/"' in page
    assert editor.get("/en/admin/sahel/importbatch/").status_code == 200
    assert editor.get("/en/admin/sahel/importbatch/add/").status_code == 200


def test_who_may_not_add_events_may_not_import_them(client: Client):
    user = User.objects.create_user("visitor", password="a long pass phrase", is_staff=True)
    client.force_login(user)
    batch = ImportBatch.objects.create(layout="own", file_name="x.csv")
    for page in ("add/", f"{batch.pk}/columns/", f"{batch.pk}/change/"):
        assert client.post(f"/en/admin/sahel/importbatch/{page}").status_code == 403
    assert client.get("/en/admin/sahel/importbatch/99/change/").status_code in (403, 404)
    assert client.get("/en/admin/sahel/importbatch/99/columns/").status_code in (403, 404)


def test_a_second_click_undoes_nothing(editor: Client):
    batch = imported(editor, "title_en,date,kind\nNew,2021,attack\n")
    address = f"/en/admin/sahel/importbatch/{batch.pk}/change/"
    answer = editor.post(address, {"token": "as before"}, follow=True)
    assert "It was imported already." in answer.content.decode()
    assert Event.objects.count() == 1
