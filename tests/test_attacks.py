"""Nobody gets in by what they ask, send or write: every address, and every text, is tried."""

import hashlib
import re
from html.parser import HTMLParser
from itertools import chain, cycle
from urllib.parse import urlencode

import pytest
from django.contrib import admin
from django.contrib.auth.models import User
from django.db import connection
from django.http import HttpResponse
from django.test import Client
from django.urls import NoReverseMatch, reverse

from sahel.models import Change, Estimate, Quotation, Reference, SavedView, Signature, changes
from tests.downloads import get
from tests.factories import make_actor, make_event, make_place, make_source
from tests.importing import choose, table, upload

pytestmark = [pytest.mark.django_db, pytest.mark.one_database]

OF_VISITS = ("django_session", "sahel_opening", "auth_user")  # who was here, and when last


def desk() -> list[str]:
    """List the addresses of the admin that name no record, and those of the first of each kind."""
    found = [reverse("admin:index"), reverse("guide"), reverse("admin:password_change")]
    for model in admin.site._registry:
        name = f"admin:{model._meta.app_label}_{model._meta.model_name}"
        first = model._default_manager.first()
        found += [reverse(f"{name}_changelist"), reverse(f"{name}_add")]
        for pattern in admin.site._registry[model].get_urls():
            for args in ([], *([[first.pk]] if first else [])):
                try:
                    found.append(reverse(f"admin:{pattern.name}", args=args))
                except NoReverseMatch:
                    continue
    return sorted(set(found))


def sums() -> dict[str, str]:
    """Give a digest of what each table holds, but for those of visits."""
    found = {}
    with connection.cursor() as cursor:
        for table in connection.introspection.table_names(cursor):
            if table not in OF_VISITS:
                cursor.execute(f'SELECT * FROM "{table}"')  # noqa: S608
                rows = sorted(map(repr, cursor.fetchall()))
                found[table] = hashlib.sha256(repr(rows).encode()).hexdigest()
    return found


@pytest.mark.usefixtures("article")
def test_who_only_looks_writes_nothing(admin_client):
    pages = desk()
    assert len(pages) > 60
    before = sums()
    for page in pages:
        answer = get(admin_client, page)
        assert answer.status_code < 500, page
    assert sums() == before


@pytest.mark.usefixtures("article")
def test_nothing_is_sent_without_the_token_of_a_form(admin_client):
    forger = Client(enforce_csrf_checks=True)
    forger.cookies = admin_client.cookies
    before = sums()
    for page in [*desk(), reverse("admin:login"), reverse("admin:logout")]:
        assert forger.post(page, {"post": "yes", "_save": "1"}).status_code == 403, page
    assert sums() == before


@pytest.mark.usefixtures("article")
def test_a_stranger_sees_nothing_of_the_desk(client, admin_client):
    for page in desk():
        for answer in (client.get(page), client.post(page, {"post": "yes"})):
            known = page == reverse("admin:jsi18n")
            assert answer.status_code in ((200, 405) if known else (302, 403, 404)), page
            assert answer.status_code != 302 or "/login/" in answer["Location"], page


# Scripts in texts --------------------------------------------------------------------------------

