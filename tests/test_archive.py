"""The archive: pages as files, whose links lead on, without what a site alone can do."""

import hashlib
import re
import subprocess
from collections import Counter
from fcntl import LOCK_EX, flock
from html.parser import HTMLParser
from pathlib import Path
from urllib.parse import unquote, urlsplit
from zipfile import ZipFile

import pytest
from django.core.management import CommandError, call_command
from django.test import override_settings
from hypothesis import given
from hypothesis import strategies as st

from sahel import index
from sahel.archive import OF_EACH
from sahel.copying import copied
from sahel.folders import file_of
from sahel.models import Event, changes
from sahel.models.history import Change
from tests.factories import make_actor, make_event, make_source
from tests.machine import checker

SITE = "https://sahel.example"
pytestmark = [pytest.mark.django_db, pytest.mark.one_database]


class Read(HTMLParser):
    """What a file holds that a browser would follow, run or send, and what links can point at."""

    def __init__(self, path: Path) -> None:
        super().__init__()
        self.links: list[str] = []
        self.ids: set[str] = set()
        self.tags: Counter[str] = Counter()
        self.feed(path.read_text())

    def handle_starttag(self, tag, attrs):
        given = dict(attrs)
        data = tag == "script" and given.get("type") == "application/ld+json"
        self.tags[tag] += not data
        self.tags["class=event"] += "event" in (given.get("class") or "").split()
        self.ids |= {given["id"]} if "id" in given else set()
        self.links += [given[name] for name in ("href", "src", "action") if name in given]
        if given.get("property") == "og:image":
            self.links.append(given["content"])


def archive(folder: Path, **options) -> Path:
    with override_settings(ALLOWED_HOSTS=["sahel.example", "testserver"]):
        call_command("archive", folder, site=SITE, verbosity=0, **options)
    return next(path for path in folder.iterdir() if path.is_dir())


def archived(shared: Path) -> Path:
    """Give the archive of the curated record, which must be loaded; the first to ask writes it."""
    with (shared / "archive.lock").open("w") as lock:
        flock(lock, LOCK_EX)
        found = list((shared / "archive").glob("*/"))
        return found[0] if found else archive(shared / "archive")


def broken(root: Path) -> list[str]:
    """List each link to no file, to no place in its file, to our host or with a query."""
    read = {path: Read(path) for path in root.rglob("*.html")}
    found = []
    for path, page in read.items():
        for link in page.links:
            url = urlsplit(link)
            if url.scheme and url.hostname != "sahel.example":
                continue
            target = (path.parent / unquote(url.path)).resolve() if url.path else path
            there = target.is_file() and not url.scheme and not url.query
            if not there or (url.fragment and url.fragment not in read[target].ids):
                found.append(f"{path.relative_to(root)}: {link}")
    return found


def strike(slug: str, **fields) -> Event:
    return make_event(slug=slug, actors=("France",), places=("Mali",), **fields)


def test_the_same_record_on_the_same_day_is_the_same_bytes(tmp_path):
    strike("strike")
    packed = [f"{archive(tmp_path / name)}.zip" for name in ("a", "b", "b")]
    assert len({hashlib.sha256(Path(path).read_bytes()).hexdigest() for path in packed}) == 1


def without_cards(monkeypatch: pytest.MonkeyPatch) -> None:
    """Leave out the cards, which take most of an archive's time, where they are no matter."""
    kept = {what: [f for f in forms if "card" not in f] for what, forms in OF_EACH.items()}
    monkeypatch.setattr("sahel.archive.OF_EACH", kept)


def test_lists_longer_than_a_page_are_turned_by_path(tmp_path, monkeypatch):
    without_cards(monkeypatch)
    for number in range(60):
        strike(f"strike-{number}", date=f"{1960 + number}")
    root = archive(tmp_path)
    for folder in ("en", "fr/actors/france", "en/places/mali", "fr/sources/gazette"):
        files = [root / folder / name for name in ("index.html", "page-2.html", "page-3.html")]
        titles = re.findall("/events/(strike-[0-9]+)/index", " ".join(f.read_text() for f in files))
        assert len(set(titles)) == 60, folder
        assert not (root / folder / "page-4.html").exists()
    assert "page-3.html#strike-59" in (root / "en/events/strike-59/index.html").read_text()
    assert broken(root) == []


