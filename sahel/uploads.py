"""The text of a file that an editor gives: a plain one, or a web page as a browser shows it.

Letters are never touched: libraries that extract text put in and leave out spaces where they think
fit, and a quotation is held against each.
"""

import codecs
import re
from collections.abc import Iterator
from html import unescape

from django.utils.translation import gettext as _

MOST_BYTES = 5_000_000
MOST_CHARACTERS = 600_000  # some 100,000 words; a form takes no more than 2.5 MB

SPACES = re.compile(r"[ \t\n\f\r]+")  # HTML's own; a no-break space is a letter like others
DECLARED = re.compile(rb"<meta[^>]{1,200}?charset\s*=\s*[\"']?\s*([\w.:-]{1,40})", re.IGNORECASE)
# What a browser shows as blocks, each on lines of its own; around a paragraph it leaves one free.
BLOCKS = frozenset(
    re.findall(
        r"\w+",
        "address article aside blockquote body center dd details dialog dir div dl dt fieldset "
        "figcaption figure footer form h1 h2 h3 h4 h5 h6 header hgroup hr html legend li main menu "
        "nav ol option p pre search section summary table tbody tfoot thead tr ul",
    )
)
# The encodings that WHATWG's Encoding Standard knows, as Python calls them.
OF_THE_WEB = re.compile(
    r"utf-8|utf-16$|ascii|iso8859|cp(125\d|866|874)$|koi8|mac-(roman|cyrillic)|gb|big5|euc|shift"
    r"|iso2022_jp"
)
# A tag as HTML reads it: quotation marks count after an equals sign alone. Never steps back.
TAG = re.compile(r"<(?P<name>/?[a-zA-Z][^\s/>]*+)(?:[^>=]|=\s*+(?:\"[^\"]*+\"|'[^']*+')?)*+>")
NAMED = re.compile(r"</?[a-zA-Z]")
OTHER = re.compile(r"<[!?/a-zA-Z]")
SVG = re.compile(r"<(?P<end>/?)svg(?=[\s/>])[^>]*+>", re.IGNORECASE)
COMMENT_END = re.compile(r"--!?>")
RAW = {  # what holds letters alone, up to its own end
    name: re.compile(rf"</{name}(?=[\s/>])", re.IGNORECASE)
    for name in ("iframe", "noembed", "noframes", "script", "style", "textarea", "title", "xmp")
}
UNSEEN = frozenset(
    re.findall(
        r"\w+",
        "audio canvas iframe noscript object script style template textarea title video",
    )
)


class UploadError(ValueError):
    """A file that gives no text, with a sentence for whoever gave it."""


def too_large() -> str:
    """Say what to do with a file that is too large."""
    return _("The file is larger than 5 MB. Copy its text and paste it.")


def text_of(name: str, content: bytes) -> str:
    """Give the text of a .txt, .html or .htm file; raises UploadError."""
    kind = name.lower().rpartition(".")[2]
    if kind not in ("txt", "html", "htm"):
        raise UploadError(
            _("Give a .txt or .html file; copy the text of any other, a PDF say, and paste it.")
        )
    if len(content) > MOST_BYTES:
        raise UploadError(too_large())
    text = _decoded(content, web_page=kind != "txt")
    text = _seen(text) if kind != "txt" else text
    if "\0" in text:
        raise UploadError(_("The file is not a text: it holds null characters."))
    if not text.strip():
        raise UploadError(_("There is no text in the file."))
    if len(text) > MOST_CHARACTERS:
        raise UploadError(
            _("The text is longer than 600,000 characters. Give the part that is quoted.")
        )
    return text


def _decoded(content: bytes, *, web_page: bool) -> str:
    """Decode by the byte order mark, as UTF-8, or as a web page says that it is written."""
    names = ["utf-8"]
    if content.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        names = ["utf-16"]
    elif content.startswith(codecs.BOM_UTF8):
        names = ["utf-8-sig"]
    elif web_page and (declared := DECLARED.search(content[:1024])):
        name = declared[1].decode("ascii")
        names += [] if name.lower().startswith("utf-16") else [name]  # it would not be readable
    for name in names:
        try:
            codec = codecs.lookup(name).name
            if not OF_THE_WEB.match(codec):
                continue
            # What calls itself Latin-1 on the web is Windows-1252 (WHATWG's Encoding Standard).
            return content.decode("cp1252" if codec in ("iso8859-1", "ascii") else name)
        except (LookupError, UnicodeError):
            continue
    raise UploadError(_("The file’s letters cannot be read. Save it as UTF-8 and give it again."))


