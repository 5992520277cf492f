"""Pages are public, known by their ETag, compressed once, and never older than the record."""

import gzip

import pytest
from django.db import close_old_connections, connection, connections
from django.test import override_settings

from sahel import caching, index
from sahel.exports import tables
from sahel.models import Event
from tests.downloads import get
from tests.factories import make_event

pytestmark = pytest.mark.django_db

ZIPPED = {"accept-encoding": "gzip, br"}


@pytest.fixture(autouse=True)
def strike():
    return make_event("Strike", slug="strike", actors=("France",))


def test_a_page_says_how_long_it_is_good(client):
    page = client.get("/en/?actor=france")
    assert page["Cache-Control"] == (
        "public, max-age=10, stale-while-revalidate=60, stale-if-error=86400"
    )
    assert page["ETag"].startswith('"')
    assert page["Vary"] == "Accept-Encoding"
    assert int(page["Content-Length"]) == len(page.content)


def test_a_page_asked_again_costs_one_look_at_the_version(client, django_assert_num_queries):
    first = client.get("/en/")
    with django_assert_num_queries(1):
        again = client.get("/en/")
    assert (again.content, again["ETag"]) == (first.content, first["ETag"])
    assert again["X-Frame-Options"] == "DENY"
    assert again["Content-Language"] == "en"
    assert "Content-Security-Policy" in again


def test_an_unchanged_page_is_not_sent_again(client, django_assert_num_queries):
    tag = client.get("/en/")["ETag"]
    with django_assert_num_queries(1):
        answer = client.get("/en/", headers={"if-none-match": f'"other", {tag}'})
    assert (answer.status_code, answer.content) == (304, b"")
    assert answer["ETag"] == tag
    assert answer["Cache-Control"].startswith("public")


def test_the_etag_follows_the_record_the_address_and_the_encoding(client, strike):
    tags = {
        client.get("/en/")["ETag"],
        client.get("/fr/")["ETag"],
        client.get("/en/?year=2021")["ETag"],
        client.get("/en/", headers=ZIPPED)["ETag"],
        client.get("/en/", headers={"host": "127.0.0.1"})["ETag"],
    }
    strike.save()
    tags.add(client.get("/en/")["ETag"])
    assert len(tags) == 6


def test_a_saved_edit_is_in_the_next_answer(client):
    tag = client.get("/en/")["ETag"]
    Event.objects.update(title_en="Air strike")
    answer = client.get("/en/", headers={"if-none-match": tag})
    assert answer.status_code == 200
    assert "Air strike" in answer.text


def test_a_page_is_compressed_once_and_the_same_each_time(client, monkeypatch):
    plain = client.get("/en/").content
    first = client.get("/en/", headers=ZIPPED)
    assert first["Content-Encoding"] == "gzip"
    assert gzip.decompress(first.content) == plain
    monkeypatch.setattr(gzip, "compress", None)
    assert client.get("/en/", headers=ZIPPED).content == first.content
    monkeypatch.undo()
    caching.forget()
    assert client.get("/en/", headers=ZIPPED).content == first.content


def test_head_says_what_get_would(client):
    page = client.get("/en/")
    head = client.head("/en/")
    assert head.content == b""
    assert {**head.headers} == {**page.headers}


def test_whoever_edits_asks_again_each_time(client, admin_client):
    client.get("/en/")
    page = admin_client.get("/en/")
    assert page["Cache-Control"] == "private, no-cache"
    assert not page.cookies
    assert "Cookie" not in page["Vary"]


@pytest.mark.parametrize("path", ["/en/nope/", "/en/admin/login/", "/en/events/", "/"])
def test_what_is_no_page_of_the_record_is_not_kept(client, path):
    answer = client.get(path)
    assert "ETag" not in answer
    assert "public" not in answer.headers.get("Cache-Control", "")


