"""Pseudonyms: keyed hashes of platform ids, and payloads that nobody can read without the secret."""

from __future__ import annotations

import hmac
import os
import secrets
import tempfile
from pathlib import Path

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from bot.store.base import DIGEST_BYTES, HASH_BYTES

_NONCE_BYTES = 12
"""AES-GCM's standard nonce (NIST SP 800-38D, section 8.2.2)."""


class DecryptionError(Exception):
    """The payload was sealed with another secret, or was altered."""


class Identity:
    """Derives everything that depends on the installation's secret. Each use has its own key."""

    def __init__(self, secret: str) -> None:
        master = secret.encode()
        self._hash_key = hmac.digest(master, b"footnote:hash:v1", "sha256")
        self._cipher = AESGCM(hmac.digest(master, b"footnote:seal:v1", "sha256"))

    def person(self, clear: str) -> bytes:
        """Return the stored name of a person such as `telegram:42`."""
        return self._digest("person", clear)

    def conversation(self, clear: str) -> bytes:
        """Return the stored name of a conversation."""
        return self._digest("conversation", clear)

    def event(self, clear: str) -> bytes:
        """Return the stored name of a platform event, by which a repetition is known."""
        return self._digest("event", clear)

    def words(self, clear: str) -> bytes:
        """Return by what it is known whether a corrected question reads as it did."""
        return self._digest("words", clear)[:HASH_BYTES]

    def seal(self, clear: bytes) -> bytes:
        """Return `clear` encrypted and authenticated (AES-256-GCM, random nonce in front)."""
        nonce = os.urandom(_NONCE_BYTES)
        return nonce + self._cipher.encrypt(nonce, clear, None)

    def unseal(self, sealed: bytes) -> bytes:
        """Return what was sealed. Raises `DecryptionError` for anything this secret did not seal."""
        try:
            return self._cipher.decrypt(sealed[:_NONCE_BYTES], sealed[_NONCE_BYTES:], None)
        except (InvalidTag, ValueError) as fault:
            raise DecryptionError("the payload was sealed with another FOOTNOTE_SECRET, or was altered") from fault

    def _digest(self, kind: str, clear: str) -> bytes:
        return hmac.digest(self._hash_key, f"{kind}:{clear}".encode(), "sha256")[:DIGEST_BYTES]


def new_secret(path: Path) -> str:
    """Make the file whole or not at all: an empty one would key everybody's hashes with nothing."""
    path.parent.mkdir(parents=True, exist_ok=True)
    secret = secrets.token_urlsafe(32)
    with tempfile.NamedTemporaryFile("w", encoding="utf-8", dir=path.parent, suffix=".secret", delete=False) as file:
        try:
            file.write(secret)
            file.flush()
            os.replace(file.name, path)
        except OSError:
            os.unlink(file.name)
            raise
    return secret