MARK = "qqvector"
CALL = f"alert('{MARK}')"
VECTORS = [
    f"<script>{CALL}</script>",
    f"<ScRiPt>{CALL}</sCrIpT>",
    f"</script><script>{CALL}</script>",
    f"--></script><script>{CALL}//",
    f"<!--<script>{CALL}",
    f"<![CDATA[<script>{CALL}</script>]]>",
    f"]]><script>{CALL}</script>",
    f"</title><script>{CALL}</script>",
    f"</textarea><script>{CALL}</script>",
    f"</style><script>{CALL}</script>",
    f"</noscript><img src=x onerror={CALL}>",
    f"</template><img src=x onerror={CALL}>",
    f"</option></select><img src=x onerror={CALL}>",
    f"<img src=x onerror={CALL}>",
    f'<img src="x" onerror="{CALL}">',
    f"<img/src=x/onerror={CALL}>",
    f"<img\nsrc=x\nonerror={CALL}>",
    f"<img src=`x` onerror={CALL}>",
    f'"><img src=x onerror={CALL}>',
    f"'><img src=x onerror={CALL}>",
    f'" onmouseover="{CALL}" x="',
    f"' onmouseover='{CALL}' x='",
    f'" autofocus onfocus="{CALL}" x="',
    f"` onclick={CALL} x=`",
    f"<svg onload={CALL}>",
    f"<svg/onload={CALL}>",
    f"<svg><script>{CALL}</script></svg>",
    f"<svg><animate onbegin={CALL} attributeName=x>",
    f'<svg><a xlink:href="javascript:{CALL}">x</a></svg>',
    f"<math><mtext></p><img src=x onerror={CALL}></math>",
    f'<a href="javascript:{CALL}">x</a>',
    f'<a href="jAvAsCrIpT:{CALL}">x</a>',
    f'<a href="java\tscript:{CALL}">x</a>',
    f'<a href="data:text/html,<script>{CALL}</script>">x</a>',
    f'<iframe src="javascript:{CALL}">',
    f'<iframe srcdoc="<script>{CALL}</script>">',
    f'<object data="javascript:{CALL}">',
    '<embed src="https://evil.example/qqvector.swf">',
    f'<form action="javascript:{CALL}"><button>x',
    f'<button formaction="javascript:{CALL}">x',
    f"<input autofocus onfocus={CALL}>",
    f"<details open ontoggle={CALL}>",
    f"<video><source onerror={CALL}>",
    f"<audio src=x onerror={CALL}>",
    f"<body onload={CALL}>",
    f"<marquee onstart={CALL}>",
    f'<meta http-equiv="refresh" content="0;url=javascript:{CALL}">',
    '<link rel="stylesheet" href="https://evil.example/qqvector.css">',
    '<base href="https://evil.example/qqvector/">',
    "<style>@import 'https://evil.example/qqvector.css';</style>",
    '<div style="background:url(https://evil.example/qqvector)">x</div>',
    f"<x data-hx-on:click={CALL}>x</x>",
    f'<b data-hx-get="/qqvector" data-hx-trigger="load">{MARK}</b>',
    f"{{{{ {MARK}.constructor }}}}",
    f"{{% load {MARK} %}}",
    f"${{{CALL}}}",
    f"&lt;script&gt;{CALL}&lt;/script&gt;",
    f"&#60;script&#62;{CALL}&#60;/script&#62;",
    f"\\u003cscript\\u003e{CALL}\\u003c/script\\u003e",
    f"%3Cscript%3E{CALL}%3C/script%3E",
    f"+ADw-script+AD4-{CALL}+ADw-/script+AD4-",
    f"＜script＞{CALL}＜/script＞",
    f"\u2028<script>{CALL}</script>\u2029",
    f"*/{CALL}/*",
    f"';{CALL};//",
    f"\\';{CALL};//",
    f"<?xml-stylesheet href='javascript:{CALL}'?>",
    '<!DOCTYPE x [<!ENTITY qqvector SYSTEM "file:///etc/passwd">]>&qqvector;',
]


LOADED = {"src", "href", "xlink:href", "data", "action", "formaction", "data-hx-get"}
# What pages say of themselves, and where they lead, with a vector as a value in the query.
OWN = re.compile(r"/(?!/)|[?#]|(http://testserver|https://example.org)/|[^:]*: ")


class Markup(HTMLParser):
    """Lists what of a page came of a vector: elements of its kind, attributes that do something."""

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.found: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Look at what an element is and asks for."""
        for name, value in attrs:
            active = name.startswith(("on", "data-hx-on")) or name in ("srcdoc", "style")
            loaded = name in LOADED and not OWN.match(value or "")
            if MARK in (value or "") and (active or loaded):
                self.found.append(f"<{tag} {name}={value}>")
        if tag in ("marquee", "embed", "object", "math", "x", "video", "audio", "animate"):
            self.found.append(f"<{tag}>")

    def handle_data(self, data: str) -> None:
        """A block of data is data; a script or a style of a page's own there is none."""
        if self.cdata_elem and MARK in data and not data.lstrip().startswith(("{", "[")):
            self.found.append(f"<{self.cdata_elem}>{data[:80]}")