def test_odd_slugs_and_titles_stay_what_they_are(tmp_path):
    nasty = """<a href="/en/">&lt;form></a> href="/x" --> ]]> ' \" ?q=1#y </main>"""
    source = make_source("s", title=nasty, url="https://example.org/?a=1&b=2#c")
    speaker = make_actor("aux", name_en=nasty)
    slugs = "con", "LPT1", "a_b", "index", "x" * 100
    for slug in slugs:
        strike(slug, title=nasty, words=nasty, source=source, speaker=speaker)
    root = archive(tmp_path)
    for slug in slugs:
        page = (root / file_of("en", f"events/{slug}/")).read_text()
        assert "&lt;a href=&#34;/en/&#34;&gt;&amp;lt;form&gt;" in page
        assert 'href="https://example.org/?a=1&amp;b=2#:~:text=' in page
    assert broken(root) == []


def test_what_became_of_a_withdrawn_event_is_told(tmp_path):
    event = strike("strike")
    with changes(Change.Way.EDITOR, who="Fatou"):
        event.publication = Event.Publication.WITHDRAWN
        event.withdrawal_en = "Nobody was there."
        event.save()
    strike("other")
    root = archive(tmp_path)
    assert "Nobody was there." in (root / "en/events/strike/index.html").read_text()
    assert "../../../en/events/strike/index.html" in (
        root / "en/changes/index.html"
    ).read_text() or (
        "../../en/events/strike/index.html" in (root / "en/changes/index.html").read_text()
    )
    assert broken(root) == []


def test_a_draft_is_in_no_file(tmp_path):
    strike("public")
    strike("secret-raid", title="Raid", publication="draft", source="secret-paper")
    root = archive(tmp_path)
    assert not [path for path in root.rglob("*") if "secret" in path.name]
    assert not [path for path in root.rglob("*.*") if b"secret" in path.read_bytes()]


def test_an_empty_record_is_a_copy_too(tmp_path):
    root = archive(tmp_path)
    assert "No event matches" in (root / "en/index.html").read_text()
    assert broken(root) == []


def test_nothing_is_replaced_but_an_archive(tmp_path):
    root = archive(tmp_path)
    (root / "MANIFEST.sha256").unlink()
    (root / "mine.txt").write_text("dear")
    with pytest.raises(CommandError, match="is no archive"):
        archive(tmp_path)
    assert (root / "mine.txt").read_text() == "dear"
    assert not list(tmp_path.glob(".sahel*"))


@pytest.mark.parametrize("site", ["sahel.example", "ftp://sahel.example", "https://evil.example"])
def test_a_site_that_is_not_ours_is_refused_with_a_word(tmp_path, site):
    with pytest.raises(CommandError, match=r"https://example.org|ALLOWED_HOSTS"):
        call_command("archive", tmp_path, site=site)


@pytest.mark.parametrize(
    ("address", "file"),
    [
        ("", "en/index.html"),
        ("?year=2021", "en/year/2021/index.html"),
        ("events/x/", "en/events/x/index.html"),
        ("events/aux/", "en/events/aux_/index.html"),
        ("lanes.svg?rows=48", "en/lanes-rows-48.svg"),
        ("changes/?what=new", "en/changes/what/new/index.html"),
    ],
)
def test_every_address_has_a_place_of_its_own(address, file):
    assert file_of("en", address) == file


def keep(_tag, _given, address):
    return address


@given(st.text("<>&\"'/=-! abp\n", max_size=60))
def test_what_is_not_changed_is_copied_to_the_letter(text):
    from html import escape

    page = f'<p title="{escape(text)}">{escape(text)}<br><a href="/x">{escape(text)}</a></p>'
    assert copied(page, keep) == page
    assert copied(page, lambda *_: "y") == page.replace('href="/x"', 'href="y"')


def test_data_stays_where_scripts_go():
    data = '<script type="application/ld+json">{"a": "</p><form>"}</script>'
    page = f'<p>a<script src="x"></script>{data}<b hidden>b<b>c</b></b><meta name="x">d</p>'
    assert copied(page, keep) == f'<p>a{data}<meta name="x">d</p>'


# The curated record, which stays loaded from here on ----------------------------------------------


@pytest.fixture(scope="module")
def copy(article, django_db_blocker, shared):
    """Write the curated record once."""
    with django_db_blocker.unblock():
        return archived(shared)


