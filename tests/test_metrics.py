"""What whoever runs the site can watch: Prometheus' text format, for those with the token."""

import os
import re
from multiprocessing import get_context

import pytest
from django.conf import settings as django_settings
from django.db import OperationalError, connection
from django.test import Client, override_settings

from sahel import metrics
from tests.factories import make_event

pytestmark = pytest.mark.django_db
TOKEN = {"authorization": "Bearer a token of ours"}


@pytest.fixture(autouse=True)
def _own_numbers(tmp_path):
    with override_settings(METRICS_TOKEN="a token of ours", DATA_DIR=tmp_path):
        metrics.counters.cache_clear()
        yield
    metrics.counters.cache_clear()


def numbers(client: Client) -> dict[str, float]:
    """Read the answer strictly: each line is a comment or a sample, each family is typed once."""
    answer = client.get("/metrics", headers=TOKEN)
    assert answer["Content-Type"] == "text/plain; version=0.0.4; charset=utf-8"
    assert answer.text.endswith("\n")
    found: dict[str, float] = {}
    types: dict[str, str] = {}
    family = ""
    for line in answer.text.splitlines():
        if typed := re.fullmatch(r"# TYPE (\w+) (counter|gauge|histogram)", line):
            family, kind = typed.groups()
            assert family not in types
            types[family] = kind
            assert (kind == "counter") is family.endswith("_total")
        elif not re.fullmatch(r"# HELP sahel_\w+ [^\\\n]+\.", line):
            sample = re.fullmatch(
                r'((\w+?)(?:_bucket|_sum|_count)?(?:\{\w+="[\w+.]*"(?:,\w+="[\w+.]*")*\})?) (\S+)',
                line,
            )
            assert sample, line
            assert line.startswith(family)
            assert sample[1] not in found
            found[sample[1]] = float(sample[3])
    return found


def test_without_the_token_there_is_nothing(client, settings):
    assert client.get("/metrics").status_code == 404
    assert client.get("/metrics", headers={"authorization": "Bearer other"}).status_code == 404
    assert (
        client.get("/metrics", headers={"authorization": "Basic a token of ours"}).status_code
        == 404
    )
    settings.METRICS_TOKEN = ""
    assert client.get("/metrics", headers={"authorization": "Bearer "}).status_code == 404


def test_requests_are_counted_by_what_they_are_about_and_how_they_end(client):
    client.get("/en/")
    client.get("/en/actors.csv")
    client.get("/fr/nothing/")
    found = numbers(client)
    assert found['sahel_http_requests_total{kind="timeline",status="2xx"}'] == 1
    assert found['sahel_http_requests_total{kind="actors",status="2xx"}'] == 1
    assert found['sahel_http_requests_total{kind="other",status="4xx"}'] == 1


def test_how_long_answers_take_is_a_histogram_that_adds_up(client):
    for _time in range(3):
        client.get("/en/")
    found = numbers(client)
    name = "sahel_http_request_duration_seconds"
    buckets = [
        found[f'{name}_bucket{{kind="timeline",le="{"+Inf" if bound == float("inf") else bound}"}}']
        for bound in metrics.BOUNDS
    ]
    assert buckets == sorted(buckets)
    assert buckets[-1] == found[f'{name}_count{{kind="timeline"}}'] == 3
    assert 0 < found[f'{name}_sum{{kind="timeline"}}'] < 30


def test_pages_are_counted_by_how_they_were_answered(client):
    tag = client.get("/en/")["ETag"]
    client.get("/en/")
    client.get("/en/", headers={"if-none-match": tag})
    found = numbers(client)
    for answer in ("drawn", "memory", "unchanged"):
        assert found[f'sahel_pages_total{{from="{answer}"}}'] == 1


def test_the_record_and_its_index_are_told(client):
    make_event()
    client.get("/en/")
    found = numbers(client)
    assert found["sahel_index_lag_versions"] == 0
    make_event("Another")
    found = numbers(client)
    assert found["sahel_index_lag_versions"] > 0
    assert found["sahel_unrecorded_changes"] == 2
    assert found["sahel_database_up"] == found["sahel_database_writable"] == 1
    assert found["sahel_publications_due"] == 0


def test_a_sign_in_that_failed_is_counted(client):
    client.post("/en/admin/login/", {"username": "amina", "password": "wrong"})
    assert numbers(client)["sahel_sign_in_failures_total"] == 1


def test_ages_are_told_of_what_is_there(client, tmp_path):
    assert "sahel_backup_age_seconds" not in numbers(client)
    (tmp_path / "backups").mkdir()
    backup = tmp_path / "backups" / "sahel.zip"
    backup.write_bytes(b"")
    os.utime(backup, (1e9, 1e9))
    assert numbers(client)["sahel_backup_age_seconds"] > 7e8


def test_it_answers_where_no_database_does(client):
    def gone(*_query):
        raise OperationalError

    with connection.execute_wrapper(gone):
        found = numbers(client)
    assert found["sahel_database_up"] == 0
    assert "sahel_history_entries" not in found


def _count(folder: str, times: int) -> None:
    with override_settings(DATA_DIR=folder):
        for _time in range(times):
            metrics.counters().add((("sign-in failures",), 1.0))


def test_all_processes_count_together(tmp_path):
    ours = metrics.counters()
    others = [
        get_context("fork").Process(target=_again, args=(str(tmp_path),)) for _one in range(2)
    ]
    for other in others:
        other.start()
    for _time in range(500):
        ours.add((("sign-in failures",), 1.0))
    for other in others:
        other.join()
    assert ours["sign-in failures",] == 1500


def _again(folder: str) -> None:
    metrics.counters.cache_clear()
    _count(folder, 500)


def test_nothing_is_counted_where_nobody_may_read_it(tmp_path):
    with override_settings(METRICS_TOKEN=""):
        Client().get("/en/")
    assert not list(tmp_path.glob("metrics-*"))
    assert django_settings.METRICS_TOKEN
