"""Undocumented names of `ssl` that this project uses.

- ``SSLContext._msg_callback``: shows the messages of a handshake, among them the certificate of a client that
  is refused. No public function returns it: `getpeercert` works only after the handshake.

If ``_msg_callback`` is missing, a refused client certificate is described without its subject.
"""

import ssl
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

__all__ = ["leaf_certificate", "observing_certificates"]


@contextmanager
def observing_certificates(context: ssl.SSLContext, observe: Callable[[bytes], None]) -> Iterator[None]:
    """In the ``with`` block, call ``observe`` with the leaf certificate (DER) of each peer of ``context``.

    Only connections whose SSL object was made inside such a block, this one or an earlier one, are observed.
    """

    def see(connection: Any, direction: str, version: Any, content: Any, kind: Any, data: bytes) -> None:  # noqa: PLR0913, PLR0917 - the signature that `ssl` calls
        if direction == "read" and getattr(kind, "name", "") == "CERTIFICATE":
            observe(leaf_certificate(data, has_context=version == ssl.TLSVersion.TLSv1_3))

    context._msg_callback = see  # type: ignore[attr-defined]
    try:
        yield
    finally:
        context._msg_callback = None  # type: ignore[attr-defined]


def leaf_certificate(message: bytes, *, has_context: bool) -> bytes:
    """Return the first certificate in a Certificate message (RFC 5246 7.4.2), or no bytes.

    ``has_context``: a request context precedes the list of certificates, as in TLS 1.3 (RFC 8446 4.4.2).
    """
    content = message[4:]
    if has_context:
        content = content[1 + int.from_bytes(content[:1]) :]
    first = content[3:]
    return first[3 : 3 + int.from_bytes(first[:3])]