def _seen(page: str) -> str:
    """Give what a browser shows of a web page, as HTML's `innerText` has it but for styles."""
    shown = _Shown()
    for tag, text in _tokens(page):
        if not tag:
            shown.letters(text)
        elif tag.startswith("/"):
            shown.end(tag[1:])
        else:
            shown.start(tag)
    return shown.text()


def _tokens(page: str) -> Iterator[tuple[str, str]]:
    """Give a page's tags ("p", "/p") and its texts, each as a pair of which one is empty.

    Takes time in proportion to the page's length, whatever is in it (`html.parser` of Python 3.13.0
    does not): what is never closed ends the page, as HTML's own tokenizer has it.
    """
    at, length = 0, len(page)
    while at < length:
        opening = page.find("<", at)
        if opening < 0:
            opening = length
        if opening > at:
            yield "", _unescaped(page[at:opening])
        tag = TAG.match(page, opening)
        if tag:
            name = tag["name"].lower()
            at = tag.end()
            if name == "svg":  # whose elements end themselves by a slash, unlike HTML's
                at = _after_svg(page, opening)
                continue
            yield name, ""
            if name in RAW:
                end = RAW[name].search(page, at)
                at = end.start() if end else length
        elif page.startswith("<!--", opening):
            comment = COMMENT_END.search(page, opening + 2)
            at = comment.end() if comment else length
        elif OTHER.match(page, opening):  # a doctype, a slip, or a tag that is never closed
            end_ = page.find(">", opening)
            at = end_ + 1 if end_ >= 0 and not NAMED.match(page, opening) else length
        else:
            if opening < length:
                yield "", "<"
            at = opening + 1


def _unescaped(text: str) -> str:
    try:
        return unescape(text)
    except ValueError:  # a reference with thousands of digits
        return text


def _after_svg(page: str, start: int) -> int:
    """Give where a picture within the page ends."""
    depth = 0
    for tag in SVG.finditer(page, start):
        if tag["end"]:
            depth -= 1
        elif not tag[0].endswith("/>"):
            depth += 1
        if depth <= 0:
            return tag.end()
    return len(page)


class _Shown:
    """Collects the letters that are seen, and the breaks between blocks."""

    def __init__(self) -> None:
        self.parts: list[str] = []
        self.breaks = 0  # line ends that are due before the next letter
        self.unseen = ""  # the outermost element within which nothing is seen, and how deep in it
        self.depth = 0
        self.pre = 0
        self.in_paragraph = False  # which any block ends, before it begins or ends itself

    def start(self, tag: str) -> None:
        if self.unseen:
            self.depth += tag == self.unseen
            return
        if tag in UNSEEN:
            self.unseen, self.depth = tag, 1
        elif tag == "br":
            self._separate("\n")
        elif tag in ("td", "th") and not self.breaks:
            self._separate("\t")
        self._around(tag)
        self.in_paragraph |= tag == "p"
        self.pre += tag == "pre"

    def end(self, tag: str) -> None:
        if not self.unseen:
            self._around(tag)
            self.pre -= bool(tag == "pre" and self.pre)
        elif self.unseen == tag:
            self.depth -= 1
            self.unseen = tag if self.depth else ""

    def letters(self, text: str) -> None:
        if self.unseen:
            return
        if not self.pre:
            text = SPACES.sub(" ", text)
            if self.breaks or not self.parts or self.parts[-1].endswith((" ", "\n", "\t")):
                text = text.removeprefix(" ")
        if text:
            if self.breaks:
                self._separate("")
            self.parts.append(text)

    def text(self) -> str:
        return "".join(self.parts).lstrip("\n").rstrip(" \n")

    def _around(self, tag: str) -> None:
        if tag in BLOCKS and self.parts:
            free = tag == "p" or self.in_paragraph
            self.breaks = max(self.breaks, 2 if free else 1)
            self.in_paragraph = False

    def _separate(self, by: str) -> None:
        if not self.parts:
            return
        if not self.pre:
            self.parts[-1] = self.parts[-1].rstrip(" ")
        self.parts.append("\n" * self.breaks + by)
        self.breaks = 0
