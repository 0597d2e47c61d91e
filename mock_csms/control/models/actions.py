"""Models of the actions of each OCPP version."""

from typing import Annotated, Literal

from pydantic import WithJsonSchema

from mock_csms.control.models.base import Model, OcppPayload, Root
from mock_csms.messages import JsonObject

type Sender = Literal["station", "csms"]

JsonSchema = Annotated[
    JsonObject,
    WithJsonSchema(
        {"type": "object", "additionalProperties": True, "description": "JSON schema, as published with OCPP"}
    ),
]


class ActionInShort(Model):
    """An action and its purpose."""

    action: str
    """Name of the action."""
    summary: str
    """Purpose of the message."""


class ActionsOfVersion(Model):
    """The actions of one OCPP version, by sender."""

    version: str
    """OCPP version."""
    subprotocol: str
    """Name of the version in Sec-WebSocket-Protocol."""
    from_station: list[ActionInShort]
    """Actions that stations send, in alphabetical order."""
    from_csms: list[ActionInShort]
    """Actions that the mock sends (commands), in alphabetical order."""


class ActionList(Root[list[ActionsOfVersion]]):
    """The actions of every served OCPP version."""


class ActionDetails(ActionInShort):
    """An action with its schemas, and the payload that the mock would send."""

    version: str
    """OCPP version of the connected station, otherwise the first version with the action."""
    sent_by: list[Sender]
    """Senders of the action: stations, the central system, or both, as for DataTransfer."""
    request: JsonSchema
    """JSON schema of the payload of the CALL."""
    response: JsonSchema
    """JSON schema of the payload of the CALLRESULT."""
    default_payload: OcppPayload | None
    """Payload of a command sent without `payload`, with secrets masked; null if nothing would be sent.

    Each command gets new ids, such as a new requestId.
    """
    no_default: str | None
    """Reason why `defaultPayload` is null."""
