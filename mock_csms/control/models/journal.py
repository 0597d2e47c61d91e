"""Models of the journal: frames and events of connections."""

from typing import Annotated, Any

from pydantic import AfterValidator, Field

from mock_csms.control.models.base import Model, RequestBody, absent
from mock_csms.journal.store import Direction, EntryKind


class ClientCertificateFacts(Model):
    """The client certificate of a station."""

    subject: str = absent()
    """Distinguished name of the subject (RFC 4514), usually of the station."""
    issuer: str = absent()
    """Distinguished name of the issuer."""
    serial_number: str = absent()
    """Serial number in hexadecimal."""
    not_before: str = absent()
    """Start of its validity, in UTC."""
    not_after: str = absent()
    """End of its validity, in UTC."""
    key: str = absent()
    """Type and size of its key."""
    flaw: str = absent()
    """Reason why the certificate cannot be read; the other keys are then left out."""


class HandshakeTls(Model):
    """Facts of the TLS of a connection."""

    version: str = absent()
    """Version of TLS."""
    cipher: str = absent()
    """Cipher suite."""
    server_name: str = absent()
    """Host name that the station has asked for (SNI)."""
    ciphers_offered: str = absent()
    """Cipher suites that the station offers, separated by commas."""
    fault: str = absent()
    """Name of the TLS fault that the mock injected."""
    client_certificate: ClientCertificateFacts = absent()
    """The client certificate, if there was one."""


class HandshakeFacts(Model):
    """Facts of an opening handshake; those of steps that it did not reach are left out."""

    listener: str = absent()
    """Name of the listener."""
    path: str = absent()
    """Path of the URL, without its query."""
    subprotocols: str = absent()
    """Subprotocols that the station offers, separated by commas."""
    origin: str = absent()
    """Header Origin, which only web pages send."""
    authorization: str = absent()
    """Scheme and user of the header Authorization, without the password."""
    tls: HandshakeTls = absent()
    """Facts of TLS, if the connection is encrypted."""
    tls_offered: str = absent()
    """Versions of TLS that the station offered in a failed TLS handshake."""
    ciphers_offered: str = absent()
    """Cipher suites that the station offered in a failed TLS handshake."""
    server_name: str = absent()
    """Host name that the station asked for (SNI) in a failed TLS handshake."""


class JournalEntry(Model):
    """One frame or one event of a connection. Keys that do not apply are left out."""

    number: int
    """Number of the entry, from 1 in the order of arrival; it is never used again."""
    time: str
    """Time in UTC with milliseconds (RFC 3339)."""
    station: str
    """Identity of the station. Empty if it is unknown, and for a note without a station."""
    connection: int
    """Number of the connection, counted over all stations; 0 for a refused handshake, and for a note."""
    direction: Direction = absent()
    """`received` from the station, or `sent` to it."""
    type: EntryKind
    """Kind of message or event."""
    action: str = absent()
    """Action of the message; for an answer, the action of its CALL."""
    message_id: str = absent()
    """Message id of OCPP-J."""
    partner: int = absent()
    """In an answer, the number of the entry of its CALL."""
    elapsed: float = absent()
    """In an answer, seconds since its CALL."""
    violation: str = absent()
    """Violation of the schema by the message."""
    rule: str = absent()
    """Id of the rule that was applied to this answer, command or handshake."""
    injected: bool = absent()
    """True if a rule changed or withheld this message or refused this handshake, or if the handshake was
    refused because the mock was offline for the station."""
    note: str = absent()
    """Remark, such as the address of a new connection or the reason for its end. For a `note`, its text."""
    handshake: HandshakeFacts = absent()
    """Facts of the opening handshake."""
    frame: Any = absent()
    """The OCPP-J message as it was received or sent."""
    text: str = absent()
    """Text of a frame that is not JSON or has line breaks; replaces `frame`."""


class JournalPage(Model):
    """Entries of the journal."""

    last: int
    """Number of the newest entry in the journal; this entry need not match the query."""
    entries: list[JournalEntry]
    """The newest matching entries, in the order of their numbers."""


def _not_blank(text: str) -> str:
    if not text.strip():
        raise ValueError("write a text that is not blank")
    return text


class NoteRequest(RequestBody):
    """A note for the journal."""

    text: Annotated[str, Field(max_length=1000), AfterValidator(_not_blank)]
    """Text of the note, such as the name of the test step that begins."""
    station: Annotated[str | None, Field(min_length=1, max_length=200)] = None
    """Identity of the station for the note; without it, the note belongs to no station."""
