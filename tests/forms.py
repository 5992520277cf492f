"""What a browser would send for a form of a page."""

from collections import defaultdict
from html.parser import HTMLParser
from typing import Any


class _Form(HTMLParser):
    """Reads the fields of the form with a given id, without its buttons and empty rows."""

    def __init__(self, wanted: str) -> None:
        super().__init__(convert_charrefs=True)
        self.wanted, self.inside = wanted, False
        self.sent: dict[str, list[str]] = defaultdict(list)
        self.area = self.select = ""

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given: dict[str, Any] = dict(attrs)
        if tag == "form":
            self.inside = given.get("id") == self.wanted
        name = given.get("name")
        if not self.inside or (name and "__prefix__" in name):
            return
        kind = given.get("type", "text")
        if tag == "input" and name and kind not in ("submit", "file", "button"):
            if kind not in ("checkbox", "radio") or "checked" in given:
                self.sent[name].append(given.get("value") or "")
        elif tag == "textarea" and name:
            self.area = name
            self.sent[name].append("")
        elif tag == "select" and name:
            self.select, self.first = name, "multiple" not in given
        elif tag == "option" and self.select and ("selected" in given or self.first):
            if self.first and self.sent[self.select] and "selected" in given:
                self.sent[self.select].clear()
            if "selected" in given or not self.sent[self.select]:
                self.sent[self.select].append(given.get("value") or "")

    def handle_endtag(self, tag: str) -> None:
        if tag == "form":
            self.inside = False
        elif tag == "textarea":
            self.area = ""
        elif tag == "select":
            self.select = ""

    def handle_data(self, data: str) -> None:
        if self.area:  # the line end after the tag is no part of it
            kept = self.sent[self.area]
            kept[-1] = (kept[-1] + data).removeprefix("\n").replace("\n", "\r\n")


def sent(page: str, form: str, **changed: Any) -> dict[str, Any]:
    """Give what the form with this id would send, with some fields filled in otherwise."""
    reader = _Form(form)
    reader.feed(page)
    assert reader.sent, f"no form {form}"
    return {**reader.sent, **changed}
