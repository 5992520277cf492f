"""A page copied letter by letter, but for where its links lead and for what only a site can do."""

import re
from collections.abc import Callable, Mapping
from html import escape
from html.parser import HTMLParser
from typing import override

# Gives where an element's link leads in the copy, of its tag, its attributes and its address;
# None where it leads nowhere.
Lead = Callable[[str, Mapping[str, str | None], str], str | None]

VOID = {"img", "link", "meta"}  # of the elements with links, those without an end tag
PICTURES = ("og:image", "twitter:image")
DATA = re.compile(r"application/(\w+\+)?json")  # what a script element may hold that runs nothing


def copied(
    page: str, lead: Lead, *, instead: Mapping[str, str] = {}, ahead: Mapping[str, str] = {}
) -> str:
    """Give a page with its links led anew, without scripts, forms and what only scripts show.

    What leads nowhere is left out with its element. `instead` is HTML in the place of forms, by
    their id; `ahead` HTML to put before elements, by their tag. The page must be valid, with all
    its addresses in double quotes: every other letter stays as it is.
    """
    return _Copier(page, lead, instead, ahead).copy()


class _Copier(HTMLParser):
    def __init__(
        self, page: str, lead: Lead, instead: Mapping[str, str], ahead: Mapping[str, str]
    ) -> None:
        super().__init__(convert_charrefs=False)
        self.page, self.lead, self.instead, self.ahead = page, lead, instead, ahead
        self.lines = [0, *(found.end() for found in re.finditer("\n", page))]
        self.pieces: list[str] = []
        self.done = 0  # letters of the page that are copied, or left out
        self.leaving, self.depth = "", 0  # the element that is left out, and how deep we are in it

    def copy(self) -> str:
        self.feed(self.page)
        self.close()
        return "".join([*self.pieces, self.page[self.done :]])

    @override
    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        raw, start = self.get_starttag_text() or "", self._here()
        if self.leaving:
            self.depth += tag == self.leaving
            return
        given = dict(attrs)
        if tag in self.ahead:
            self._put(start, start, self.ahead[tag])
        if _only_on_a_site(tag, given):
            self._leave_out(tag, start, raw, self.instead.get(given.get("id") or "", ""))
        elif (found := _link(tag, given)) is not None:
            name, address = found
            led = self.lead(tag, given, address)
            if led is None:
                self._leave_out(tag, start, raw, "")
            elif led != address:
                was = re.compile(rf'(\s{name}=)"[^"]*"')
                new = was.sub(lambda found: f'{found[1]}"{escape(led)}"', raw, count=1)
                self._put(start, start + len(raw), new)

    @override
    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if not self.leaving:  # what is left out and closed at once is none of ours
            self.handle_starttag(tag, attrs)

    @override
    def handle_endtag(self, tag: str) -> None:
        if not self.leaving:
            if put := self.ahead.get(f"/{tag}"):
                self._put(self._here(), self._here(), put)
        elif tag == self.leaving:
            self.depth -= 1
            if not self.depth:
                self.leaving = ""
                self.done = self.page.index(">", self._here()) + 1

    def _here(self) -> int:
        """Give the letter at which the tag at hand begins."""
        line, column = self.getpos()
        return self.lines[line - 1] + column

    def _put(self, start: int, end: int, text: str) -> None:
        """Copy up to a letter, and put a text in the place of what stands up to another."""
        self.pieces += [self.page[self.done : start], text]
        self.done = end

    def _leave_out(self, tag: str, start: int, raw: str, instead: str) -> None:
        self._put(start, start + len(raw), instead)
        if tag not in VOID:
            self.leaving, self.depth = tag, 1


def _only_on_a_site(tag: str, given: Mapping[str, str | None]) -> bool:
    """Say whether an element needs a server, or a script."""
    if tag == "script":
        return not DATA.fullmatch(given.get("type") or "")
    if tag == "meta":
        return given.get("name") == "htmx-config"
    return tag == "form" or "hidden" in given


def _link(tag: str, given: Mapping[str, str | None]) -> tuple[str, str] | None:
    """Give the name of the attribute that holds an element's address, and the address."""
    name = "href"
    if tag == "meta":
        if given.get("property", given.get("name")) not in PICTURES:
            return None
        name = "content"
    elif tag == "img":
        name = "src"
    address = given.get(name)
    return (name, address) if address is not None else None