def test_every_link_of_every_file_leads_to_a_place_that_is_there(copy):
    assert broken(copy) == []


def test_no_file_sends_a_form_or_runs_a_script(copy):
    tags = sum((Read(path).tags for path in copy.rglob("*.html")), Counter())
    assert tags["class=event"] > 100
    assert not tags["form"] + tags["input"] + tags["button"] + tags["script"]


@pytest.mark.parametrize("language", ["en", "fr"])
def test_the_timeline_holds_each_event_of_the_record_once(copy, language):
    pages = [copy / language / "index.html", *(copy / language).glob("page-*.html")]
    begins = re.compile(r'id="([\w-]+)">\n +<div class="when">')
    shown = [slug for page in pages for slug in begins.findall(page.read_text())]
    record = index.current()
    assert len(shown) == len(record.events) == len(set(shown))
    assert Counter(path.parent.parent.name for path in copy.rglob("en/events/*/index.html")) == {
        "events": len(record.events)
    }


def test_a_reader_turns_the_pages_and_changes_the_language(copy):
    second = (copy / "en/page-2.html").read_text()
    assert re.search(r'rel="prev" href="../en/index.html"', second)
    assert 'href="../fr/page-2.html" lang="fr"' in second
    event = (copy / "en/events/withdrawal-support-grows/index.html").read_text()
    assert re.search(r'href="../../../en/(index|page-\d).html#withdrawal-support-grows"', event)


def test_each_page_says_that_it_is_a_copy_and_of_what(copy, client):
    head = re.search(r'class="hash">(\d+:\w{12})', client.get("/en/changes/").text)[1]
    for path in ("en/index.html", "en/events/coup-2020/index.html", "en/map/index.html"):
        page = (copy / path).read_text()
        assert re.search(rf"A copy of {SITE}, made on \d+ \w+ \d+, at version {head}", page), path


def test_what_a_copy_cannot_do_leads_to_a_page_that_says_so(copy):
    page = (copy / "en/actors/france/index.html").read_text()
    order = 'data-order="newest" rel="nofollow">Newest first'
    assert f'href="../../../en/about-this-archive.html" {order}' in page
    about = (copy / "en/about-this-archive.html").read_text()
    assert f"{SITE}/" in about
    assert "It cannot search for words" in about


def test_a_page_is_the_site_s_own_letter_by_letter_but_for_its_links(copy, client):
    ours = client.get("/en/events/bounti-strike/").text
    ours = ours.replace("http://testserver", "https://sahel.example")
    kept = (copy / "en/events/bounti-strike/index.html").read_text()
    words = [re.sub(r"<[^>]+>", "", page[page.index("<main") :]).strip() for page in (ours, kept)]
    assert words[0] == words[1]
    assert len(re.findall("<a", kept[kept.index("<main") :])) == len(
        re.findall("<a", ours[ours.index("<main") :])
    )


def test_the_manifest_names_every_file_and_holds(copy):
    lines = (copy / "MANIFEST.sha256").read_text().splitlines()
    listed = dict(reversed(line.split("  ", 1)) for line in lines)
    there = {str(path.relative_to(copy)) for path in copy.rglob("*") if path.is_file()}
    assert listed.keys() == there - {"MANIFEST.sha256"}
    assert (
        subprocess.run(["sha256sum", "-c", "--quiet", "MANIFEST.sha256"], cwd=copy).returncode == 0
    )


def test_the_zip_holds_the_same_within_a_folder(copy):
    with ZipFile(f"{copy}.zip") as packed:
        names = packed.namelist()
        assert packed.read(f"{copy.name}/en/index.html") == (copy / "en/index.html").read_bytes()
    assert names == sorted(names)
    assert set(names) == {
        f"{copy.name}/{p.relative_to(copy)}" for p in copy.rglob("*") if p.is_file()
    }


@pytest.mark.skipif(not checker(), reason="VNU names no vnu.jar, or there is no Java")
def test_the_nu_checker_finds_nothing_in_a_copy(copy):
    patterns = "*.html", "en/*.html", "fr/*/index.html", "en/*/france/*.html", "fr/events/b*/*.html"
    paths = [str(path) for pattern in patterns for path in copy.glob(pattern)]
    done = subprocess.run([*checker(), "--format", "gnu", *paths], capture_output=True, text=True)
    assert done.stderr == ""
