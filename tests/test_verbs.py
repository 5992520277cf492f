"""The verbs of the Makefile: what they need, what they say, what they leave alone."""

import os
import re
import shutil
import socket
import subprocess
import sys
import tomllib
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from django.core.management import call_command

from drills import number_asked
from sahel.models import Event

pytestmark = pytest.mark.one_database

ROOT = Path(__file__).parent.parent
BASE = Path(getattr(sys, "_base_executable", sys.executable))
REQUIREMENTS = "requirements.txt", "requirements-dev.txt"


@pytest.fixture
def machine(tmp_path: Path) -> Path:
    """Give a machine without any Python: a home with an empty folder `path` for PATH."""
    (tmp_path / "path").mkdir()
    return tmp_path


def program(path: Path, body: str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(f"#!/bin/sh\n{body}\n")
    path.chmod(0o755)


def find(machine: Path) -> subprocess.CompletedProcess[str]:
    environment = {"PATH": str(machine / "path"), "HOME": str(machine)}
    return subprocess.run(
        [ROOT / "bin/python"], env=environment, capture_output=True, text=True, check=False
    )


def test_no_python_is_said_in_one_sentence(machine: Path) -> None:
    program(
        machine / "path/python3.13", 'echo "pyenv: python3.13: command not found" >&2; exit 127'
    )
    program(machine / "path/python3", "exit 1")  # one that is too old, or lacks a module
    found = find(machine)
    assert found.returncode == 1
    assert found.stdout == ""
    assert re.fullmatch(r"No Python from 3\.12 to 3\.14 was found [^\n]*\.\n", found.stderr)


@pytest.mark.parametrize("name", ["python3.14", "python3.12", "python3"])
def test_a_python_on_path_is_found_behind_shims_that_fail(machine: Path, name: str) -> None:
    program(machine / "path/python3.13", "exit 127")
    program(machine / f"path/{name}", f'exec "{BASE}" "$@"')
    assert Path(find(machine).stdout.strip()).samefile(BASE)


@pytest.mark.parametrize(
    "place",
    [".pyenv/versions/3.13.0/bin/python", ".local/share/uv/python/cpython-3.12.9/bin/python3"],
)
def test_a_python_that_pyenv_or_uv_holds_is_found(machine: Path, place: str) -> None:
    program(machine / "path/python3", "exit 1")
    program(machine / place, f'exec "{BASE}" "$@"')
    assert Path(find(machine).stdout.strip()).samefile(BASE)


def test_a_python_that_uv_names_is_found(machine: Path) -> None:
    program(machine / "path/uv", f'test "$1 $2" = "python find" && echo "{BASE}"')
    assert Path(find(machine).stdout.strip()).samefile(BASE)


def test_the_python_of_a_virtual_environment_is_not_taken_for_its_base(machine: Path) -> None:
    (machine / "path/python3.13").symlink_to(sys.executable)
    assert Path(find(machine).stdout.strip()).samefile(BASE)


@contextmanager
def taken_port() -> Iterator[int]:
    with socket.create_server(("127.0.0.1", 0)) as server:
        yield server.getsockname()[1]


def serve(data: Path, port: int | str) -> subprocess.Popen[str]:
    environment = {key: os.environ[key] for key in ("PATH", "HOME") if key in os.environ}
    return subprocess.Popen(
        [sys.executable, ROOT / "bin/serve.py"],
        env={**environment, "DATA_DIR": str(data), "PORT": str(port)},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )


def test_a_taken_port_is_said_before_anything_is_done(tmp_path: Path) -> None:
    with taken_port() as port:
        server = serve(tmp_path / "data", port)
        said, _ = server.communicate(timeout=30)
    assert server.returncode == 1
    assert re.fullmatch(rf"Port {port} is taken; [^\n]*\.\n", said)
    assert not (tmp_path / "data").exists()


@pytest.mark.parametrize("port", ["http", "0", "70000", "-1", "²"])
def test_what_is_no_port_is_said(tmp_path: Path, port: str) -> None:
    said, _ = serve(tmp_path / "data", port).communicate(timeout=30)
    assert re.fullmatch(rf"PORT={port} is not a port: [^\n]*\.\n", said)


def test_the_server_says_where_it_is_once_it_answers(tmp_path: Path) -> None:
    with taken_port() as port:
        pass
    with serve(tmp_path / "data", port) as server:
        try:
            assert server.stdout
            said = next((line for line in server.stdout if "timeline is at" in line), "nothing")
            assert f"http://127.0.0.1:{port}/ " in said
            with urllib.request.urlopen(f"http://127.0.0.1:{port}/") as page:
                assert page.status == 200
                assert page.url.startswith(f"http://127.0.0.1:{port}/en/")
        finally:
            server.terminate()


@pytest.mark.django_db
def test_a_second_start_loses_nothing_and_brings_nothing_back() -> None:
    call_command("load", once=True, verbosity=0)
    changed, deleted = Event.objects.order_by("pk")[:2]
    Event.objects.filter(pk=changed.pk).update(title_en="An editor's words")
    deleted.delete()
    call_command("load", once=True, verbosity=0)
    assert Event.objects.get(pk=changed.pk).title_en == "An editor's words"
    assert not Event.objects.filter(slug=deleted.slug).exists()


def test_make_names_every_verb() -> None:
    make = shutil.which("make")
    assert make
    said = subprocess.run([make, "-C", ROOT], capture_output=True, text=True, check=True).stdout
    verbs = ("run", "load", "editor", "verify", "generated", "bench", "bench-servers")
    for verb in (*verbs, "test", "lint", "lock", "messages"):
        assert f"make {verb} " in said


@pytest.mark.parametrize(
    ("given", "number"), [([], 60), ([""], 60), (["5"], 5), (["12345678"], 12345678)]
)
def test_a_drill_has_a_number_of_its_own(monkeypatch, given, number) -> None:
    monkeypatch.setattr(sys, "argv", ["drill", *given])
    assert number_asked(60, least=5) == number


@pytest.mark.parametrize("given", ["4", "-5", "6.5", "sixty", "٦٠", "1" * 9])
def test_what_is_no_number_for_a_drill_is_refused_in_a_sentence(monkeypatch, given) -> None:
    monkeypatch.setattr(sys, "argv", ["drill", given])
    with pytest.raises(SystemExit, match=f"^{given} is no number here: give one from 5"):
        number_asked(60, least=5)


@pytest.mark.parametrize("name", REQUIREMENTS)
def test_requirements_have_hashes_and_name_no_index(name: str) -> None:
    text = (ROOT / name).read_text()
    assert "://" not in text
    packages = re.split(r"^(?=[a-z0-9])", text, flags=re.MULTILINE)[1:]
    assert packages
    for package in packages:
        assert re.match(r"[\w.\[\],-]+==[\w.]+ .*--hash=sha256:[0-9a-f]{64}", package, re.DOTALL)
    # What is left are the packages, their hashes and comments: no option that pip would obey.
    rest = re.sub(r"^([a-z0-9]|    --hash=|    #).*\n", "", text, flags=re.MULTILINE)
    assert rest == ""


def test_what_runs_is_part_of_what_is_tested() -> None:
    run, test = (
        set(re.findall(r"^[\w.-]+==[\w.]+", (ROOT / name).read_text(), re.MULTILINE))
        for name in REQUIREMENTS
    )
    assert run <= test


def test_at_most_fourteen_direct_dependencies() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    assert len(project["dependencies"]) <= 14
