"""What a reader cites: one event, quotation, source or selection, as text and for their programs.

What is ours is cited in the version that was read, by its number in the history and its day; a
date is never given more exactly than it is known.
"""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, date, datetime
from hashlib import blake2b
from typing import Any, NamedTuple

from django.db.models import Exists, OuterRef
from django.http import HttpRequest
from django.utils.translation import gettext as _
from django.utils.translation import ngettext, pgettext

from sahel.cards import Card, Quoted
from sahel.dates import EDTF
from sahel.facets import Selection
from sahel.fields import address, readers_language, vocabulary
from sahel.linked import LICENCE
from sahel.models import Change, Event, Quotation, Source, Unrecorded
from sahel.pages import day_in_words

# What would end a line; spaces that do not break, as French has them, stay.
BREAKS = re.compile("[\x00-\x20\x7f-\x9f\u2028\u2029\ud800-\udfff]+")


class Version(NamedTuple):
    """A state of an event or of the record: the entry of the history that left it, and its day."""

    number: int
    day: date

    def __str__(self) -> str:
        told = {"day": day_in_words(self.day), "number": self.number}
        return _("version of %(day)s (entry %(number)s of the history)") % told


class Kind(NamedTuple):
    """What a format calls a kind of document, and the place where it appeared."""

    bibtex: tuple[str, str]
    ris: tuple[str, str]
    csl: tuple[str, str]
    zotero: str


_PAGE = ("misc", "howpublished"), ("ELEC", "T2"), ("webpage", "container-title")
KINDS: dict[str, Kind] = {
    "page": Kind(*_PAGE, "webpage"),
    "selection": Kind(_PAGE[0], ("DATA", "T2"), ("dataset", "container-title"), "webpage"),
    Source.Kind.NEWS: Kind(
        ("article", "journal"),
        ("NEWS", "T2"),
        ("article-newspaper", "container-title"),
        "newspaperArticle",
    ),
    Source.Kind.REPORT: Kind(
        ("techreport", "institution"), ("RPRT", "PB"), ("report", "publisher"), "report"
    ),
    Source.Kind.ENCYCLOPEDIA: Kind(
        _PAGE[0], ("ENCYC", "T2"), ("entry-encyclopedia", "container-title"), "encyclopediaArticle"
    ),
}


@dataclass(frozen=True)
class Cited:
    """What is cited: `text` says it in one line, the rest is what programs take.

    `when` is the day of the version, or when a source appeared; `within` is the site, newspaper or
    institution; `accessed` the day on which the address was read.
    """

    key: str  # the same for the same thing for ever
    kind: str
    text: str
    title: str
    language: str
    url: str
    when: EDTF | None = None
    within: str = ""
    author: str = ""
    version: Version | None = None
    accessed: date | None = None
    licence: str = ""
    note: str = ""

    @property
    def names(self) -> Kind:
        """What the formats call it."""
        return KINDS.get(self.kind, KINDS["page"])

    def metadata(self) -> list[tuple[str, str]]:
        """Give the names and values of the HTML elements that Zotero and its like read.

        Highwire Press, Dublin Core, and PRISM for where it appeared.
        """
        exact = "/".join(f"{part:02}" for part in exact_parts(self.when))
        pairs = [
            ("citation_title", self.title),
            ("citation_author", self.author),
            ("citation_publication_date", exact),
            ("citation_publisher", self.within),
            ("citation_language", self.language),
            ("citation_public_url", self.url),
            ("DC.title", self.title),
            ("DC.creator", self.author),
            ("DC.date", str(self.when or "")),
            ("DC.type", self.names.zotero),
            ("DC.publisher", self.within),
            ("DC.language", self.language),
            ("DC.identifier", self.url),
            ("DC.rights", self.licence),
            ("DCTERMS.bibliographicCitation", self.text),
            ("prism.publicationName", self.within),
        ]
        return [(name, flat(value)) for name, value in pairs if value]


def flat(text: str) -> str:
    """Give a text in one line."""
    return BREAKS.sub(" ", text).strip()


def exact_parts(when: EDTF | None) -> list[int]:
    """Give year, month and day of a date that they say entirely; of any other, nothing."""
    return [int(part) for part in when.machine.split("-")] if when and when.machine else []


# What is cited ------------------------------------------------------------------------------------


def titled(event: Card) -> str:
    """Name an event where its title stands alone: with its date, and no surer than it is."""
    said = [event.date.in_words()]
    if event.status != Event.Status.HAPPENED:
        said.append(vocabulary(Event.Status, readers_language())[event.status].lower())
    return f"{event.title} ({', '.join(said)})"


def version_of(event: int) -> Version | None:
    """Give the version of a public event as it is now; None where no entry has left it so."""
    changed_since = Unrecorded.objects.filter(event=OuterRef("event"))
    return _last(Change.objects.filter(~Exists(changed_since), event=event))


def version_of_record() -> Version | None:
    """Give the version of the whole record: the head of the history, None where it has none."""
    return _last(Change.objects.all())


def _last(entries: Any) -> Version | None:
    found = entries.order_by("-number").values_list("number", "at").first()
    return Version(found[0], found[1].date()) if found else None


def event_address(slug: str, version: Version | None) -> str:
    """Give the address of an event, which stays that of a version where one is given."""
    page = address("event", slug)
    return f"{page}{version.number}/" if version else page


