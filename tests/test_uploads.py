"""The text of a file is what a reader of it sees, letter by letter."""

from contextlib import suppress
from html import escape
from time import perf_counter

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from hypothesis import given
from hypothesis import strategies as st

from sahel.models import Quotation, SourceText
from sahel.uploads import MOST_BYTES, UploadError, text_of
from tests.factories import make_event
from tests.test_admin import paste

LETTERS = st.text(
    st.characters(exclude_categories=["Cs", "Cc", "Zs", "Zl", "Zp"]) | st.sampled_from(" \u00a0"),
    min_size=1,
)


@pytest.mark.parametrize(
    ("page", "text"),
    [
        ("<p>One.<p>Two.", "One.\n\nTwo."),
        ("more<b>over</b>, he <i>said</i>", "moreover, he said"),
        ("a\n  b\t c", "a b c"),
        ("10&nbsp;000", "10\u00a0000"),
        ("&ldquo;It&rsquo;s&rdquo; &#8211; &amp;lt;", "“It’s” – &lt;"),
        ("one<br>two<br/>three", "one\ntwo\nthree"),
        ("<div>a</div><div>b</div>", "a\nb"),
        ("<table><tr><td>a<td>b<tr><td>c<td>d</table>", "a\tb\nc\td"),
        ("<pre>  a\n  b</pre>", "  a\n  b"),
        ("<title>T</title><style>p{}</style>x<script>if (a<b) '<p>'</script>y", "xy"),
        ("<!-- <p>no --><p>yes", "yes"),
        ("<svg><text>no</text></svg>yes<template><p>no</template>", "yes"),
        ("<p>one</p><svg/><p>two</p>", "one\n\ntwo"),
        ("<p>one</p><svg><svg/><style/><title/>no</svg><p>two</p>", "one\n\ntwo"),
        ("<!-- a --!>b<!-- c -->", "b"),
        ("<math><mi>x</mi></math>", "x"),
        (f"<p>&#{'1' * 5000};", f"&#{'1' * 5000};"),
        ("<a title='a > b' href=x?a=b>link</a>", "link"),
        ("<P CLASS=it's>Yes</P>", "Yes"),
        ("3 < 4 <5", "3 < 4 <5"),
        ("<!doctype html><html><head><meta charset=utf-8><body>é", "é"),
    ],
)
def test_a_web_page_is_read_as_it_is_seen(page, text):
    assert text_of("page.html", page.encode()) == text


@given(st.lists(LETTERS.filter(str.strip), min_size=1, max_size=4))
def test_no_letter_is_lost_added_or_changed(paragraphs):
    page = "".join(f"<div><p>{escape(each)}</p></div>" for each in paragraphs)
    read = text_of("page.htm", f"<meta charset=utf-8>{page}".encode())
    assert read.split("\n\n") == [" ".join(e for e in p.split(" ") if e) for p in paragraphs]


@given(st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0")))
def test_a_plain_text_is_taken_as_it_is(text):
    try:
        assert text_of("Report.TXT", text.encode()) == text.removeprefix("\ufeff")
    except UploadError:
        assert not text.removeprefix("\ufeff").strip()


@pytest.mark.parametrize(
    ("name", "content", "text"),
    [
        ("a.txt", "é".encode("utf-8-sig"), "é"),
        ("a.txt", "é".encode("utf-16"), "é"),
        ("a.html", b'<meta charset="iso-8859-1">\x93\xe9\x94', "“é”"),
        ("a.html", "<meta content='text/html; charset=koi8-r'>ж".encode("koi8-r"), "ж"),
    ],
)
def test_a_file_says_how_its_letters_are_written(name, content, text):
    assert text_of(name, content) == text


@pytest.mark.parametrize(
    ("name", "content", "sentence"),
    [
        ("report.pdf", b"%PDF", "copy the text of any other"),
        ("report", b"text", "Give a .txt or .html file"),
        ("a.txt", b"\xe9", "Save it as UTF-8"),
        ("a.html", b'<meta charset="no-such">\xe9', "Save it as UTF-8"),
        ("a.html", b'<meta charset="unicode_escape">\xe9', "Save it as UTF-8"),
        ("a.html", b'<meta charset="utf-16">\xe9\xe9', "Save it as UTF-8"),
        ("a.txt", b"a\0b", "null characters"),
        ("a.txt", b" \n", "no text in the file"),
        ("a.html", b"<p> <script>x</script>", "no text in the file"),
        ("a.txt", b"a" * (MOST_BYTES + 1), "larger than 5 MB"),
        ("a.txt", b"a" * 600_001, "longer than 600,000 characters"),
    ],
)
def test_what_gives_no_text_is_refused_with_what_to_do(name, content, sentence):
    with pytest.raises(UploadError, match=sentence):
        text_of(name, content)


@pytest.mark.one_database
@pytest.mark.parametrize(
    "bomb",
    ["<div>", "<p ", "<!--", "<", "</", "<a b='", "</x>", "<title>", "<svg>", "&#x", "&amp"],
)
def test_no_page_takes_longer_than_its_length_asks(bomb):
    times = []
    for length in (MOST_BYTES // 10, MOST_BYTES):
        start = perf_counter()
        with suppress(UploadError):
            text_of("bomb.html", (bomb * length)[:length].encode())
        times.append(perf_counter() - start)
    assert times[1] < 40 * max(times[0], 0.01)  # ten times as long; the square would be a hundred


def a_file(content: bytes, name: str = "page.html") -> SimpleUploadedFile:
    return SimpleUploadedFile(name, content)


@pytest.mark.django_db
def test_an_editor_gives_a_saved_page_and_the_quotations_are_found(editor):
    make_event(words="“No dialogue – none”", publication="draft")
    page = b"<h1>News</h1><p>He said: &ldquo;No <b>dialogue</b> &ndash; none&rdquo;.</p>"
    answer = paste(editor, "", **{"texts-0-file": a_file(page)})
    assert answer.status_code == 302
    assert SourceText.objects.get().text == "News\n\nHe said: “No dialogue – none”."
    assert Quotation.objects.get().state == "verbatim"


@pytest.mark.django_db
def test_what_was_read_is_shown_where_it_is_not_taken(editor):
    make_event(words="No dialogue.", publication="draft")
    answer = paste(editor, "", **{"texts-0-file": a_file(b"<p>No dialog!</p>")})
    assert "1 quotation of this source is not in the text" in answer.text
    assert "No dialog!</textarea>" in answer.text
    answer = paste(editor, "Typed.", **{"texts-0-file": a_file(b"No dialogue.", "a.txt")})
    assert "Paste a text or give a file, not both." in answer.text
    assert "Typed.</textarea>" in answer.text
    answer = paste(editor, "", **{"texts-0-file": a_file(b"%PDF-1.7", "a.pdf")})
    assert "copy the text of any other" in answer.text
    assert not SourceText.objects.exists()
