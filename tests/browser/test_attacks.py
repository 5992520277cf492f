"""In a real browser nothing that was written runs, and a reader leaves no trace."""

import pytest

from tests.test_attacks import READ, VECTORS, poisoned

pytestmark = pytest.mark.one_database

KEPT = """async () => [
    document.cookie, localStorage.length, sessionStorage.length,
    (await indexedDB.databases()).length, (await caches.keys()).length,
]"""


@pytest.mark.parametrize("start", range(0, len(VECTORS), 24))
def test_nothing_that_was_written_runs(page, faults, start):
    poisoned(VECTORS[start:] + VECTORS[:start])
    page.on("dialog", lambda dialog: (faults.append(f"dialog: {dialog.message}"), dialog.dismiss()))
    for path in READ:
        # A feed is no page; of the present day, and of one event in time, there is none yet.
        if path not in ("events.atom", "changes.atom", "record/", "histogram.svg"):
            page.goto(f"/en/{path}")
    assert page.evaluate("document.title")


@pytest.mark.usefixtures("article")
def test_a_reader_leaves_no_trace(page):
    for path in ["", "?q=goita", "events/bounti-strike/", "sources/", "map/", "data/", "embed/"]:
        page.goto(f"/fr/{path}")
        assert page.evaluate(KEPT) == ["", 0, 0, 0, 0], path
    assert page.context.cookies() == []
