"""The open dump: what is public and nothing else, from which anybody makes the same record anew."""

import gzip
import hashlib
import io
import json
import os
import re
import sqlite3
import subprocess
import sys
from collections import Counter
from contextlib import contextmanager
from datetime import UTC, date, datetime
from pathlib import Path

import pytest
from django.apps import apps
from django.conf import settings as django_settings
from django.core.management import CommandError, call_command
from django.db import transaction
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from sahel import caching, index, public
from sahel.dumps import sums
from sahel.fields import Derived
from sahel.management.commands.dump import write_record
from sahel.management.commands.load_dump import LONGEST
from sahel.models import (
    Actor,
    Change,
    Event,
    FormerSlug,
    Loading,
    Place,
    Quotation,
    Reference,
    SourceText,
    changes,
)
from sahel.models.history import faults
from sahel.public_tables import metadata
from tests.downloads import get
from tests.factories import make_actor, make_event, make_place, make_source
from tests.test_facets import events, fill

pytestmark = pytest.mark.django_db

ROOT = Path(django_settings.BASE_DIR)
DAY = date(2022, 3, 1)
TODAY = f"sahel-{datetime.now(UTC).date()}"


def run(name, *args, **options):
    out = io.StringIO()
    call_command(name, *args, stdout=out, stderr=out, **options)
    return out.getvalue()


def written(folder, day=DAY):
    """Write a dump; give what its JSON Lines hold and the whole of the SQLite file."""
    folder.mkdir(exist_ok=True)
    lines, tables = folder / f"sahel-{day}.jsonl.gz", folder / f"sahel-{day}.sqlite"
    tables.unlink(missing_ok=True)
    write_record(lines, tables, day)
    return gzip.decompress(lines.read_bytes()).decode(), tables.read_bytes()


def told(folder, model):
    rows = map(json.loads, written(folder)[0].splitlines())
    return [row["fields"] for row in rows if row["model"] == f"sahel.{model}"]


def refused(path):
    """Load a file that is to be refused; give what is said."""
    with pytest.raises(CommandError) as refusal:
        run("load_dump", path)
    assert not Event.objects.exists()
    assert not Actor.objects.exists()
    return str(refusal.value)


@contextmanager
def of_a_record_that_is_gone_again():
    with transaction.atomic():
        yield
        transaction.set_rollback(True)


@pytest.fixture(scope="module")
def other_site(tmp_path_factory):
    """Give the folder with the dump of another site, on SQLite, that holds the curated record."""
    data = tmp_path_factory.mktemp("site")
    keep = {name: os.environ[name] for name in ("PATH", "HOME") if name in os.environ}
    for command in (["migrate", "--verbosity=0"], ["load"], ["dump"]):
        subprocess.run(
            [sys.executable, ROOT / "manage.py", *command],
            env={**keep, "DATA_DIR": str(data)},
            check=True,
            stdout=subprocess.DEVNULL,
        )
    return data / "dumps"


# What is in it ------------------------------------------------------------------------------------


def test_of_every_field_it_is_decided_whether_it_is_public():
    for model in apps.get_app_config("sahel").get_models():
        if model not in public.PUBLIC:
            assert model._meta.model_name in public.MODELS_NOT_PUBLIC
            continue
        out, given_away = public.NOT_PUBLIC.get(model, ()), public.PUBLIC[model]
        ours = [*model._meta.concrete_fields, *model._meta.many_to_many]
        fields = [f.name for f in ours if not (f.primary_key or isinstance(f, Derived))]
        assert sorted([*given_away, *out]) == sorted(fields), model


def test_a_reader_finds_nothing_in_it_that_is_not_public(tmp_path):
    shown = make_event("Shown", actors=("France",), places=("Mali",))
    SourceText.objects.create(source=shown.quotations.get().source, text="Secret text")
    hidden = {"summary_en": "Secret summary", "note_en": "Secret note"}
    about = {"actors": ("Secret actor",), "places": ("Secret place",), "source": "secret-source"}
    make_event("Secret draft", publication="draft", words="Secret words", **about, **hidden)
    make_event("Secret review", publication="review", **about)
    make_event("Secret withdrawn", publication="withdrawn", withdrawal_en="Secret why")
    lines, tables = written(tmp_path)
    assert "Shown" in lines
    assert "secret" not in lines.lower()
    assert b"secret" not in tables.lower()


