"""Steps of a station that authorizes tokens, for tests of the checks of authorization."""

from collections.abc import Mapping
from typing import Any

from mock_csms.messages import JsonObject
from tests.support.authority import Authority
from tests.support.certificates import LONG_AGO, build_csr
from tests.support.talk import TOKEN, Talk, stamp

OTHER = {"idToken": "11223344", "type": "ISO14443"}
EMAID = {"idToken": "DE-ABC-C12345678-9", "type": "eMAID"}
CONTRACT = Authority("Root", start=LONG_AGO).sign(build_csr())
"""A contract certificate in PEM."""
SETTLED_S = 400
"""Seconds online with unchanged settings, more than any check of authorization requires."""


def ask(talk: Talk, id_token: JsonObject = TOKEN, status: str = "Accepted", **info: Any) -> None:
    """Send an Authorize of the station; the server answers with this status."""
    talk.exchange("Authorize", {"idToken": id_token}, {"idTokenInfo": {"status": status, **info}})


def use(
    talk: Talk,
    id_token: JsonObject = TOKEN,
    *,
    status: str = "Accepted",
    transaction_id: str = "T1",
    trigger: str = "Authorized",
    seq_no: int = 0,
    **fields: Any,
) -> None:
    """Send a TransactionEvent of the station with a token; the server answers with this status."""
    event_type = "Updated" if seq_no else "Started"
    info = {"transactionId": transaction_id, **fields.pop("info", {})}
    event = talk.event(seq_no, event_type, triggerReason=trigger, idToken=id_token, info=info, **fields)
    talk.exchange("TransactionEvent", event, {"idTokenInfo": {"status": status}})


def send_list(talk: Talk, *entries: JsonObject, update_type: str = "Full", version: int = 1) -> None:
    """Send the station a local list, which it accepts."""
    request: JsonObject = {"versionNumber": version, "updateType": update_type}
    talk.command(
        "SendLocalList", {**request, "localAuthorizationList": list(entries)} if entries else request
    )


def entry(id_token: JsonObject = TOKEN, status: str = "Accepted", **info: Any) -> JsonObject:
    """Entry of a local list."""
    return {"idToken": id_token, "idTokenInfo": {"status": status, **info}}


def configure(talk: Talk, variables: Mapping[str, str]) -> None:
    """Make the station report these values and AuthCtrlr.Enabled = true, and stay online for SETTLED_S."""
    talk.read_variables({"AuthCtrlr.Enabled": "true", **variables})
    talk.wait(SETTLED_S, step=SETTLED_S)


def be_offline(talk: Talk, id_token: JsonObject = TOKEN) -> None:
    """Lose the connection for ten minutes; then send an event about a token authorized meanwhile."""
    talk.disconnect()
    moment = talk.at + 300
    talk.at += 600
    talk.connect()
    talk.send_event(
        0, "Started", timestamp=stamp(moment), triggerReason="Authorized", offline=True, idToken=id_token
    )