def of_event(request: HttpRequest, event: Card, version: Version | None) -> Cited:
    """Cite an event in a version."""
    title = titled(event)
    url = request.build_absolute_uri(event_address(event.slug, version))
    return _of_ours(f"sahel-event-{event.slug}", "page", title, event.title.lang, url, version)


def of_selection(request: HttpRequest, selection: Selection) -> Cited:
    """Cite the events that a reader selected, or all, in the version of the record."""
    filters = selection.filters.without("order", "find")
    version, words = version_of_record(), selection.words
    colon = pgettext("before a quotation", ":")
    title = f"{_('Sahel timeline')}{colon} {words}" if words else _("Sahel timeline")
    number = len(selection.events)
    counted = ngettext("%(number)s event", "%(number)s events", number) % {"number": number}
    # The state of the whole record on a day has an address; that of a selection has none.
    path = address("timeline")
    if version and not filters.pairs:
        path = f"{address('record')}{version.day}/"
    url = request.build_absolute_uri(f"{path}{filters.query}")
    digest = blake2b(filters.query.encode(), digest_size=4).hexdigest()
    key = f"sahel-events-{digest}" if filters.pairs else "sahel-events"
    return _of_ours(key, "selection", title, readers_language(), url, version, counted)


def _of_ours(
    key: str,
    kind: str,
    title: str,
    language: str,
    url: str,
    version: Version | None,
    counted: str = "",
) -> Cited:
    site = "" if title.startswith(_("Sahel timeline")) else _("Sahel timeline")
    terms = "CC BY 4.0"
    parts = [_quoted(title), counted, site, str(version or ""), url, terms, _accessed()]
    return Cited(
        key=key,
        kind=kind,
        text=_line(parts),
        title=title,
        language=language,
        url=url,
        when=EDTF.parse(version.day.isoformat()) if version else None,
        within=site,
        version=version,
        accessed=_today(),
        licence=LICENCE,
        note=_clauses([counted, terms]),
    )


def of_page(request: HttpRequest, title: str, page: str) -> Cited:
    """Cite what a page of ours is about, in the version of the record: an actor, a place."""
    words = f"{_('Sahel timeline')}{pgettext('before a quotation', ':')} {title}"
    key = f"sahel{page.rstrip('/').replace('/', '-')}"
    version = version_of_record()
    url = request.build_absolute_uri(page)
    return _of_ours(key, "page", words, readers_language(), url, version)


def of_source(request: HttpRequest, source: Source) -> Cited:
    """Cite a source itself, as far as it is known; `accessed` is the day on which it was read."""
    notes = []
    if source.wording != Source.Wording.ORIGINAL:
        notes.append(vocabulary(Source.Wording, readers_language())[source.wording])
    if source.original:
        notes.append(_("copy of %(source)s") % {"source": _source_line(source.original)})
    if source.archived_url:
        notes.append(_("archived at %(url)s") % {"url": source.archived_url})
    told, read = _clauses(notes), source.date_read
    on = _("read on %(day)s") % {"day": day_in_words(read)} if read else ""
    return Cited(
        key=f"sahel-source-{source.slug}",
        kind=source.kind,
        text=_line([_source_line(source), source.url, told and f"({told})", on]),
        title=source.title or _("[page of unknown title]"),
        language=source.language,
        # Where it has no address, ours says what is known of it.
        url=source.url or request.build_absolute_uri(source.get_absolute_url()),
        when=source.date or None,
        within=source.publisher,
        author=source.author,
        accessed=read,
        note=told,
    )


def of_quotation(
    request: HttpRequest, quotation: Quotation, quoted: Quoted, version: Version | None
) -> Cited:
    """Cite a quotation within its source, and where it can be checked with us."""
    source = of_source(request, quotation.source)
    state = vocabulary(Quotation.State, readers_language())[quotation.state]
    page = request.build_absolute_uri(quotation.get_absolute_url())
    ours = [_("Sahel timeline"), str(version or ""), page, _accessed()]
    told = {"state": state, "site": ", ".join(filter(None, ours))}
    checked = _("quoted (%(state)s) in %(site)s") % told
    speaker = filter(None, [quoted.speaker and quoted.speaker.name, quoted.speaker_role])
    words = ", ".join([_quoted(quotation.exact), *speaker])
    within = f"{pgettext('a source', 'in')} {source.text.removesuffix('.')}"
    return Cited(
        key=f"sahel-quotation-{quotation.key}",
        kind=source.kind,
        text=_line([words, within, checked]),
        title=source.title,
        language=source.language,
        url=source.url,
        when=source.when,
        within=source.within,
        author=source.author,
        accessed=source.accessed,
        note=_clauses([words, source.note, checked]),
    )


def _source_line(source: Source) -> str:
    title = _quoted(source.title) if source.title else _("[page of unknown title]")
    when = source.date.in_words() if source.date else ""
    return ", ".join(filter(None, [source.author, title, source.publisher, when]))


def _quoted(words: str) -> str:
    return _("“%(words)s”") % {"words": words}


def _accessed() -> str:
    return _("accessed %(day)s") % {"day": day_in_words(_today())}


def _line(parts: Iterable[str]) -> str:
    return flat(f"{', '.join(filter(None, parts))}.")


def _clauses(parts: Iterable[str]) -> str:
    return pgettext("between clauses", "; ").join(filter(None, parts))


def _today() -> date:
    return datetime.now(UTC).date()