def test_who_and_what_is_named_comes_with_all_it_stands_under(tmp_path):
    army = make_actor("Army", parent=make_actor("France"))
    make_actor("Nobody")
    region = make_place("Gao", parent=make_place("Mali"))
    copy = make_source("copy", original=make_source("wire"))
    event = make_event(speaker=army, places=(region,), source=copy)
    Reference.objects.create(event=event, source=make_source("atlas"), supports="place")
    assert [row["slug"] for row in told(tmp_path, "actor")] == ["france", "army"]
    assert [row["slug"] for row in told(tmp_path, "place")] == ["mali", "gao"]
    assert [row["slug"] for row in told(tmp_path, "source")] == ["atlas", "wire", "copy"]


def test_an_address_leads_on_from_what_readers_knew_and_not_from_what_a_draft_was_called(tmp_path):
    def rename(slug, **fields):
        with changes(Change.Way.EDITOR):
            Event.objects.filter(pk=event.pk).update(slug=slug, **fields)

    with changes(Change.Way.EDITOR):
        event = make_event(slug="rumour", publication="draft")
        event.quotations.update(state="uncheckable", why_uncheckable_en="Heard.")
    rename("first", publication="published")
    rename("second")
    Actor.objects.filter(pk=make_actor("France").pk).update(slug="gaul")
    former = told(tmp_path, "formerslug")
    assert former == [{"kind": "event", "slug": "first", "key": ["second"]}]


# Made anew from it --------------------------------------------------------------------------------


def test_the_record_of_another_site_is_made_anew_to_the_byte(other_site, tmp_path):
    (path,) = other_site.glob("*.jsonl.gz")
    assert run("load_dump", path) == "Loaded: 50 events.\n"
    run("dump", tmp_path)
    for name in (*sums(other_site), "SHA256SUMS"):
        assert (tmp_path / name).read_bytes() == (other_site / name).read_bytes(), name


def test_what_was_loaded_is_on_record_like_the_curated_files(other_site):
    (path,) = other_site.glob("*.jsonl.gz")
    run("load_dump", path)
    assert set(Change.objects.values_list("way", "what")) == {("fixtures", "published")}
    assert list(faults()) == []
    assert Loading.objects.count() == 1
    assert run("load", once=True) == ""
    assert run("load_dump", path) == "This dump is loaded already; nothing was changed.\n"


figures = st.tuples(st.integers(0, 2**63 - 1), st.integers(0, 9)).map(
    lambda pair: {"best": pair[0], "order": pair[1]}
)
texts = st.text(st.characters(exclude_characters="\0", exclude_categories=["Cs"]), max_size=20)


