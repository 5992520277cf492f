"""Whoever inherits the site can run it: the files in `deploy/` fit the code and each other."""

import re
import shutil
import subprocess
from pathlib import Path

import pytest
from django.core.management import call_command
from django.db import OperationalError, connection, connections

ROOT = Path(__file__).resolve().parent.parent
DEPLOY = ROOT / "deploy"
UNITS = sorted([*DEPLOY.glob("*.service"), *DEPLOY.glob("*.timer")], key=str)
analyze = pytest.mark.skipif(not shutil.which("systemd-analyze"), reason="no systemd-analyze")


def test_the_example_of_settings_has_each_of_them():
    known = set(re.findall(r'env\.\w+\(\s*"(\w+)"', (ROOT / "sahel/settings.py").read_text()))
    shown = re.findall(r"^#?([A-Z_]+)=", (ROOT / ".env.example").read_text(), re.M)
    assert len(shown) == len(set(shown))
    assert set(shown) == known


@analyze
@pytest.mark.one_database
@pytest.mark.parametrize("unit", UNITS, ids=lambda path: path.name)
def test_systemd_understands_each_unit(unit, tmp_path):
    text = re.sub(r"/srv/sahel/\S+/.venv/bin/|/usr/bin/curl", "/usr/bin/env ", unit.read_text())
    for path in UNITS:
        (tmp_path / path.name).write_text(path.read_text())
    (tmp_path / unit.name).write_text(text)
    done = subprocess.run(
        ["systemd-analyze", "verify", "--man=no", unit.name.replace("@", "@8001")],
        cwd=tmp_path, env={"SYSTEMD_UNIT_PATH": f"{tmp_path}:", "PATH": "/usr/bin:/bin"},
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    about_ours = [line for line in done.stderr.splitlines() if "sahel" in line]
    assert [line for line in about_ours if "not executable" not in line] == []


@analyze
@pytest.mark.one_database
@pytest.mark.parametrize("name", ["sahel@.service", "sahel-job@.service"])
def test_a_process_that_was_taken_over_can_do_little(name):
    done = subprocess.run(
        ["systemd-analyze", "security", "--offline=yes", "--threshold=20", str(DEPLOY / name)],
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stdout[-300:]


@pytest.mark.one_database
def test_nginx_agrees_to_no_old_tls_whatever_the_name():
    above, *servers = (DEPLOY / "nginx.conf").read_text().split("\nserver {")
    assert "ssl_protocols" not in above  # it would be added to what the machine's own file allows
    with_tls = [server for server in servers if "listen 443 " in server]
    assert len(with_tls) == 2
    for server in with_tls:
        assert "\n    ssl_protocols TLSv1.2 TLSv1.3;\n" in server
        assert "\n    ssl_ciphers ECDHE+AESGCM:ECDHE+CHACHA20;\n" in server


@pytest.mark.one_database
def test_nginx_is_there_for_readers_with_either_kind_of_address():
    for server in (DEPLOY / "nginx.conf").read_text().split("\nserver {")[1:]:
        of_four, of_six = (
            re.findall(rf"^    listen {before}(\d.+;)$", server, re.M)
            for before in ("", r"\[::\]:")
        )
        assert of_four == of_six != []


def test_each_timer_runs_a_command_that_there_is():
    commands = {path.stem for path in (ROOT / "sahel/management/commands").glob("*.py")}
    for path in DEPLOY.glob("*.timer"):
        name = path.stem.removeprefix("sahel-")
        assert name in commands
        assert f"Unit=sahel-job@{name}.service" in path.read_text()


@pytest.mark.skipif(connection.vendor != "postgresql", reason="SQLite has no locks of tables")
@pytest.mark.django_db(transaction=True)
def test_a_migration_gives_up_rather_than_letting_readers_wait(client):
    other = connections.create_connection("default")
    other.inc_thread_sharing()
    with other.cursor() as cursor:
        cursor.execute("BEGIN")
        cursor.execute("LOCK TABLE django_migrations IN ACCESS SHARE MODE")
        cursor.execute("SELECT 1 FROM sahel_event")
    with connection.cursor() as cursor:
        call_command("migrate", verbosity=0)
        with pytest.raises(OperationalError, match="lock timeout"):
            cursor.execute("ALTER TABLE sahel_event ADD COLUMN colour text")
        cursor.execute("RESET lock_timeout")
    other.close()