TEXTS = re.compile(
    "name|title|summary|note|publisher|author|exact|speaker_role|words|aliases|description"
    "|of_whom|unit|why_uncheckable|withdrawal"
)


def poisoned(vectors: list[str]) -> Quotation:
    """Make an event and what it names, with vectors in all texts that say something."""
    turns = cycle(vectors)
    actor, place, source = make_actor(slug="a"), make_place(slug="p"), make_source("s")
    event = make_event("x", slug="x", actors=(actor,), places=(place,), source=source)
    reference = Reference(event=event, source=source, supports="place")
    quotation = Quotation.objects.get(event=event)
    quotation.speaker = actor
    figure = Estimate(quotation=quotation, measure="other", best=3)
    said = {"who": next(turns)[:100], "why": next(turns), "language": "en"}
    with changes(Change.Way.EDITOR, **said):
        for row in (actor, place, source, event, quotation, reference, figure):
            for field in row._meta.concrete_fields:
                text = field.get_internal_type() in ("CharField", "TextField") and not field.choices
                if text and TEXTS.search(field.name) and not field.generated:
                    # As many as fit, of six: in the end each was in each field.
                    six = " ".join(next(turns) for _ in range(6))
                    setattr(row, field.name, six[: field.max_length or 2000])
            if row is quotation:
                row.start, row.end = 0, len(quotation.exact)
            row.save()
    for user in User.objects.all():
        Signature.objects.create(user=user, name=next(turns)[:100])
        view = {"name": next(turns)[:60], "query": urlencode({"q": next(turns)}), "shared": True}
        SavedView.objects.create(user=user, of="event", **view)
    return quotation


READ = [
    "?actor=a", "?q=%3Cscript%3Ealert(%27qqvector%27)%3C/script%3E", "histogram/", "lanes/", "map/",
    "events/x/", "actors/", "actors/a/", "places/", "places/p/", "sources/", "sources/s/", "data/",
    "api/", "cite/", "record/", "changes/", "embed/?actor=a", "embed/events/x/",
    "embed/make/?url=/en/events/x/", "dossier.html?actor=a", "histogram.svg", "lanes.svg",
    "map.svg", "events.atom", "changes.atom",
]  # fmt: skip

# What is no page: a browser may be shown it all the same.
FILES = [
    "events.csv", "events.json", "events.jsonl", "events.geojson", "events.ics", "events.bib",
    "events.feed.json", "events.timelinejs.json", "quotations.csv", "actors.json", "sources.ris",
    "events/x.jsonld", "events/x.csl.json", "sources/s.jsonld", "card.png",
]  # fmt: skip
OEMBED = "/oembed?url=http%3A%2F%2Ftestserver%2Fen%2Fevents%2Fx%2F&format="
NO_PAGE = re.compile("text/(csv|calendar|plain|xml|x-bibtex)|application/|image/(png|svg)")


@pytest.mark.parametrize("start", range(0, len(VECTORS), 6))
def test_what_is_written_is_never_markup(client, admin_client, start):
    quotation = poisoned(VECTORS[start:] + VECTORS[:start])
    desks = [page for page in desk() if "/sahel/" in page or page.endswith("/admin/")]
    key = quotation.key
    pages = [f"/en/{page}" for page in (*READ, *FILES, f"quotations/{key}/")]
    pages += [f"/fr/quotations/{key}.jsonld", f"/fr/embed/quotations/{key}/"]
    pages += [f"{OEMBED}json", f"{OEMBED}xml", "/api/v1/events", f"/api/v1/quotations/{key}"]
    seen = 0
    readers, editors = ((page, client) for page in pages), ((page, admin_client) for page in desks)
    for asked, whose in chain(readers, editors):
        answer = get(whose, asked)
        assert answer.status_code < 500
        if "html" not in answer.headers.get("Content-Type", ""):
            assert NO_PAGE.match(answer.headers["Content-Type"]), asked
            if "xml" in answer.headers.get("Content-Type", "") or asked.endswith(("svg", "atom")):
                assert not re.search(rb"<(script|img|iframe|embed|x|b|marquee)[ >/]", answer.body)
            continue
        markup = Markup()
        markup.feed(answer.body.decode())
        markup.close()
        assert not markup.found, (asked, markup.found)
        seen += MARK.encode() in answer.body
    assert seen > 10  # they were there


