"""Loading, verifying, and making editors, as somebody at a terminal meets them."""

import io
import json

import pytest
from django.contrib.auth.models import User
from django.core.management import CommandError, call_command

from benchmarks import verify
from sahel.models import Event, Loading, Quotation, SourceText
from tests.factories import make_event, make_source

pytestmark = pytest.mark.django_db


def run(name, *args, **options):
    out = io.StringIO()
    call_command(name, *args, stdout=out, stderr=out, **options)
    return out.getvalue()


def test_loading_twice_changes_nothing():
    assert "0 changed, 0 unchanged" in run("load")
    before = list(Event.objects.order_by("pk").values())
    assert "0 created, 0 changed" in run("load")
    assert list(Event.objects.order_by("pk").values()) == before


def test_loading_once_puts_back_nothing_that_editors_changed_or_deleted():
    run("load", once=True)
    kept, gone = Event.objects.all()[:2]
    gone.delete()
    Event.objects.filter(pk=kept.pk).update(title_en="Edited")
    own = make_event("Ours")
    assert run("load", once=True) == ""
    assert Loading.objects.count() == 1
    assert not Event.objects.filter(slug=gone.slug).exists()
    assert Event.objects.get(pk=kept.pk).title_en == "Edited"
    assert Event.objects.filter(pk=own.pk).exists()


def test_loading_again_restores_the_fixtures_and_leaves_what_is_not_theirs():
    run("load")
    own = make_event("Ours")
    first = Event.objects.exclude(pk=own.pk).first()
    published = first.published
    Event.objects.filter(pk=first.pk).update(title_en="Edited")
    assert "0 created, 1 changed" in run("load")
    restored = Event.objects.get(pk=first.pk)
    assert (restored.title_en, restored.published) == (first.title_en, published)
    assert Event.objects.filter(pk=own.pk).exists()


@pytest.mark.parametrize(
    "content",
    [
        "{",
        '[{"model": "sahel.nothing"}]',
        '[{"model": "sahel.actor", "fields": {"slug": "x", "kind": "state"}}]',
        '[{"model": "sahel.event", "fields": {"slug": "x", "title_en": "X", "date": "soon"}}]',
    ],
)
def test_a_faulty_fixture_is_named_and_nothing_of_any_is_kept(tmp_path, settings, content):
    (tmp_path / "events").mkdir()
    for name in ("places", "actors", "sources"):
        (tmp_path / f"{name}.json").write_text("[]")
    (tmp_path / "events" / "faulty.json").write_text(content)
    settings.FIXTURE_DIRS = [tmp_path]
    with pytest.raises(CommandError, match=r"faulty\.json"):
        run("load")
    assert not Event.objects.exists()
    assert not Loading.objects.exists()


@pytest.fixture
def text(tmp_path):
    """A source's text in a file, with one quotation of it on record."""
    words = "Before. “No dialogue,” he said. After."
    source = make_source()
    SourceText.objects.create(source=source, text=words)
    make_event(slug="said", words="“No dialogue,” he said.", publication="draft")
    Quotation.objects.update(start=8, end=31)
    path = tmp_path / "article.txt"
    path.write_text(words)
    return path


def test_verifying_a_text_that_is_as_recorded(text):
    assert "1 quotations, all verbatim" in run("verify", str(text))


@pytest.mark.parametrize(
    ("old", "new", "told"),
    [
        ("“No", '"No', "said: Character 1: you have “ (U+201C, curly quotation mark, opening), "),
        ("dialogue", "dialog", "SHA-256 of the file is"),
        ("Before", "Well before", "said: stands at 13, recorded at 8"),
    ],
)
def test_verifying_names_the_first_difference(text, old, new, told, capsys):
    text.write_text(text.read_text().replace(old, new))
    out = io.StringIO()
    with pytest.raises(CommandError, match="checks failed"):
        call_command("verify", str(text), stderr=out)
    assert told in out.getvalue()


def test_verifying_all_against_the_texts_on_record(text):
    assert "1  verbatim" in run("verify")
    assert Quotation.objects.get().state == "verbatim"
    SourceText.objects.create(source=make_source(), text="Nothing of the kind.")
    out = io.StringIO()
    with pytest.raises(CommandError, match="1 quotations do not stand in their source"):
        call_command("verify", stderr=out, stdout=io.StringIO())
    assert "said: not found any more in gazette: “No dialogue,” he said." in out.getvalue()
    assert Quotation.objects.get().state == "missing"
    with pytest.raises(CommandError, match="1 quotations"):
        call_command("verify", source="gazette", stderr=out, stdout=io.StringIO())


def test_the_texts_of_sources_are_never_dumped(text):
    assert "he said. After." not in run("dumpdata", "sahel")
    assert "“No dialogue,” he said." in run("dumpdata", "sahel", "--exclude=sahel.event")
    assert "he said. After." not in run("dumpdata", "--exclude=sahel.event")


def test_verifying_what_cannot_be_read(tmp_path):
    with pytest.raises(CommandError, match="cannot be read"):
        run("verify", str(tmp_path / "missing.txt"))
    (tmp_path / "latin.txt").write_bytes("été".encode("latin-1"))
    with pytest.raises(CommandError, match="cannot be read"):
        run("verify", str(tmp_path / "latin.txt"))


def test_an_editors_account_can_sign_in_and_is_no_superuser(monkeypatch, client):
    monkeypatch.setattr("sys.stdin", io.StringIO("a long pass phrase\n"))
    assert "can now sign in" in run("editor", "fatou")
    user = User.objects.get(username="fatou")
    assert (user.is_staff, user.is_superuser) == (True, False)
    assert user.has_perm("sahel.publish_event")
    assert client.login(username="fatou", password="a long pass phrase")


def test_an_account_has_one_role_and_may_get_another(monkeypatch):
    for role, may_publish in (("publisher", True), ("contributor", False), ("editor", False)):
        monkeypatch.setattr("sys.stdin", io.StringIO("a long pass phrase\n"))
        run("editor", "fatou", "--role", role)
        user = User.objects.get(username="fatou")
        assert user.has_perm("sahel.publish_event") == may_publish
        assert user.has_perm("sahel.review_event") == (role != "contributor")


def test_a_new_password_leaves_an_account_what_it_was(monkeypatch):
    for more in (["--role", "contributor"], []):
        monkeypatch.setattr("sys.stdin", io.StringIO("a long pass phrase\n"))
        assert "as contributor." in run("editor", "fatou", *more)
    assert not User.objects.get(username="fatou").has_perm("sahel.publish_event")


@pytest.mark.parametrize("password", ["short", "123456789012345", ""])
def test_a_weak_password_is_refused_with_a_reason(monkeypatch, password):
    monkeypatch.setattr("sys.stdin", io.StringIO(f"{password}\n"))
    with pytest.raises(CommandError, match="password"):
        run("editor", "fatou")
    assert not User.objects.exists()


def test_fixtures_are_plain_json_named_by_slug(settings):
    for path in (settings.FIXTURE_DIRS[0] / "events").glob("*.json"):
        assert json.loads(path.read_text())[0]["fields"]["slug"] == path.stem


def test_the_check_of_all_quotations_is_measured(monkeypatch, capsys):
    monkeypatch.setattr(verify, "SOURCES", 3)
    monkeypatch.setattr(verify, "QUOTATIONS", 12)
    verify.main()
    first, again = capsys.readouterr().out.splitlines()
    assert "all checked for the first time:       12  verbatim" in first
    assert "all checked again" in again
