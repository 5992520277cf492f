"""The vocabulary of schema.org, as far as we use it, and what a reader of JSON-LD makes of it."""

import json
import re
from collections import Counter
from collections.abc import Iterator
from typing import Any

from pyld import jsonld

SCHEMA = "http://schema.org/"
# The terms of schema.org that we use: each type with the one it is a kind of, ...
TYPES = {
    "AboutPage": "WebPage",
    "AdministrativeArea": "Place",
    "Article": "CreativeWork",
    "BreadcrumbList": "ItemList",
    "City": "AdministrativeArea",
    "Claim": "CreativeWork",
    "CollectionPage": "WebPage",
    "Country": "AdministrativeArea",
    "CreativeWork": "Thing",
    "DataDownload": "MediaObject",
    "Dataset": "CreativeWork",
    "DefinedTerm": "Intangible",
    "Event": "Thing",
    "GeoCoordinates": "StructuredValue",
    "GovernmentOrganization": "Organization",
    "Intangible": "Thing",
    "ItemList": "Intangible",
    "ListItem": "Intangible",
    "MediaObject": "CreativeWork",
    "NewsArticle": "Article",
    "NewsMediaOrganization": "Organization",
    "Organization": "Thing",
    "Person": "Thing",
    "Place": "Thing",
    "PropertyValue": "StructuredValue",
    "Quotation": "CreativeWork",
    "Report": "Article",
    "StructuredValue": "Intangible",
    "Thing": "",
    "WebPage": "CreativeWork",
}
# ... each property with the types that may have it, ...
PROPERTIES = {
    "about": "CreativeWork Event",
    "additionalProperty": "Place",
    "alternateName": "Thing",
    "appearance": "Claim",
    "archivedAt": "CreativeWork",
    "author": "CreativeWork",
    "breadcrumb": "WebPage",
    "citation": "CreativeWork",
    "containedInPlace": "Place",
    "contentUrl": "MediaObject",
    "creator": "CreativeWork",
    "creditText": "CreativeWork",
    "dateModified": "CreativeWork",
    "datePublished": "CreativeWork",
    "description": "Thing",
    "distribution": "Dataset",
    "encodingFormat": "CreativeWork",
    "endDate": "Event",
    "geo": "Place",
    "inDefinedTermSet": "DefinedTerm",
    "inLanguage": "CreativeWork",
    "interpretedAsClaim": "CreativeWork",
    "isBasedOn": "CreativeWork",
    "isPartOf": "CreativeWork",
    "item": "ListItem",
    "itemListElement": "ItemList",
    "keywords": "CreativeWork Event",
    "latitude": "GeoCoordinates",
    "license": "CreativeWork",
    "location": "Event",
    "longitude": "GeoCoordinates",
    "mainEntity": "CreativeWork",
    "memberOf": "Organization Person",
    "name": "Thing",
    "numberOfItems": "ItemList",
    "position": "ListItem",
    "propertyID": "PropertyValue",
    "publisher": "CreativeWork",
    "sameAs": "Thing",
    "spatialCoverage": "CreativeWork",
    "spokenByCharacter": "Quotation",
    "startDate": "Event",
    "subjectOf": "Thing",
    "temporalCoverage": "CreativeWork",
    "termCode": "DefinedTerm",
    "text": "CreativeWork",
    "url": "Thing",
    "usageInfo": "CreativeWork",
    "value": "PropertyValue",
}
# ... and those whose texts are addresses. schema.org's own context says the same of thousands; it
# also has a default for unknown terms. This one has none, so that pyld drops what is misspelt.
ADDRESSES = [
    "archivedAt",
    "contentUrl",
    "inDefinedTermSet",
    "license",
    "sameAs",
    "url",
    "usageInfo",
]
CONTEXT = {term: SCHEMA + term for term in [*TYPES, *PROPERTIES]}
CONTEXT |= {term: {"@id": SCHEMA + term, "@type": "@id"} for term in ADDRESSES}


def blocks(page: str) -> list[str]:
    return re.findall(r'<script type="application/ld\+json">(.*?)</script>', page, re.DOTALL)


def said(client, path: str) -> dict[str, Any]:
    [block] = blocks(client.get(path).text)
    data: dict[str, Any] = json.loads(block)
    return data


def load(address: str, options: Any) -> dict[str, Any]:
    assert address == "https://schema.org/"
    return {"contextUrl": None, "documentUrl": address, "document": {"@context": CONTEXT}}


def expanded(data: Any) -> Any:
    return jsonld.expand(data, {"documentLoader": load})


def nodes(data: Any) -> Iterator[dict[str, Any]]:
    """Give every node, and what stands for one, wherever it stands."""
    if isinstance(data, list):
        for each in data:
            yield from nodes(each)
    elif isinstance(data, dict) and "@value" not in data:
        yield data
        for value in data.values():
            yield from nodes(value)


def properties(data: Any) -> Counter[str]:
    names = (name.removeprefix(SCHEMA) for node in nodes(data) for name in node)
    return Counter(name for name in names if name[0] != "@")


def kinds(name: str) -> set[str]:
    return {name, *kinds(TYPES[name])} if name else set()


def faults(data: dict[str, Any]) -> list[str]:
    """List what is no word of schema.org, or one that stands where it may not."""
    found = expanded(data)
    wrong = [f"dropped: {name}" for name in properties(data) - properties(found)]
    for node in nodes(found):
        types = {re.split("[/#]", name)[-1] for name in node.get("@type", [])}
        wrong += [f"no type: {name}" for name in types - TYPES.keys()]
        of = {each for name in types & TYPES.keys() for each in kinds(name)}
        for name in properties([{key: [] for key in node}]):
            if not of & set(PROPERTIES[name].split()):
                wrong.append(f"{name} of {types}")
    return wrong
