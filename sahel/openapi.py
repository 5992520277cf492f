"""The API described, as OpenAPI 3.1 has it: made of the shapes of records and the words known."""

from __future__ import annotations

from typing import Any, Literal, TypedDict, get_args, get_origin, is_typeddict

from django.utils.translation import gettext as _

from sahel.exports.files import NAMED, ONE, About
from sahel.exports.shapes import KINDS, NAMES, SHAPES, Field, Kind, fields
from sahel.facets import VOCABULARIES
from sahel.filters import FACETS, MAX_VALUES, MAX_WORDS_LENGTH
from sahel.linked import LICENCE
from sahel.words import WORDS

# As patterns of JSON Schema, which are those of JavaScript: what the site understands, or less.
SLUG = "^[-a-zA-Z0-9_]{1,100}$"
VALUE = "^-?[a-z0-9]+(?:-[a-z0-9]+)*$"
YEAR = "^-?[1-9][0-9]{0,3}$"
DATE = (  # 29 February is understood in the years that have it
    "^[12][0-9]{3}(?:-(?:0[13578]|1[02])(?:-(?:0[1-9]|[12][0-9]|3[01]))?"
    "|-(?:0[469]|11)(?:-(?:0[1-9]|[12][0-9]|30))?|-02(?:-(?:0[1-9]|1[0-9]|2[0-8]))?)?$"
)
WORD = r"[\p{L}\p{N}]"

VERSION = "1.0.0"
USUAL, MOST = 25, 100  # records on a page


class Problem(TypedDict):
    """What is wrong with what was asked (RFC 9457)."""

    status: int
    title: str
    detail: str


def description(site: str) -> dict[str, Any]:
    """Describe the API at a site: each address, each word of its query string, each field."""
    paths: dict[str, Any] = {}
    for kind in KINDS:
        paths[f"/api/v1/{kind}"] = {"get": _listing(kind)}
        paths[f"/api/v1/{kind}/{{{ONE[kind]}}}"] = {"get": _single(kind)}
    return {
        "openapi": "3.1.0",
        "info": {
            "title": _("Sahel timeline"),
            "version": VERSION,
            "summary": _("A sourced record of the Mali/Sahel crisis."),
            "description": _(
                "To read, for everybody, without a key. The words are those of the site’s own"
                " pages: several values of one word mean any of them, a leading “-” excludes,"
                " different words must all hold. Quotations remain their authors’."
            ),
            "license": {"name": "CC BY 4.0", "url": LICENCE},
        },
        "servers": [{"url": site}],
        "paths": paths,
        "components": {"schemas": _schemas(), "parameters": _parameters()},
    }


# What is asked ------------------------------------------------------------------------------------


def _parameters() -> dict[str, Any]:
    """Describe the words that all lists know."""
    found: dict[str, Any] = {}
    for facet in FACETS:
        item: dict[str, Any] = {"type": "string"}
        if vocabulary := VOCABULARIES.get(facet):
            item["enum"] = [f"{sign}{each}" for sign in ("", "-") for each in vocabulary.values]
        else:
            item |= {"pattern": YEAR if facet == "year" else VALUE, "maxLength": 100}
        values = {"type": "array", "items": item, "maxItems": MAX_VALUES}
        found[facet] = _word(facet, values, explode=True)
    for bound in ("from", "to"):
        found[bound] = _word(bound, {"type": "string", "pattern": DATE})
    said = {"type": "string", "minLength": 1, "maxLength": MAX_WORDS_LENGTH, "pattern": WORD}
    found["q"] = _word("q", said)
    limit = {"type": "integer", "minimum": 1, "maximum": MOST, "default": USUAL}
    found["limit"] = _word("limit", limit, _("how many records at most"))
    return found


def _word(name: str, schema: Any, about: str = "", **more: Any) -> dict[str, Any]:
    about = about or str(WORDS[name].about)
    return {"name": name, "in": "query", "description": about, "schema": schema, **more}