def test_a_page_of_an_index_that_catches_up_is_not_kept(client, monkeypatch):
    client.get("/en/")
    monkeypatch.setattr(index, "ASIDE", 0)
    monkeypatch.setattr(index, "_start_aside", lambda: None)
    make_event("Newer", "2022")
    page = client.get("/en/")
    assert "ETag" not in page
    assert page["Cache-Control"] == "private, no-cache"


def test_the_memory_for_pages_is_bounded(client, monkeypatch):
    monkeypatch.setattr(caching, "MEMORY", 3 * len(client.get("/en/?year=1").content))
    for year in range(1, 20):
        client.get(f"/en/?year={year}")
    assert caching._size <= caching.MEMORY
    assert 0 < len(caching._pages) <= 4


def test_a_host_that_is_not_ours_is_refused_before_and_after(client):
    client.get("/en/")
    for _ in range(2):
        assert client.get("/en/", headers={"host": "evil.example"}).status_code == 400


@override_settings(HTTPS=True, SECURE_SSL_REDIRECT=True)
def test_http_is_still_sent_to_https(client):
    assert client.get("/en/").status_code == 301


@pytest.mark.django_db(transaction=True)
@pytest.mark.skipif(connection.vendor != "postgresql", reason="a file is never restarted")
@pytest.mark.parametrize("path", ["/en/", "/fr/?q=goita", "/en/events/strike/", "/en/admin/login/"])
def test_a_connection_that_the_database_closed_is_not_felt(client, path):
    assert client.get(path).status_code == 200
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_backend_pid()")
        ours = cursor.fetchone()
    other = connections.create_connection("default")
    with other.cursor() as cursor:
        cursor.execute("SELECT pg_terminate_backend(%s, 5000)", ours)
    other.close()
    caching.forget()
    close_old_connections()  # as at the start of each request; Django's test client leaves it out
    assert client.get(path).status_code == 200


# Files --------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("accepted", "zipped"),
    [("gzip;q=0", False), ("br, gzip; q=0.0", False), ("gzip;q=0.5", True), ("deflate", False)],
)
def test_who_wants_no_gzip_gets_none(client, accepted, zipped):
    page = client.get("/en/", headers={"accept-encoding": accepted})
    assert page.has_header("Content-Encoding") == zipped


def test_pages_elsewhere_may_ask_again_for_a_file(client):
    file = get(client, "/en/events.json")
    again = client.get("/en/events.json", headers={"if-none-match": file["ETag"]})
    assert again.status_code == 304
    assert file["Access-Control-Allow-Origin"] == again["Access-Control-Allow-Origin"] == "*"
    page = client.get("/en/")
    again = client.get("/en/", headers={"if-none-match": page["ETag"]})
    assert not again.has_header("Access-Control-Allow-Origin")


def test_readers_who_take_their_time_leave_threads_for_others(client):
    slow = [client.get("/en/events.csv") for _ in range(caching.STREAMS)]
    refused = client.get("/en/events.csv")
    assert (refused.status_code, refused["Retry-After"]) == (503, "30")
    assert client.head("/en/events.csv").status_code == 200
    assert client.get("/en/").status_code == 200
    for file in slow:
        assert b"strike" in b"".join(file.streaming_content)
    assert get(client, "/en/events.csv").status_code == 200


def test_a_stream_that_nobody_reads_to_its_end_makes_room(client):
    for _ in range(3 * caching.STREAMS):
        answer = client.get("/en/events.csv")
        assert answer.status_code == 200
        caching.let_go(answer)


def test_one_workbook_is_written_at_a_time(client):
    with tables._writing:
        refused = client.get("/fr/events.xlsx")
        assert (refused.status_code, refused["Retry-After"]) == (503, "10")
        assert "Un autre classeur" in refused.text
    assert get(client, "/fr/events.xlsx").status_code == 200


def test_a_workbook_of_too_many_events_is_refused_before_it_is_begun(client, monkeypatch):
    monkeypatch.setattr(tables, "MOST_ROWS", 0)
    refused = client.get("/en/events.xlsx")
    assert refused.status_code == 413
    assert "take CSV" in refused.text