@settings(
    max_examples=15,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(drawn=events, note=texts, figure=figures, lost=st.booleans(), renamed=st.booleans())
def test_any_record_is_made_anew_to_the_byte(tmp_path, drawn, note, figure, lost, renamed):
    with of_a_record_that_is_gone_again():
        fill(drawn)
        Place.objects.filter(slug="mali").update(latitude="17.5", longitude=-4, precision="centre")
        Event.objects.filter(kind="coup").update(note_fr=note, summary_en=note)
        for quotation in Quotation.objects.exclude(state="unchecked"):
            quotation.estimates.create(words=quotation.exact[:5], measure="killed", **figure)
        if lost:
            Quotation.objects.filter(source__slug="wire", start=0).update(state="missing")
        if renamed:
            for event in Event.objects.all():
                Event.objects.filter(pk=event.pk).update(slug=f"{event.slug}-again")
            Actor.objects.filter(slug="army").update(slug="land-forces")
        before = written(tmp_path)
    with of_a_record_that_is_gone_again():
        run("load_dump", tmp_path / f"sahel-{DAY}.jsonl.gz")
        assert written(tmp_path) == before
    assert not FormerSlug.objects.exists()


def test_words_that_are_not_found_any_more_stay_so_and_leave_their_event_public(tmp_path):
    with of_a_record_that_is_gone_again():
        make_event("Strike")
        Quotation.objects.update(state="missing")
        written(tmp_path)
    run("load_dump", tmp_path / f"sahel-{DAY}.jsonl.gz")
    assert Event.objects.published().get().title_en == "Strike"
    assert Quotation.objects.get().state == "missing"


# What cannot be loaded ----------------------------------------------------------------------------


@pytest.fixture
def lines(tmp_path):
    """Give the lines of a dump of a record that is gone, of which the fourth is the event."""
    with of_a_record_that_is_gone_again():
        make_event("Strike", actors=("France",), places=("Mali",), slug="strike")
        return written(tmp_path)[0].splitlines()


def packed(tmp_path, lines):
    path = tmp_path / "sahel-2022-03-02.jsonl.gz"
    text = "\n".join(lines).encode("utf-8", "surrogateescape")
    path.write_bytes(gzip.compress(text))
    return path


@pytest.mark.parametrize(
    ("number", "was", "becomes", "reason"),
    [
        (4, '{"model"', "{model", "Expecting property name"),
        (4, "Strike", "Str\udcffike", "can't decode byte 0xff"),
        (4, '{"model":"sahel.event",', "{", "It is not a row"),
        (4, "sahel.event", "sahel.change", "A dump holds no sahel.change."),
        (4, '"model":"sahel.event"', '"model":["x"]', "unhashable"),
        (4, '"position"', '"approved_by"', "Not known, or not public: approved_by."),
        (4, '"published",', '"draft",', "It is not public"),
        (4, '"2021-01-03"', '"someday"', "date “someday” is not a date that can be read"),
        (4, '"statement"', '"rumour"', "kind: “rumour” is none of its words."),
        (4, '"position":0', '"position":"0"', "position: '0' is no int."),
        (4, '"position":0', '"position":-1', "position Ensure this value is greater"),
        (4, "Strike", r"Str\u0000ike", "title_en has a character that no text can hold."),
        (4, '[["mali"]]', '[["mars"]]', 'No line before it has the place ["mars"].'),
        (4, '[["mali"]]', "5", "not iterable"),
        (5, '["strike"]', '["strikes"]', 'No line before it has the event ["strikes"].'),
        (6, '"verbatim"', '"sworn"', "state: “sworn” is none of its words."),
        (6, '"end":19', '"end":20', "quotation_as_long_as_its_words"),
        (1, '"parent":null', '"parent":["france"]', 'No line before it has the actor ["france"].'),
        (1, '"state"', "[" * 10_000, "recursion"),
    ],
)  # fmt: skip
def test_a_faulty_line_is_named_and_nothing_is_loaded(
    tmp_path, lines, number, was, becomes, reason
):
    assert was in lines[number - 1]
    lines[number - 1] = lines[number - 1].replace(was, becomes)
    said = refused(packed(tmp_path, lines))
    assert f"sahel-2022-03-02.jsonl.gz, line {number}: " in said
    assert reason in said
    assert "\n" not in said


def test_a_line_that_comes_twice_is_named(tmp_path, lines):
    said = refused(packed(tmp_path, [*lines[:4], lines[3]]))
    assert re.search(r"line 5: (UNIQUE constraint failed|duplicate key)", said)


def test_an_event_without_the_words_it_rests_on_is_refused_by_the_gate(tmp_path, lines):
    assert "Not public without a quotation" in refused(packed(tmp_path, lines[:-1]))


def test_where_publishing_takes_two_nothing_comes_in_that_nobody_approved(
    tmp_path, lines, settings
):
    settings.APPROVAL = True
    assert "takes a second person" in refused(packed(tmp_path, lines))


def test_a_file_that_was_cut_off_or_changed_on_its_way_is_told(tmp_path, lines):
    path = packed(tmp_path, lines)
    (tmp_path / "SHA256SUMS").write_text(f"{'0' * 64}  {path.name}\n")
    assert "is not the file that SHA256SUMS beside it names" in refused(path)
    (tmp_path / "SHA256SUMS").unlink()
    path.write_bytes(path.read_bytes()[:-20])
    assert "is damaged or cut off" in refused(path)
    path.write_text("no archive")
    assert "is damaged or cut off after line 0" in refused(path)
    path.write_bytes(gzip.compress(b" " * (LONGEST + 1)))
    assert "line 1 is longer than" in refused(path)
    assert "cannot be read: No such file" in refused(tmp_path / "nothing.jsonl.gz")


def test_a_record_that_is_there_is_not_mixed_with_another(tmp_path, lines):
    own = make_event("Ours")
    with pytest.raises(CommandError, match="holds a record already"):
        run("load_dump", packed(tmp_path, lines))
    assert list(Event.objects.all()) == [own]


# The files ----------------------------------------------------------------------------------------


def test_a_timer_keeps_the_last_dumps_and_nothing_half_written(tmp_path):
    make_event()
    for day in ("2020-01-01", "2020-01-02", "2020-01-03"):
        (tmp_path / f"sahel-{day}.sqlite").touch()
    (tmp_path / "notes.txt").touch()
    (tmp_path / "SHA256SUMS").write_text(
        f"{'1' * 64}  sahel-2020-01-01.sqlite\n{'3' * 64}  sahel-2020-01-03.sqlite\n"
    )
    said = run("dump", tmp_path, "--keep", "2")
    assert re.search(r"1 sources, 1 events, 1 quotations$", said.strip())
    dumps = {f"{TODAY}.jsonl.gz", f"{TODAY}.sqlite", "sahel-2020-01-03.sqlite", "metadata.json"}
    assert {path.name for path in tmp_path.iterdir()} == {*dumps, "notes.txt", "SHA256SUMS"}
    assert set(sums(tmp_path)) == dumps
    new = dumps - {"sahel-2020-01-03.sqlite"}
    for name in new:
        assert sums(tmp_path)[name] == hashlib.sha256((tmp_path / name).read_bytes()).hexdigest()
    assert sums(tmp_path)["sahel-2020-01-03.sqlite"] == "3" * 64  # as it was told then


def test_what_cannot_be_written_is_said_and_leaves_the_dump_before(tmp_path):
    (tmp_path / "file").touch()
    with pytest.raises(CommandError, match="No dump was written"):
        run("dump", tmp_path / "file")
    with pytest.raises(CommandError, match="Keep at least one"):
        run("dump", tmp_path, "--keep", "0")
    (tmp_path / f"{TODAY}.jsonl.gz").mkdir()
    with pytest.raises(CommandError, match="No dump was written"):
        run("dump", tmp_path)
    assert {path.name for path in tmp_path.iterdir()} == {"file", f"{TODAY}.jsonl.gz"}


# Datasette ----------------------------------------------------------------------------------------


def asked(folder, path):
    """Ask the real Datasette for an address of the newest file, with the metadata beside it."""
    (file,) = folder.glob("*.sqlite")
    program = [sys.executable, "-m", "datasette", file, "-m", folder / "metadata.json"]
    got = subprocess.run(
        [*program, "--get", f"/{file.stem}/{path}"], capture_output=True, text=True, check=False
    )
    assert got.returncode == 0, got.stderr + got.stdout
    return json.loads(got.stdout)


@pytest.mark.usefixtures("article")
def test_datasette_counts_what_the_site_counts(other_site):
    facets = asked(other_site, "events.json?_size=0")["facet_results"]
    counted = {
        name: {str(each["value"]): each["count"] for each in found["results"]}
        for name, found in facets.items()
    }
    record = index.current()
    for facet, name in {"kind": "kind", "status": "status", "year": "years"}.items():
        assert counted[name] == {v: len(e) for v, e in record.values[facet].items()}, facet
    basis = Event.objects.published().values_list("date_basis", flat=True)
    assert counted["date_basis"] == Counter(basis)


def test_datasette_finds_words_without_accents_and_shows_names_for_slugs(other_site):
    found = asked(other_site, "events.json?_search=negocier+groupes&_shape=objects")["rows"]
    assert [row["slug"] for row in found] == ["macron-no-dialogue"]
    tied = asked(other_site, "event_actors.json?event=niger-protests&_labels=on&_shape=objects")
    actor = tied["rows"][0]["actor"]
    assert actor == {"value": "demonstrators", "label": "Anti-French demonstrators"}


def test_the_tables_hold_together_and_each_column_is_explained(other_site):
    (path,) = other_site.glob("*.sqlite")
    tables = metadata(["x"])["databases"]["x"]["tables"]
    with sqlite3.connect(path) as database:
        assert database.execute("PRAGMA foreign_key_check").fetchall() == []
        assert database.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
        for table, about in tables.items():
            columns = [row[1] for row in database.execute(f"PRAGMA table_info({table})")]
            assert columns == list(about["columns"])
            assert all(about["columns"].values())
        labels = [label for (label,) in database.execute("SELECT label FROM figures")]
        assert "killed: 19" in labels
    database.close()


# On the web ---------------------------------------------------------------------------------------


@pytest.fixture
def offered(tmp_path, settings):
    settings.DATA_DIR = tmp_path
    make_event("Strike")
    run("dump")
    (tmp_path / "dumps" / "sahel-2020-01-01.sqlite").write_bytes(b"older")
    (tmp_path / "dumps" / "notes.txt").touch()
    (tmp_path / "secret-key").touch()
    return tmp_path / "dumps"


@pytest.mark.parametrize(
    ("name", "file", "kind"),
    [
        ("sahel-latest.jsonl.gz", f"{TODAY}.jsonl.gz", "application/gzip"),
        ("sahel-latest.sqlite", f"{TODAY}.sqlite", "application/vnd.sqlite3"),
        ("sahel-2020-01-01.sqlite", "sahel-2020-01-01.sqlite", "application/vnd.sqlite3"),
        ("metadata.json", "metadata.json", "application/json"),
        ("SHA256SUMS", "SHA256SUMS", "text/plain; charset=utf-8"),
    ],
)
def test_a_reader_takes_a_file_as_it_is(client, offered, name, file, kind):
    answer = client.get(f"/dumps/{name}", headers={"accept-encoding": "gzip"})
    assert b"".join(answer.streaming_content) == (offered / file).read_bytes()
    assert answer["Content-Type"] == kind
    assert "Content-Encoding" not in answer
    assert f'filename="{file}"' in answer["Content-Disposition"]
    again = client.get(f"/dumps/{name}", headers={"if-none-match": answer["ETag"]})
    assert again.status_code == 304
    since = {"if-modified-since": answer["Last-Modified"]}
    assert client.get(f"/dumps/{name}", headers=since).status_code == 304


@pytest.mark.parametrize("how", ["withdrawn", "review", "deleted"])
def test_a_dump_that_tells_what_was_withdrawn_since_is_not_given_away(client, offered, how):
    name = f"/dumps/{TODAY}.sqlite"
    assert get(client, name).status_code == 200
    with changes(Change.Way.EDITOR):
        if how == "deleted":
            Event.objects.all().delete()
        else:
            Event.objects.update(publication=how, withdrawal_en="Untrue.")
    for asked in (name, "/dumps/sahel-latest.sqlite", "/dumps/sahel-2020-01-01.sqlite"):
        assert client.get(asked).status_code == 404
    run("dump")
    assert get(client, name).status_code == 200


@pytest.mark.parametrize(
    "name",
    ["notes.txt", "..%2Fsecret-key", "%2E%2E/secret-key", "sahel-*.sqlite", "SHA256SUMS/",
     ".", "sahel-latest.xlsx", "sahel-latest.sqlite%00", "sahel-1999-01-01.sqlite",
     "sahel-²020-01-01.sqlite"],
)  # fmt: skip
def test_no_other_file_is_given_away(client, offered, name):
    assert client.get(f"/dumps/{name}").status_code == 404


def test_the_folder_itself_leads_to_the_page_that_names_its_files(client):
    assert client.get("/dumps/")["Location"] == "/data/"


def test_where_there_is_no_dump_a_reader_is_told_in_her_language(client, tmp_path, settings):
    settings.DATA_DIR = tmp_path
    answer = client.get("/dumps/sahel-latest.sqlite", headers={"accept-language": "fr"})
    assert answer.status_code == 404
    assert "Il n’y a rien à cette adresse" in answer.text


def test_the_data_page_leads_to_the_newest_dump(client, tmp_path, settings):
    settings.DATA_DIR = tmp_path
    assert "/dumps/" not in client.get("/en/data/").text
    call_command("dump", verbosity=0)
    caching.forget()
    page = client.get("/en/data/").text
    for name in re.findall(r'href="(/dumps/[^"]+)"', page):
        assert get(client, name).status_code == 200
    assert "/dumps/sahel-latest.sqlite" in page