@pytest.mark.parametrize("vector", [each for each in VECTORS if re.match(r"<[\w/]+[^>]*=", each)])
def test_markup_would_be_found(vector):
    markup = Markup()
    markup.feed(f"<p>{vector}</p>")
    markup.close()
    assert markup.found or vector.startswith(("<b ", "<div", "<meta"))


# Scripts in what is asked and sent ---------------------------------------------------------------

KINDS = "event", "source", "actor", "place"


def shown(answer: HttpResponse) -> bool:
    """Say whether a vector is in a page, where it does nothing."""
    markup = Markup()
    markup.feed(answer.text)
    markup.close()
    assert not markup.found, markup.found
    return MARK in answer.text


@pytest.mark.parametrize("start", range(0, len(VECTORS), 12))
def test_what_was_typed_comes_back_as_text(editor, settings, start):
    settings.ALERTS, settings.EMAIL_FROM = True, "news@example.org"
    typed = " ".join(VECTORS[start : start + 12])
    fields = "slug title_en name_en aliases date date_words url kind why quotations-0-exact"
    form = dict.fromkeys([*fields.split(), "texts-0-text"], typed)
    for rows in ("quotations", "involvements", "references", "texts"):
        form |= {f"{rows}-TOTAL_FORMS": "1", f"{rows}-INITIAL_FORMS": "0"}
    forged = Client(enforce_csrf_checks=True, headers={"sec-fetch-site": "same-origin"})
    pages = [
        *(editor.post(f"/en/admin/sahel/{model}/add/", form) for model in KINDS),
        editor.get("/en/admin/sahel/event/", {"q": typed}),
        forged.post("/en/alerts/", {"email": typed}),
        Client().post("/en/alerts/", {"email": typed}),
        Client().post("/en/admin/login/", {"username": typed, "password": "x"}),
    ]
    assert [shown(page) for page in pages] == [True] * len(pages)


@pytest.mark.parametrize("start", range(0, len(VECTORS), 23))
def test_what_is_imported_is_shown_as_text(editor, start):
    vectors = VECTORS[start : start + 23]
    columns = ["title_en", "date", "kind", "actors", "source", "quotation", *vectors[:3]]
    rows = [dict.fromkeys(columns, vector) for vector in vectors]
    batch = upload(editor, table(columns, *rows), name=f"{vectors[0]}.csv")
    address = f"/en/admin/sahel/importbatch/{batch.pk}"
    pages = [editor.get(f"{address}/columns/"), choose(editor, batch)]
    pages += [editor.get(f"{address}/change/"), editor.get("/en/admin/sahel/importbatch/")]
    assert sum(map(shown, pages)) > 2


@pytest.mark.parametrize("ending", ["csv", "xlsx", "json", "ics", "atom", "bib"])
def test_no_question_writes_into_the_name_of_a_file(client, ending):
    make_event()
    for vector in VECTORS:
        answer = get(client, f"/en/events.{ending}?{urlencode({'q': vector, 'actor': vector})}")
        named = answer.headers.get("Content-Disposition", "inline")
        assert re.fullmatch(r'inline|attachment; filename="[\w.-]+"', named, re.A), named


def test_a_form_of_a_hundred_thousand_parts_is_refused(editor):
    many = "".join(f"a{n}=&" for n in range(100_000))
    parts = "".join(
        f'--x\r\nContent-Disposition: form-data; name="a{n}"\r\n\r\n\r\n' for n in range(100_000)
    )
    files = parts.replace('"\r\n', '"; filename="a"\r\n')
    for path in ("/en/admin/sahel/importbatch/add/", "/en/admin/login/", "/en/alerts/"):
        for body, kind in (
            (many, "application/x-www-form-urlencoded"),
            (parts, "multipart/form-data; boundary=x"),
            (files, "multipart/form-data; boundary=x"),
        ):
            answer = editor.generic("POST", path, body, content_type=kind)
            assert answer.status_code in (400, 404, 413), (path, kind)
