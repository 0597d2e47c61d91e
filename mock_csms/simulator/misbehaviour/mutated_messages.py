"""Deviations of the mutations ``say``, ``hear``, ``omit``, ``pretend`` and ``refuse``: other values, omitted
messages, and commands that are answered but not carried out.
"""

from collections.abc import Iterable
from dataclasses import KW_ONLY, dataclass, replace
from functools import partial

from ocpp.v201.enums import TransactionEventEnumType

from mock_csms.messages import CallRejected, JsonObject
from mock_csms.simulator.misbehaviour.assignments import Assignment, assign
from mock_csms.simulator.misbehaviour.changes import NO_PROPERTY
from mock_csms.simulator.misbehaviour.deviations import AnswerTo, CallDeviation, CommandDeviation, Deviation
from mock_csms.simulator.misbehaviour.payload_fields import payload_schema, plain_payload, with_field
from mock_csms.simulator.outbox import Request
from mock_csms.simulator.station import SimulatedStation


@dataclass(frozen=True)
class SayInCall(CallDeviation):
    """Send other values in a CALL."""

    _: KW_ONLY
    values: tuple[Assignment, ...]

    def substitutes(self, station: SimulatedStation, request: Request) -> Iterable[Request]:
        """Return the changed request."""
        payload = request.payload
        yield replace(request, payload=assign(payload, self.values, payload, station.core.now()))


@dataclass(frozen=True)
class SayInAnswer(Deviation):
    """Carry out a command, but send other values in the answer. ``when`` tests command and answer."""

    _: KW_ONLY
    values: tuple[Assignment, ...]

    def attach(self, station: SimulatedStation) -> None:
        """Add the deviation to a station."""
        endpoint, is_due = station.endpoint, self.selector()
        before = endpoint.carry_out

        def carry_out(action: str, payload: JsonObject) -> JsonObject:
            answer = before(action, payload)
            both = {**answer, **payload}
            return assign(answer, self.values, both, station.core.now()) if is_due(action, both) else answer

        endpoint.carry_out = carry_out


@dataclass(frozen=True)
class HearInCommand(CommandDeviation):
    """Carry out a command as if it had other values."""

    _: KW_ONLY
    values: tuple[Assignment, ...]

    def answer(self, station: SimulatedStation, request: JsonObject, carry_out: AnswerTo) -> JsonObject:
        """Carry out the command as if it had the other values, and return the payload of the answer."""
        return carry_out(assign(request, self.values, request, station.core.now()))


@dataclass(frozen=True)
class HearInAnswer(Deviation):
    """Handle the answer to a CALL as if it had other values. ``when`` tests the CALL and its answer."""

    _: KW_ONLY
    values: tuple[Assignment, ...]

    def attach(self, station: SimulatedStation) -> None:
        """Add the deviation to a station."""
        endpoint, is_due = station.endpoint, self.selector()
        before = endpoint.understand

        def understand(request: Request, payload: JsonObject) -> JsonObject:
            payload = before(request, payload)
            both = {**payload, **request.payload}
            if not is_due(request.action, both):
                return payload
            return assign(payload, self.values, both, station.core.now())

        endpoint.understand = understand


@dataclass(frozen=True)
class OmitCall(Deviation):
    """Do not send a CALL. The station continues as if the CALL had been answered (see `plain_payload`).

    The remaining events of a transaction are renumbered, so that omitted events leave no gap in the numbers.
    """

    def attach(self, station: SimulatedStation) -> None:
        """Add the deviation to a station."""
        outbox, is_due = station.core.outbox, self.selector()
        before = outbox.substitutes
        omitted: dict[str, int] = {}
        """Number of omitted events, by transactionId."""

        def substitutes(request: Request) -> Iterable[Request]:
            for each in before(request):
                if is_due(each.action, each.payload):
                    _note_omission(omitted, each)
                    station.core.after(0, partial(_take_for_answered, station, each))
                else:
                    yield _renumbered(omitted, each)

        outbox.substitutes = substitutes


def _note_omission(omitted: dict[str, int], request: Request) -> None:
    if request.is_transaction_message:
        omitted[request.transaction_id] = omitted.get(request.transaction_id, 0) + 1
        _forget_ended(omitted, request)


def _renumbered(omitted: dict[str, int], request: Request) -> Request:
    seq_no = request.payload.get("seqNo")
    if request.transaction_id not in omitted or not isinstance(seq_no, int):
        return request
    earlier = omitted[request.transaction_id]
    _forget_ended(omitted, request)
    return replace(request, payload={**request.payload, "seqNo": seq_no - earlier})


def _forget_ended(omitted: dict[str, int], request: Request) -> None:
    if request.payload.get("eventType") == TransactionEventEnumType.ended:
        omitted.pop(request.transaction_id, None)


def _take_for_answered(station: SimulatedStation, request: Request) -> None:
    """Call ``on_result`` of a request with a `plain_payload`. Call ``on_failure`` instead if the action is
    unknown, or if the station is offline and does not keep the request.
    """
    version = station.endpoint.version
    if request.action not in version.from_station or not (station.core.is_connected or request.is_kept):
        request.fail()
    elif request.on_result is not None:
        schema = payload_schema(version, request.action, "response")
        request.on_result(plain_payload(schema, station.core.timestamp()))


@dataclass(frozen=True)
class PretendAnswer(CommandDeviation):
    """Answer a command, but do not carry it out."""

    _: KW_ONLY
    values: tuple[Assignment, ...]

    def answer(self, station: SimulatedStation, request: JsonObject, _: AnswerTo) -> JsonObject:
        """Return a payload that is built from ``values`` alone."""
        schema = payload_schema(station.endpoint.version, str(self.action), "response")
        return built(station, schema, self.values, request)


@dataclass(frozen=True)
class RefuseCommand(CommandDeviation):
    """Answer a command with a CALLERROR, and do not carry it out."""

    _: KW_ONLY
    code: str

    def answer(self, _station: SimulatedStation, _request: JsonObject, _carry_out: AnswerTo) -> JsonObject:
        """Raise CallRejected."""
        raise CallRejected(self.code, "")


def built(
    station: SimulatedStation, schema: JsonObject, values: Iterable[Assignment], original: JsonObject
) -> JsonObject:
    """Build a payload from ``values`` alone; ``original`` is the message that a `Reference` refers to."""
    payload: JsonObject = {}
    for assignment in values:
        value = assignment.resolved(original, station.core.now())
        if value is not NO_PROPERTY:
            payload = with_field(schema, payload, assignment.path, value)
    return payload
