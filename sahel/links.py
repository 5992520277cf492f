"""Whether an address still answers, asked so that nobody can make us reach into our own network.

A name is resolved once, every address it has must be public, and the connection goes to the very
address that was looked at. Redirects are followed by the same rules. Nothing of a page is read.
"""

from __future__ import annotations

import ssl
from collections.abc import Callable, Collection
from contextlib import suppress
from dataclasses import dataclass
from functools import partial
from http.client import HTTPConnection, HTTPException
from ipaddress import IPv4Address, IPv6Address, ip_address, ip_network
from socket import IPPROTO_TCP, SHUT_RDWR, SOCK_STREAM, create_connection, getaddrinfo, socket
from threading import Timer
from time import monotonic
from typing import Literal
from urllib.parse import quote, urljoin, urlsplit

MOST_REDIRECTS = 5
SECONDS = 10  # for one address with all its redirects
PORTS = frozenset({80, 443})
REDIRECTS = frozenset({301, 302, 303, 307, 308})
LASTING = frozenset({301, 308})
AGENT = "Mozilla/5.0 (compatible; sahel-timeline link check)"
AS_THEY_ARE = "!#$%&'()*+,/:;=?@[]~"  # in an address; the rest is percent-encoded
# What stands for addresses of other networks, private ones among them, or is for examples alone.
REFUSED = tuple(map(ip_network, ("2001::/32", "2001:db8::/32", "2002::/16", "3fff::/20")))
UNICAST = ip_network("2000::/3")  # all that is given out of IPv6
HOSTS = ip_network("168.63.129.16/32")  # public in form, yet a cloud's own network

Outcome = Literal["answers", "moved", "gone", "refuses", "fails", "forbidden"]


@dataclass(frozen=True)
class Answer:
    """What came of asking: the HTTP status (0: none), where it led, and what went wrong."""

    outcome: Outcome
    status: int = 0
    url: str = ""
    detail: str = ""


class ForbiddenError(Exception):
    """An address that we do not ask."""


def is_public(address: str) -> bool:
    """Say whether an IP address belongs to the public internet, and to nobody's own network."""
    ip: IPv4Address | IPv6Address = ip_address(address.partition("%")[0])
    if isinstance(ip, IPv6Address):
        return ip in UNICAST and ip.is_global and not any(ip in network for network in REFUSED)
    return ip.is_global and not ip.is_multicast and ip not in HOSTS


def ask(
    url: str,
    *,
    allowed: Callable[[str], bool] = is_public,
    ports: Collection[int] = PORTS,
    seconds: float = SECONDS,
) -> Answer:
    """Ask whether an address (http or https) answers; never raises.

    `answers`: with a page, there or where it leads for now. `moved`: it leads elsewhere for good.
    `gone`: 404 or 410. `refuses`: it answers, though not to us, which says nothing of the page.
    `fails`: no answer, or an error. `forbidden`: we did not ask, or not where it led.
    """
    deadline = monotonic() + seconds
    at, lasting = url, True
    for _hop in range(MOST_REDIRECTS + 1):
        try:
            status, location = _status(at, allowed, ports, deadline)
            if status not in REDIRECTS or not location:
                return Answer(_outcome(status, moved=lasting and at != url), status, at)
            lasting = lasting and status in LASTING
            at = urljoin(at, location)
        except ForbiddenError as error:
            return Answer("forbidden", 0, at, str(error))
        except (OSError, HTTPException, ValueError) as error:
            said = "".join(c for c in f"{type(error).__name__}: {error}" if c.isprintable())
            return Answer("fails", 0, at, said[:200])
    return Answer("fails", status, at, f"more than {MOST_REDIRECTS} redirects")


def _outcome(status: int, *, moved: bool) -> Outcome:
    if status in (404, 410):
        return "gone"
    if status in (401, 403, 405, 406, 429, 451):
        return "refuses"
    if 200 <= status < 300:
        return "moved" if moved else "answers"
    return "fails"


def _status(
    url: str, allowed: Callable[[str], bool], ports: Collection[int], deadline: float
) -> tuple[int, str]:
    """Give the status and the `Location` of one address."""
    parts = urlsplit(url)
    host, secure = parts.hostname or "", parts.scheme == "https"
    port = parts.port or (443 if secure else 80)
    if parts.scheme not in ("http", "https") or not host:
        raise ForbiddenError("not an address of the web")
    if parts.username is not None or parts.password is not None:
        raise ForbiddenError("it carries a name or a password")
    if port not in ports:
        raise ForbiddenError(f"port {port}")
    host = host.encode("idna").decode() if not host.isascii() else host
    found = getaddrinfo(host, port, type=SOCK_STREAM, proto=IPPROTO_TCP)
    addresses = list(dict.fromkeys(str(sockaddr[0]) for *_rest, sockaddr in found))
    for address in addresses:
        if not allowed(address):
            raise ForbiddenError(f"{host} is {address}, which is not public")
    left = deadline - monotonic()
    if left <= 0:
        raise TimeoutError("no time left")
    line = create_connection((addresses[0], port), left)
    if secure:
        context = ssl.create_default_context()
        line = context.wrap_socket(line, server_hostname=host, do_handshake_on_connect=False)
    # A time-out counts from one byte to the next; a server that drips ends with this.
    end = Timer(deadline - monotonic(), partial(_hang_up, line))
    end.start()
    connection = HTTPConnection(host, port)
    try:
        if isinstance(line, ssl.SSLSocket):
            line.do_handshake()
        connection.sock = line
        path = quote(parts._replace(scheme="", netloc="", fragment="").geturl() or "/", AS_THEY_ARE)
        headers = {"User-Agent": AGENT, "Accept": "*/*", "Connection": "close"}
        connection.request("GET", path, headers=headers)
        answer = connection.getresponse()
        location = answer.getheader("Location") or ""
        # Headers are bytes; whatever is no ASCII is an address's UTF-8, not yet encoded.
        return answer.status, quote(location.encode("latin-1"), AS_THEY_ARE)
    finally:
        end.cancel()
        line.close()
        connection.close()


def _hang_up(line: socket) -> None:
    with suppress(OSError):
        socket.shutdown(line, SHUT_RDWR)