def _of(kind: Kind) -> list[Any]:
    """Give the words that the list of a kind knows."""
    known: list[Any] = [{"$ref": f"#/components/parameters/{name}"} for name in _parameters()]
    after = _("what the page before ended with: its “next” has it")
    known.append(_word("after", {"type": "string", "pattern": SLUG}, after))
    known.append(_fields_wanted(kind))
    if kind in NAMED:
        text = {"type": "string", "maxLength": MAX_WORDS_LENGTH}
        known.append(_word("find", text, _("words of the names to look for")))
    else:
        order = {"type": "string", "enum": ["newest"]}
        known.append(_word("order", order))
    return known


def _fields_wanted(kind: Kind) -> dict[str, Any]:
    names = "|".join(fields(SHAPES[kind]))
    pattern = f"^(?:{names})(?:,(?:{names}))*$"
    about = _("the fields to give, with commas between them; all otherwise")
    return _word("fields", {"type": "string", "pattern": pattern}, about)


# What is given ------------------------------------------------------------------------------------


def _listing(kind: Kind) -> dict[str, Any]:
    results = {"type": "array", "items": _ref(SHAPES[kind].__name__)}
    page = {
        "type": "object",
        "required": ["about", "results", "next"],
        "additionalProperties": False,
        "properties": {
            "about": _ref("About"),
            "results": results,
            "next": {
                "type": ["string", "null"],
                "description": _("the address of the next page; none after the last"),
            },
        },
    }
    return {
        "operationId": f"list_{kind}",
        "summary": _("The %(records)s that the words select") % {"records": NAMES[kind][0]},
        "parameters": _of(kind),
        "responses": {
            "200": _given(_("A page of them"), page),
            "400": _problem(_("A word or a value that is not understood")),
            "404": _problem(_("What “after” names is not there")),
        },
    }


def _single(kind: Kind) -> dict[str, Any]:
    schema = {"type": "string", "pattern": SLUG}
    word = {"name": ONE[kind], "in": "path", "required": True, "schema": schema}
    return {
        "operationId": f"get_{ONE[kind]}",
        "summary": str(NAMES[kind][1]),
        "parameters": [word, _fields_wanted(kind)],
        "responses": {
            "200": _given(_("The record"), _ref(SHAPES[kind].__name__)),
            "400": _problem(_("A word or a value that is not understood")),
            "404": _problem(_("There is none")),
        },
    }


def _given(about: str, schema: Any, media_type: str = "application/json") -> dict[str, Any]:
    return {"description": about, "content": {media_type: {"schema": schema}}}


def _problem(about: str) -> dict[str, Any]:
    return _given(about, _ref("Problem"), "application/problem+json")


def _ref(name: str) -> dict[str, str]:
    return {"$ref": f"#/components/schemas/{name}"}


def _schemas() -> dict[str, Any]:
    """Describe all shapes; of a record itself `fields` may have left out any field."""
    found: dict[str, Any] = {}
    for shape in SHAPES.values():
        _describe(shape, found)
        del found[shape.__name__]["required"]
    for shape in (About, Problem):
        _describe(shape, found)
    return found


def _describe(shape: type, found: dict[str, Any]) -> None:
    if shape.__name__ in found:
        return
    known = fields(shape)
    found[shape.__name__] = {
        "type": "object",
        "description": (shape.__doc__ or "").partition("\n")[0],
        "required": list(known),
        "additionalProperties": False,
        "properties": {name: _schema(field, found) for name, field in known.items()},
    }


def _schema(field: Field, found: dict[str, Any]) -> dict[str, Any]:
    schema = _of_type(field.type, found)
    if field.vocabulary:
        schema["enum"] = [*field.vocabulary.values, *([None] if field.optional else [])]
    if field.optional:
        if "type" in schema:
            schema["type"] = [schema["type"], "null"]
        else:
            schema = {"anyOf": [schema, {"type": "null"}]}
    return {**schema, **({"description": str(field.about)} if field.about else {})}


JSON_TYPES = {str: "string", bool: "boolean", int: "integer", float: "number"}


def _of_type(kind: Any, found: dict[str, Any]) -> dict[str, Any]:
    if is_typeddict(kind):
        _describe(kind, found)
        return _ref(kind.__name__)
    if get_origin(kind) is list:
        return {"type": "array", "items": _of_type(get_args(kind)[0], found)}
    if get_origin(kind) is Literal:
        return {"type": "string", "enum": list(get_args(kind))}
    return {"type": JSON_TYPES[kind]}
