"""A security key of paper: it makes passkeys and signs with them as a browser passes it on."""

import base64
import hashlib
import html
import json
import re
from secrets import token_bytes
from typing import Any

from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.hashes import SHA256
from fido2 import cbor

PRESENT, VERIFIED, ATTESTED = 0x01, 0x04, 0x40


class Authenticator:
    """One key for one site; `answer()` is what the script of a page would send."""

    def __init__(self, origin: str = "http://testserver", site: str = "testserver") -> None:
        """Take the origin that the browser sees, and the name that a key is bound to."""
        self.origin, self.site = origin, site
        self.id, self.count, self.counts = token_bytes(32), 0, 1
        self.flags = PRESENT | VERIFIED
        self.key = ec.generate_private_key(ec.SECP256R1())

    def answer(self, page: str, **other: Any) -> str:
        """Answer what a page asks: make a key, or sign; `other` parts in place of its own."""
        asked = json.loads(html.unescape(re.search(r'data-passkey="([^"]+)"', page)[1]))
        client = {
            "type": f"webauthn.{'create' if 'user' in asked else 'get'}",
            "challenge": asked["challenge"],
            "origin": self.origin,
        } | other
        told = json.dumps(client).encode()
        self.count += self.counts
        if "user" in asked:
            parts = {"attestationObject": self._made()}
        else:
            data = self._data(self.flags)
            signature = self.key.sign(data + hashlib.sha256(told).digest(), ec.ECDSA(SHA256()))
            parts = {"authenticatorData": data, "signature": signature}
        parts = {name: _text(part) for name, part in {"clientDataJSON": told, **parts}.items()}
        key = _text(self.id)
        return json.dumps({"id": key, "rawId": key, "type": "public-key", "response": parts})

    def _made(self) -> bytes:
        point = self.key.public_key().public_numbers()
        x, y = (number.to_bytes(32) for number in (point.x, point.y))
        key = cbor.encode({1: 2, 3: -7, -1: 1, -2: x, -3: y})  # ES256 on P-256 (RFC 9053)
        held = bytes(16) + len(self.id).to_bytes(2) + self.id + key
        data = self._data(self.flags | ATTESTED) + held
        return cbor.encode({"fmt": "none", "attStmt": {}, "authData": data})

    def _data(self, flags: int) -> bytes:
        return hashlib.sha256(self.site.encode()).digest() + bytes([flags]) + self.count.to_bytes(4)


def _text(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()
