"""What was acknowledged outlives a server that is killed while editors save."""

import pytest
from django.db import connection

from drills.site import Clients, publishing
from drills.sqlite import kill, site, whole

pytestmark = [
    pytest.mark.django_db,  # not of the tests' database; pytest sets it up for who says so
    pytest.mark.skipif(connection.vendor != "sqlite", reason="a drill of SQLite's file"),
]


def test_no_event_that_was_acknowledged_is_lost_or_half_there(tmp_path):
    saved: list[str] = []
    with site(str(tmp_path)) as (ours, path):
        with ours.serve() as server:
            editors = Clients(2, publishing(ours.cookies, saved)).connect(server.port)
            with editors:
                editors.wait_for(10, 60)
                kill(server)
        assert whole("kill -9", path, saved, 10)
