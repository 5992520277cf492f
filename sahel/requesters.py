"""Who asks, and from where, as far as browsers and what stands in front of us can be believed."""

from ipaddress import IPv6Address, ip_address, ip_network
from urllib.parse import urlsplit

from django.conf import settings
from django.http import HttpRequest


def requester(request: HttpRequest) -> str:
    """Give the address that asks; of IPv6 the network, all of which is one connection's."""
    # Whoever ends TLS in front of us names the other end last.
    told = request.META.get("HTTP_X_FORWARDED_FOR", "") if settings.HTTPS else ""
    name = told.rpartition(",")[2].strip() or request.META.get("REMOTE_ADDR", "")
    if name.startswith("["):  # with a port, as some tell it
        name = name[1:].partition("]")[0]
    elif name.count(":") == 1:
        name = name.partition(":")[0]
    try:
        known = ip_address(name)
    except ValueError:
        return name
    if isinstance(known, IPv6Address):
        inside = known.ipv4_mapped
        return str(inside or ip_network((known, 56), strict=False))
    return str(known)


def from_here(request: HttpRequest) -> bool:
    """Say whether a form was sent by a page of ours, as far as the browser tells."""
    site, origin = request.headers.get("Sec-Fetch-Site"), request.headers.get("Origin")
    if site not in (None, "same-origin"):
        return False
    return origin is None or urlsplit(origin).netloc == request.get_host()
