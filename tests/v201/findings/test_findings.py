"""What a station does against the specification is found, and nothing is found about one that keeps to it."""

from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime, timedelta, timezone
from itertools import count
from pathlib import Path
from random import Random
from typing import Any, get_args

import ocpp
import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from mock_csms.findings.calls import IDS_REMEMBERED
from mock_csms.findings.kinds import Finding, Severity
from mock_csms.messages import JsonObject
from mock_csms.text import timestamp
from mock_csms.v201.action_tables import CSMS_ACTIONS, STATION_ACTIONS
from mock_csms.v201.findings.kinds import FINDING_KINDS
from mock_csms.v201.findings.observer import Observer201
from mock_csms.v201.findings.progress import FIRMWARE_ORDER, LOG_ORDER
from mock_csms.v201.version import OCPP_2_0_1
from tests.support.paths import ROOT

START = 1_767_225_600.0
"""2026-01-01T00:00:00Z."""

VENDOR = {"model": "Model", "vendorName": "Vendor"}
TOKEN = {"idToken": "AABBCCDD", "type": "ISO14443"}
EVSE = {"id": 1, "connectorId": 1}
RFC_3339 = "%Y-%m-%dT%H:%M:%SZ"


def case(name: str, *values: object) -> Any:
    return pytest.param(*values, id=name)


def stamp(at: float) -> str:
    return timestamp(datetime.fromtimestamp(at, UTC))


class Talk:
    """A station and its central system, as the observer sees them; every payload is checked unless it is said
    to break its schema."""

    def __init__(self, silenced: frozenset[str] = frozenset()) -> None:
        self.observer = Observer201("CS001", silenced, FINDING_KINDS)
        self.at = START
        self.frame = 0
        self.found: list[Finding] = []
        self.sent: list[str] = []
        self._numbers = count(1)

    @property
    def ids(self) -> list[str]:
        return [finding.id for finding in self.found]

    @property
    def now(self) -> str:
        return stamp(self.at)

    def note(self, findings: Any) -> None:
        self.found += findings

    def next(self) -> tuple[float, int]:
        """The time and the number of the next journal entry."""
        self.frame += 1
        return self.at, self.frame

    def connect(self) -> None:
        self.note(self.observer.connected(*self.next()))

    def disconnect(self) -> None:
        self.note(self.observer.disconnected(*self.next()))

    def reconnect(self, after: float) -> None:
        self.disconnect()
        self.wait(after)
        self.connect()

    def wait(self, seconds: float, step: float = 1.0) -> None:
        """Let time go by, with a tick every second or so."""
        until = self.at + seconds
        while self.at + step < until:
            self.at += step
            self.note(self.observer.tick(self.at))
        self.at = until
        self.note(self.observer.tick(self.at))

    def end(self) -> None:
        self.note(self.observer.end(self.at))

    def receive(
        self,
        action: str,
        payload: JsonObject,
        *,
        message_id: str | None = None,
        violation: str | None = None,
        together: bool = False,
    ) -> str:
        """Have the station send a CALL, and return its message id."""
        if violation is None:
            assert OCPP_2_0_1.request(action).violation(payload) is None
        message_id = message_id or f"station-{next(self._numbers)}"
        at, frame = self.next()
        self.sent.append(action)
        self.note(
            self.observer.received_call(
                at, frame, message_id, action, payload, violation=violation, together=together
            )
        )
        return message_id

    def receive_unknown(self, action: str, **how: Any) -> str:
        """Have the station send a CALL of an action that OCPP does not define, and return its message id."""
        message_id = f"station-{next(self._numbers)}"
        at, frame = self.next()
        self.note(
            self.observer.received_call(at, frame, message_id, action, {}, violation=None, known=False, **how)
        )
        return message_id

    def result(self, message_id: str, action: str, payload: JsonObject | None = None) -> None:
        """Answer a CALL of the station."""
        answer = {"currentTime": self.now} if action == "Heartbeat" else {}
        at, frame = self.next()
        self.note(self.observer.sent_result(at, frame, message_id, action, payload or answer))

    def error(self, message_id: str, action: str) -> None:
        """Answer a CALL of the station with a CALLERROR."""
        at, frame = self.next()
        self.note(self.observer.sent_error(at, frame, message_id, action))

    def withhold(self, message_id: str) -> None:
        self.note(self.observer.withheld(self.at, message_id))

    def call(self, action: str, payload: JsonObject | None = None, **how: Any) -> str:
        """Have the station send a CALL and get its answer at once."""
        if how.get("violation"):
            message_id = self.receive(action, payload or {}, **how)
            self.result(message_id, action)
            return message_id
        return self.exchange(action, payload or {}, **how)

    def exchange(
        self,
        action: str,
        payload: JsonObject,
        answer: JsonObject | None = None,
        *,
        message_id: str | None = None,
        together: bool = False,
    ) -> str:
        """Have the station send a valid CALL that is answered in the same step."""
        assert OCPP_2_0_1.request(action).violation(payload) is None
        message_id = message_id or f"station-{next(self._numbers)}"
        answer = answer or ({"currentTime": self.now} if action == "Heartbeat" else {})
        at, frame = self.next()
        self.next()
        self.sent.append(action)
        self.note(self.observer.exchanged(at, frame, message_id, action, payload, answer, together))
        return message_id

    def boot(self, status: str = "Accepted", interval: float = 300, reason: str = "PowerUp") -> None:
        boot = {"reason": reason, "chargingStation": VENDOR}
        self.exchange("BootNotification", boot, self.registration(status, interval))

    def registration(self, status: str = "Accepted", interval: float = 300) -> JsonObject:
        return {"status": status, "interval": interval, "currentTime": self.now}

    def status(self, status: str = "Available", evse_id: int = 1, connector_id: int = 1) -> None:
        self.call("StatusNotification", self.status_payload(status, evse_id, connector_id))

    def status_payload(
        self, status: str = "Available", evse_id: int = 1, connector_id: int = 1
    ) -> JsonObject:
        place = {"evseId": evse_id, "connectorId": connector_id}
        return {"timestamp": self.now, "connectorStatus": status, **place}

    def state(self, component: str, value: str, evse: JsonObject | None = None) -> None:
        """Have the station tell an AvailabilityState in a NotifyEvent."""
        event = {
            "eventId": 1,
            "timestamp": self.now,
            "trigger": "Delta",
            "actualValue": value,
            "eventNotificationType": "HardWiredNotification",
            "component": {"name": component, "evse": evse} if evse else {"name": component},
            "variable": {"name": "AvailabilityState"},
        }
        self.call("NotifyEvent", {"generatedAt": self.now, "seqNo": 0, "eventData": [event]})

    def event(self, seq_no: int, event_type: str = "Updated", **fields: Any) -> JsonObject:
        """A TransactionEvent of now; fields of its transactionInfo are given as ``info``."""
        info = {"transactionId": "T1", **fields.pop("info", {})}
        required = {"timestamp": self.now, "triggerReason": "MeterValuePeriodic", "transactionInfo": info}
        return {"eventType": event_type, "seqNo": seq_no, **required, **fields}

    def tell(self, seq_no: int, event_type: str = "Updated", **fields: Any) -> JsonObject:
        """Have the station send a TransactionEvent, and return its payload."""
        event = self.event(seq_no, event_type, **fields)
        self.call("TransactionEvent", event)
        return event

    def transact(self, *seq_nos: int, transaction_id: str = "T1") -> None:
        """Have the station send a transaction of these seqNos, from Started to Ended."""
        info = {"transactionId": transaction_id}
        for seq_no in seq_nos:
            self.at += 1
            kind = {seq_nos[0]: "Started", seq_nos[-1]: "Ended"}.get(seq_no, "Updated")
            self.tell(seq_no, kind, info=info)

    def ask(self, action: str, payload: JsonObject) -> str:
        """Send the station a CALL, and return its message id."""
        assert OCPP_2_0_1.request(action).violation(payload) is None
        message_id = f"csms-{next(self._numbers)}"
        at, frame = self.next()
        self.note(self.observer.sent_call(at, frame, message_id, action, payload))
        return message_id

    def reply(
        self,
        message_id: str,
        action: str | None,
        payload: JsonObject | None = None,
        violation: str | None = None,
    ) -> None:
        """Have the station answer a CALL; with a CALLERROR if there is no payload."""
        at, frame = self.next()
        self.note(self.observer.received_answer(at, frame, message_id, action, payload, violation=violation))

    def command(self, action: str, payload: JsonObject, status: str = "Accepted") -> None:
        """Send the station a CALL and have it answer with a status."""
        message_id = self.ask(action, payload)
        self.at += 0.1
        self.reply(message_id, action, {"status": status})

    def trigger(self, requested: str, status: str = "Accepted", evse: JsonObject | None = None) -> None:
        payload: JsonObject = {"requestedMessage": requested}
        self.command("TriggerMessage", {**payload, "evse": evse} if evse else payload, status)

    def time_out(self, action: str, payload: JsonObject) -> str:
        message_id = self.ask(action, payload)
        self.at += 30
        self.note(self.observer.timed_out(self.at, message_id, action))
        return message_id


@pytest.fixture
def stranger() -> Talk:
    """A station that has connected and said nothing yet."""
    talk = Talk()
    talk.connect()
    return talk


@pytest.fixture
def talk(stranger: Talk) -> Talk:
    """A station whose boot was accepted and that has told the status of its one connector."""
    stranger.boot()
    stranger.status()
    return stranger


def report(seq_no: int, *, tbc: bool | None = None, request_id: int = 7) -> JsonObject:
    part: JsonObject = {"requestId": request_id, "generatedAt": stamp(START), "seqNo": seq_no}
    return part if tbc is None else {**part, "tbc": tbc}


def device_report(
    *connectors: tuple[int, int], variable: str = "AvailabilityState", value: str = "Available"
) -> JsonObject:
    items = [
        {
            "component": {"name": "Connector", "evse": {"id": evse_id, "connectorId": connector_id}},
            "variable": {"name": variable},
            "variableAttribute": [{"value": value}],
        }
        for evse_id, connector_id in connectors
    ]
    return {**report(0), "reportData": items}


def register(wh: float, at: float, **fields: Any) -> JsonObject:
    return {"meterValue": [{"timestamp": stamp(at), "sampledValue": [{"value": wh, **fields}]}]}


FIRMWARE_UPDATE = {"requestId": 5, "firmware": {"location": "http://x/f", "retrieveDateTime": stamp(START)}}
LOG_UPLOAD = {"requestId": 6, "logType": "DiagnosticsLog", "log": {"remoteLocation": "http://x"}}
REMOTE_START = {"remoteStartId": 9, "idToken": TOKEN}


# A station that offends, for every id


type Script = Callable[[Talk], None]

OFFENCES: dict[str, Script] = {}


def offends(kind: str) -> Callable[[Script], Script]:
    """Take a script of what an accepted station with one connector does as an example of a kind."""

    def keep(script: Script) -> Script:
        OFFENCES[kind] = script
        return script

    return keep


@offends("message-id-reused")
def _(talk: Talk) -> None:
    talk.call("Heartbeat", message_id="same")
    talk.call("Heartbeat", message_id="same")


@offends("calls-in-parallel")
def _(talk: Talk) -> None:
    talk.receive("Heartbeat", {})
    talk.at += 0.5
    talk.receive("Heartbeat", {})


@offends("malformed-frame")
def _(talk: Talk) -> None:
    talk.note(talk.observer.malformed(*talk.next(), "the frame is not valid JSON"))


@offends("call-violates-schema")
def _(talk: Talk) -> None:
    talk.call("StatusNotification", {}, violation="payload: timestamp is missing (required)")


@offends("answer-violates-schema")
def _(talk: Talk) -> None:
    talk.reply(talk.ask("ClearCache", {}), "ClearCache", {}, "payload: status is missing (required)")


@offends("call-unanswered")
def _(talk: Talk) -> None:
    talk.time_out("ClearCache", {})


@offends("answer-to-unknown-call")
def _(talk: Talk) -> None:
    talk.reply("never-sent", None, {})


@offends("answer-repeated")
def _(talk: Talk) -> None:
    message_id = talk.ask("ClearCache", {})
    talk.reply(message_id, "ClearCache", {"status": "Accepted"})
    talk.reply(message_id, None, {"status": "Accepted"})


@offends("unknown-action")
def _(talk: Talk) -> None:
    talk.error(talk.receive_unknown("Pnig"), "Pnig")


@offends("call-before-boot-accepted")
def _(talk: Talk) -> None:
    talk.boot("Pending")
    talk.call("Heartbeat")


@offends("boot-retried-too-early")
def _(talk: Talk) -> None:
    talk.boot("Rejected", 60)
    talk.wait(58.5)
    talk.boot()


@offends("connector-status-missing")
def _(talk: Talk) -> None:
    talk.boot()
    talk.wait(61)


@offends("heartbeat-missing")
def _(talk: Talk) -> None:
    talk.wait(451)


@offends("timestamp-invalid")
def _(talk: Talk) -> None:
    talk.call("MeterValues", {"evseId": 1, "meterValue": [reading("2026-01-01T00:00:00")]})


@offends("timestamp-in-future")
def _(talk: Talk) -> None:
    talk.call("MeterValues", {"evseId": 1, "meterValue": [reading(stamp(talk.at + 61))]})


@offends("timestamp-goes-back")
def _(talk: Talk) -> None:
    talk.wait(100)
    talk.tell(0, "Started", evse=EVSE)
    talk.tell(1, timestamp=stamp(talk.at - 11))


@offends("transaction-not-started")
def _(talk: Talk) -> None:
    talk.at += 1
    talk.tell(0)
    talk.tell(1, "Ended")
    talk.wait(6)


@offends("transaction-started-twice")
def _(talk: Talk) -> None:
    talk.transact(0, 1)
    talk.wait(100)
    talk.transact(0, 1)


@offends("seq-no-missing")
def _(talk: Talk) -> None:
    talk.transact(0, 1, 3)
    talk.wait(6)


@offends("seq-no-repeated")
def _(talk: Talk) -> None:
    talk.tell(0, "Started")
    talk.tell(0, triggerReason="ChargingStateChanged")
    talk.tell(1, "Ended")


@offends("event-after-ended")
def _(talk: Talk) -> None:
    talk.transact(0, 1)
    talk.tell(2)


@offends("id-token-missing")
def _(talk: Talk) -> None:
    talk.tell(0, "Started", triggerReason="Authorized")


@offends("evse-missing")
def _(talk: Talk) -> None:
    talk.tell(0, "Started", triggerReason="CablePluggedIn", info={"chargingState": "EVConnected"})
    talk.tell(1, info={"chargingState": "Charging"}, evse=EVSE)
    talk.tell(2, "Ended")
    talk.wait(6)


@offends("offline-flag-missing")
def _(talk: Talk) -> None:
    talk.wait(10)
    talk.reconnect(200)
    talk.tell(0, "Started", timestamp=stamp(talk.at - 100))


@offends("offline-flag-wrong")
def _(talk: Talk) -> None:
    talk.wait(100)
    talk.tell(0, "Started", offline=True)


@offends("meter-register-decreased")
def _(talk: Talk) -> None:
    talk.tell(0, "Started", **register(1000, talk.at))
    talk.at += 60
    talk.tell(1, **register(900, talk.at))


@offends("report-incomplete")
def _(talk: Talk) -> None:
    talk.call("NotifyReport", report(0, tbc=True))
    talk.wait(61)


@offends("security-event-unknown")
def _(talk: Talk) -> None:
    talk.call("SecurityEventNotification", {"type": "LidOpened", "timestamp": talk.now})


@offends("firmware-status-out-of-order")
def _(talk: Talk) -> None:
    talk.command("UpdateFirmware", FIRMWARE_UPDATE)
    talk.call("FirmwareStatusNotification", {"status": "Installed", "requestId": 5})


@offends("log-status-out-of-order")
def _(talk: Talk) -> None:
    talk.command("GetLog", LOG_UPLOAD)
    talk.call("LogStatusNotification", {"status": "Uploaded", "requestId": 6})


@offends("reset-not-carried-out")
def _(talk: Talk) -> None:
    talk.command("Reset", {"type": "Immediate"})
    talk.wait(121)


@offends("trigger-not-carried-out")
def _(talk: Talk) -> None:
    talk.trigger("Heartbeat")
    talk.wait(31)


@offends("availability-not-carried-out")
def _(talk: Talk) -> None:
    talk.command("ChangeAvailability", {"operationalStatus": "Inoperative"})
    talk.wait(61)


@offends("stop-not-carried-out")
def _(talk: Talk) -> None:
    talk.tell(0, "Started")
    talk.command("RequestStopTransaction", {"transactionId": "T1"})
    talk.wait(121)


@offends("start-not-carried-out")
def _(talk: Talk) -> None:
    talk.command("RequestStartTransaction", REMOTE_START)
    talk.wait(121)


def reading(timestamp: str) -> JsonObject:
    return {"timestamp": timestamp, "sampledValue": [{"value": 5}]}


@pytest.mark.parametrize("kind", OFFENCES)
def test_a_station_that_offends_is_found_out(talk: Talk, kind: str) -> None:
    OFFENCES[kind](talk)

    assert talk.ids == [kind]


@pytest.mark.parametrize("kind", OFFENCES)
def test_an_offence_is_told_once(talk: Talk, kind: str) -> None:
    OFFENCES[kind](talk)
    talk.wait(20)
    talk.end()
    talk.end()

    assert talk.ids == [kind]


@pytest.mark.parametrize("kind", OFFENCES)
def test_an_offence_of_a_silenced_kind_is_not_told(kind: str) -> None:
    talk = Talk(silenced=frozenset({kind}))
    talk.connect()
    talk.boot()
    talk.status()
    OFFENCES[kind](talk)
    talk.end()

    assert not talk.found


def test_there_is_an_offence_of_every_kind() -> None:
    assert OFFENCES.keys() == FINDING_KINDS.keys()


# What a finding says


@pytest.mark.parametrize("kind", OFFENCES)
def test_a_finding_has_the_severity_and_the_section_of_its_kind(talk: Talk, kind: str) -> None:
    OFFENCES[kind](talk)

    assert talk.found[0][1:3] == FINDING_KINDS[kind][:2]


@pytest.mark.parametrize("kind", OFFENCES)
def test_a_finding_says_in_one_line_what_was_done_and_where(talk: Talk, kind: str) -> None:
    OFFENCES[kind](talk)
    finding = talk.found[0]

    assert finding.station == "CS001"
    assert finding.frames
    assert all(0 < frame <= talk.frame for frame in finding.frames)
    assert finding.sentence.isprintable()
    assert finding.sentence


@pytest.mark.parametrize("kind", FINDING_KINDS)
def test_a_kind_is_described_in_one_line(kind: str) -> None:
    severity, section, description = FINDING_KINDS[kind]

    assert kind == kind.lower().replace("_", "-")
    assert severity in get_args(Severity.__value__)
    assert section
    assert description.isprintable()


def test_the_readme_lists_every_kind() -> None:
    readme = (ROOT / "README.md").read_text()
    rows = [
        f"| `{it}` | {kind.severity} | {kind.section} | {kind.description} |"
        for it, kind in FINDING_KINDS.items()
    ]
    assert "\n".join(rows) in readme


def test_a_finding_is_json_in_camel_case() -> None:
    finding = Finding("malformed-frame", "error", "OCPP-J 4.1.7", "CS001", START + 0.25, (1, 2), "It is.")

    assert finding.as_json() == {
        "id": "malformed-frame",
        "severity": "error",
        "section": "OCPP-J 4.1.7",
        "station": "CS001",
        "time": "2026-01-01T00:00:00.250Z",
        "frames": [1, 2],
        "sentence": "It is.",
    }


def test_what_a_station_writes_cannot_break_the_line(talk: Talk) -> None:
    talk.call("SecurityEventNotification", {"type": "a\nb", "timestamp": talk.now})

    assert "a\\nb" in talk.found[0].sentence


def test_what_a_station_writes_cannot_run_on(talk: Talk) -> None:
    talk.call("StatusNotification", {**talk.status_payload(), "timestamp": "x" * 10_000})

    assert len(talk.found[0].sentence) < 300


# Unknown actions (OCPP-J 4.1.7)


@pytest.mark.parametrize("status", ["Pending", "Rejected"])
def test_an_unknown_action_is_all_that_is_found_before_the_boot_is_accepted(
    stranger: Talk, status: str
) -> None:
    stranger.boot(status)
    stranger.error(stranger.receive_unknown("Pnig"), "Pnig")

    assert stranger.ids == ["unknown-action"]


def test_an_unknown_action_is_found_in_each_call(talk: Talk) -> None:
    for _ in range(2):
        talk.error(talk.receive_unknown("Pnig"), "Pnig")
        talk.at += 1

    assert talk.ids == ["unknown-action"] * 2


def test_an_unknown_action_may_be_in_parallel(talk: Talk) -> None:
    talk.receive("Heartbeat", {})
    talk.receive_unknown("Pnig", together=True)

    assert talk.ids == ["calls-in-parallel", "unknown-action"]


def test_an_unknown_action_gives_up_no_report(talk: Talk) -> None:
    talk.call("NotifyReport", report(0, tbc=True))
    talk.error(talk.receive_unknown("Pnig"), "Pnig")
    talk.wait(61)

    assert talk.ids == ["unknown-action", "report-incomplete"]


# Message ids (OCPP-J 4.1.4)


def test_a_message_id_is_reused_across_connections(talk: Talk) -> None:
    talk.call("Heartbeat", message_id="same")
    talk.reconnect(1)
    talk.call("Heartbeat", message_id="same")

    assert talk.ids == ["message-id-reused"]


def beats(talk: Talk, number: int) -> None:
    for _ in range(number):
        talk.call("Heartbeat")


@pytest.mark.parametrize("others", [1, IDS_REMEMBERED - 1])
def test_the_last_message_ids_are_remembered(talk: Talk, others: int) -> None:
    beats(talk, 2 * IDS_REMEMBERED)
    talk.call("Heartbeat", message_id="same")
    beats(talk, others)
    talk.call("Heartbeat", message_id="same")
    assert talk.ids == ["message-id-reused"]


def test_message_ids_of_long_ago_are_forgotten(talk: Talk) -> None:
    beats(talk, IDS_REMEMBERED)
    talk.call("Heartbeat", message_id="same")
    beats(talk, 2 * IDS_REMEMBERED)
    talk.call("Heartbeat", message_id="same")
    assert not talk.found


def test_a_station_that_counts_its_messages_and_begins_again_is_found_out(talk: Talk) -> None:
    talk.call("Heartbeat", message_id="1")
    beats(talk, 10 * IDS_REMEMBERED)
    talk.call("Heartbeat", message_id="1")
    assert talk.ids == ["message-id-reused"]


def test_a_call_that_was_left_unanswered_may_be_retried_with_its_id(talk: Talk) -> None:
    talk.withhold(talk.receive("Heartbeat", {}, message_id="same"))
    talk.wait(30)
    talk.call("Heartbeat", message_id="same")

    assert not talk.found


def test_a_call_that_was_out_when_the_connection_broke_may_be_retried_with_its_id(talk: Talk) -> None:
    talk.receive("Heartbeat", {}, message_id="same")
    talk.reconnect(1)
    talk.call("Heartbeat", message_id="same")

    assert not talk.found


def test_both_sides_may_use_the_same_id(talk: Talk) -> None:
    message_id = talk.ask("ClearCache", {})
    talk.call("Heartbeat", message_id=message_id)
    talk.reply(message_id, "ClearCache", {"status": "Accepted"})

    assert not talk.found


# One CALL at a time (OCPP-J 4.1.1)


def test_calls_that_come_together_are_in_parallel(talk: Talk) -> None:
    talk.call("Heartbeat")
    talk.call("Heartbeat", together=True)

    assert talk.ids == ["calls-in-parallel"]
    assert len(talk.found[0].frames) == 2


def test_a_call_that_gets_no_answer_keeps_the_next_one_waiting(talk: Talk) -> None:
    talk.withhold(talk.receive("Heartbeat", {}))
    talk.at += 0.9
    talk.call("Heartbeat")

    assert talk.ids == ["calls-in-parallel"]


def test_a_station_may_give_up_waiting_for_an_answer(talk: Talk) -> None:
    talk.withhold(talk.receive("Heartbeat", {}))
    talk.at += 1
    talk.call("Heartbeat")

    assert not talk.found


@pytest.mark.parametrize("answer", [Talk.result, Talk.error])
def test_the_next_call_may_follow_an_answer_at_once(talk: Talk, answer: Callable[..., None]) -> None:
    answer(talk, talk.receive("Heartbeat", {}), "Heartbeat")
    talk.call("Heartbeat")

    assert not talk.found


def test_a_new_connection_may_begin_with_a_call(talk: Talk) -> None:
    talk.receive("Heartbeat", {})
    talk.reconnect(0.1)
    talk.call("Heartbeat")

    assert not talk.found


def test_a_station_may_call_while_it_is_called(talk: Talk) -> None:
    message_id = talk.ask("ClearCache", {})
    talk.call("Heartbeat")
    talk.reply(message_id, "ClearCache", {"status": "Accepted"})

    assert not talk.found


# Answers of the station


def test_an_answer_that_is_late_is_none_to_an_unknown_call(talk: Talk) -> None:
    message_id = talk.time_out("ClearCache", {})
    talk.reply(message_id, None, {"status": "Accepted"})

    assert talk.ids == ["call-unanswered"]


def test_a_late_answer_is_repeated_when_it_comes_again(talk: Talk) -> None:
    message_id = talk.time_out("ClearCache", {})
    talk.reply(message_id, None, {"status": "Accepted"})
    talk.reply(message_id, None, {"status": "Accepted"})

    assert talk.ids == ["call-unanswered", "answer-repeated"]


def test_an_answer_may_come_on_the_next_connection(talk: Talk) -> None:
    message_id = talk.ask("ClearCache", {})
    talk.reconnect(1)
    talk.reply(message_id, None, {"status": "Accepted"})

    assert not talk.found


def test_a_command_that_was_not_told_of_may_be_answered_late(talk: Talk) -> None:
    talk.note(talk.observer.timed_out(talk.at, "untold", "ClearCache"))
    talk.reply("untold", None, {"status": "Accepted"})

    assert talk.ids == ["call-unanswered"]


@pytest.mark.parametrize("message_id", ["-1", "broken"])
def test_a_call_error_may_complain_of_a_frame_of_ours(talk: Talk, message_id: str) -> None:
    talk.withhold(talk.receive("Heartbeat", {}, message_id="broken"))
    talk.reply(message_id, None, None)

    assert not talk.found


def test_a_call_error_is_an_answer_as_well(talk: Talk) -> None:
    talk.reply(talk.ask("ClearCache", {}), "ClearCache", None)

    assert not talk.found


# Invalid and malformed messages


@pytest.mark.parametrize("action", sorted(STATION_ACTIONS))
@pytest.mark.parametrize("payload", [{}, {"timestamp": None, "requestId": [], "eventData": 5}])
def test_an_invalid_payload_leads_to_its_finding_alone(talk: Talk, action: str, payload: JsonObject) -> None:
    talk.call(action, payload, violation="payload: it is broken (required)")
    talk.wait(100)
    talk.end()

    assert talk.ids == ["call-violates-schema"]


def test_what_was_waited_for_may_have_come_in_an_invalid_message(talk: Talk) -> None:
    talk.trigger("Heartbeat")
    talk.call("Heartbeat", {"x": 1}, violation="payload: has a property that the schema does not know")
    talk.wait(31)

    assert talk.ids == ["call-violates-schema"]


def test_what_was_waited_for_may_have_come_in_a_malformed_frame(talk: Talk) -> None:
    talk.trigger("Heartbeat")
    talk.call("NotifyReport", report(0, tbc=True))
    talk.note(talk.observer.malformed(*talk.next(), "the frame is not valid JSON"))
    talk.wait(61)

    assert talk.ids == ["malformed-frame"]


def test_a_seq_no_may_be_missing_that_came_in_an_invalid_event(talk: Talk) -> None:
    talk.tell(0, "Started")
    talk.call("TransactionEvent", {}, violation="payload: seqNo is missing (required)")
    talk.tell(2, "Ended")
    talk.wait(6)

    assert talk.ids == ["call-violates-schema"]


def test_a_started_may_be_missing_that_came_in_an_invalid_event(talk: Talk) -> None:
    talk.at += 1
    talk.call("TransactionEvent", {}, violation="payload: seqNo is missing (required)")
    talk.tell(1)
    talk.tell(2, "Ended")
    talk.wait(6)

    assert talk.ids == ["call-violates-schema"]


def test_the_next_transaction_is_judged_again(talk: Talk) -> None:
    talk.call("TransactionEvent", {}, violation="payload: seqNo is missing (required)")
    talk.transact(0, 1, 3)
    talk.wait(6)

    assert talk.ids == ["call-violates-schema", "seq-no-missing"]


# Before the boot is accepted (B02, B03)


@pytest.mark.parametrize("status", ["Pending", "Rejected"])
@pytest.mark.parametrize("action", ["Heartbeat", "StatusNotification"])
def test_nothing_is_sent_before_the_boot_is_accepted(stranger: Talk, status: str, action: str) -> None:
    stranger.boot(status)
    stranger.call(action, stranger.status_payload() if action == "StatusNotification" else {})

    assert stranger.ids == ["call-before-boot-accepted"]


def test_nothing_is_sent_while_the_boot_is_not_answered(stranger: Talk) -> None:
    stranger.withhold(stranger.receive("BootNotification", {"reason": "PowerUp", "chargingStation": VENDOR}))
    stranger.wait(30)
    stranger.call("Heartbeat")

    assert stranger.ids == ["call-before-boot-accepted"]


def test_a_refused_boot_is_no_accepted_one(stranger: Talk) -> None:
    boot = stranger.receive("BootNotification", {"reason": "PowerUp", "chargingStation": VENDOR})
    stranger.error(boot, "BootNotification")
    stranger.call("Heartbeat")

    assert stranger.ids == ["call-before-boot-accepted"]


def test_a_station_may_have_booted_before_there_was_a_mock(stranger: Talk) -> None:
    stranger.call("Heartbeat")
    stranger.status()

    assert not stranger.found


def test_a_triggered_boot_that_is_not_answered_leaves_the_station_as_it_was(stranger: Talk) -> None:
    boot = {"reason": "Triggered", "chargingStation": VENDOR}
    stranger.withhold(stranger.receive("BootNotification", boot))
    stranger.wait(30)
    stranger.call("Heartbeat")

    assert not stranger.found


def test_a_station_that_reconnects_need_not_boot(talk: Talk) -> None:
    talk.reconnect(60)
    talk.call("Heartbeat")

    assert not talk.found


def test_a_pending_station_may_send_what_a_command_asks_for(stranger: Talk) -> None:
    stranger.boot("Pending")
    stranger.command("GetBaseReport", {"requestId": 7, "reportBase": "FullInventory"})
    stranger.call("NotifyReport", report(0))

    assert not stranger.found


def test_a_pending_station_may_send_what_is_triggered(stranger: Talk) -> None:
    stranger.boot("Pending")
    stranger.trigger("StatusNotification", evse=EVSE)
    stranger.status()

    assert not stranger.found


def test_a_pending_station_may_not_send_a_report_of_another_request_id(stranger: Talk) -> None:
    stranger.boot("Pending")
    stranger.command("GetBaseReport", {"requestId": 8, "reportBase": "FullInventory"})
    stranger.call("NotifyReport", report(0))

    assert stranger.ids == ["call-before-boot-accepted"]


def test_a_pending_station_may_not_send_what_it_refused_to_send(stranger: Talk) -> None:
    stranger.boot("Pending")
    stranger.trigger("Heartbeat", "Rejected")
    stranger.call("Heartbeat")

    assert stranger.ids == ["call-before-boot-accepted"]


def test_an_answer_to_a_boot_may_come_too_late_to_be_taken(stranger: Talk) -> None:
    boot = stranger.receive("BootNotification", {"reason": "PowerUp", "chargingStation": VENDOR})
    stranger.wait(35)
    stranger.result(boot, "BootNotification", stranger.registration())
    stranger.wait(1000)

    assert not stranger.found


def test_an_answer_that_is_sent_twice_counts_once(stranger: Talk) -> None:
    boot = stranger.receive("BootNotification", {"reason": "PowerUp", "chargingStation": VENDOR})
    stranger.result(boot, "BootNotification", stranger.registration("Pending"))
    stranger.result(boot, "BootNotification", stranger.registration("Accepted"))
    stranger.call("Heartbeat")

    assert stranger.ids == ["call-before-boot-accepted"]


# Retries of a boot


def test_a_boot_may_be_retried_when_the_interval_is_over(stranger: Talk) -> None:
    stranger.boot("Rejected", 60)
    stranger.wait(59)
    stranger.boot("Pending", 60)
    stranger.wait(60)
    stranger.boot()
    stranger.status()

    assert not stranger.found


@pytest.mark.parametrize("status", ["Rejected", "Pending"])
def test_a_reconnect_does_not_excuse_an_early_boot(stranger: Talk, status: str) -> None:
    stranger.boot(status, 60)
    stranger.reconnect(30)
    stranger.boot(status, 60)

    assert stranger.ids == ["boot-retried-too-early"]


@pytest.mark.parametrize("status", ["Accepted", None])
def test_a_triggered_boot_is_not_too_early(stranger: Talk, status: str | None) -> None:
    stranger.boot("Pending", 60)
    message_id = stranger.ask("TriggerMessage", {"requestedMessage": "BootNotification"})
    if status:
        stranger.reply(message_id, "TriggerMessage", {"status": status})
    stranger.boot(reason="Triggered")
    stranger.status()

    assert not stranger.found


def test_a_trigger_that_was_refused_excuses_no_boot(stranger: Talk) -> None:
    stranger.boot("Pending", 60)
    stranger.trigger("BootNotification", "Rejected")
    stranger.boot()

    assert stranger.ids == ["boot-retried-too-early"]


def test_a_trigger_excuses_one_boot(stranger: Talk) -> None:
    stranger.boot("Pending", 60)
    stranger.trigger("BootNotification")
    stranger.boot("Pending", 60, "Triggered")
    stranger.boot("Pending", 60)

    assert stranger.ids == ["boot-retried-too-early"]


def test_a_boot_after_a_reset_is_not_too_early(stranger: Talk) -> None:
    stranger.boot("Pending", 60)
    stranger.command("Reset", {"type": "Immediate"})
    stranger.reconnect(10)
    stranger.boot(reason="RemoteReset")

    assert not stranger.found


@pytest.mark.parametrize("interval", [0, -1])
def test_a_boot_may_be_retried_any_time_if_no_interval_was_given(stranger: Talk, interval: int) -> None:
    stranger.boot("Rejected", interval)
    stranger.boot()

    assert not stranger.found


def test_a_boot_may_be_retried_any_time_if_it_was_not_answered(stranger: Talk) -> None:
    stranger.boot("Rejected", 60)
    stranger.wait(60)
    boot = {"reason": "PowerUp", "chargingStation": VENDOR}
    stranger.withhold(stranger.receive("BootNotification", boot))
    stranger.wait(10)
    stranger.boot()

    assert not stranger.found


# Heartbeats (G02)


def test_silence_is_told_once_and_again_when_there_is_another(talk: Talk) -> None:
    talk.wait(1000)
    talk.call("Heartbeat")
    talk.wait(1000)

    assert talk.ids == ["heartbeat-missing"] * 2


@pytest.mark.parametrize(("interval", "longest"), [(4, 9), (10, 15), (300, 450)])
def test_a_heartbeat_may_be_half_an_interval_late_and_at_least_5_s(
    stranger: Talk, interval: int, longest: int
) -> None:
    stranger.boot(interval=interval)
    stranger.status()
    stranger.wait(longest)
    stranger.call("Heartbeat")
    stranger.wait(longest)

    assert not stranger.found
    stranger.wait(1)
    assert stranger.ids == ["heartbeat-missing"]


@pytest.mark.parametrize(
    "say",
    [
        case("another message", lambda talk: talk.status()),
        case("an answer", lambda talk: talk.command("ClearCache", {})),
        case("a refused answer", lambda talk: talk.reply(talk.ask("ClearCache", {}), "ClearCache", None)),
        case("a new connection", lambda talk: talk.reconnect(0)),
    ],
)
def test_any_sign_of_life_will_do(talk: Talk, say: Script) -> None:
    talk.wait(400)
    say(talk)
    talk.wait(400)

    assert not talk.found


def test_no_heartbeat_is_missed_while_the_station_is_not_connected(talk: Talk) -> None:
    talk.disconnect()
    talk.wait(1000)

    assert not talk.found


@pytest.mark.parametrize("status", ["Pending", "Rejected"])
def test_no_heartbeat_is_missed_before_the_boot_is_accepted(stranger: Talk, status: str) -> None:
    stranger.boot(status, 10)
    stranger.wait(1000)

    assert not stranger.found


def test_no_heartbeat_is_missed_where_no_interval_was_given(stranger: Talk) -> None:
    stranger.boot(interval=0)
    stranger.status()
    stranger.wait(1000)

    assert not stranger.found


def test_no_heartbeat_is_missed_while_the_station_waits_for_an_answer(talk: Talk) -> None:
    talk.receive("Heartbeat", {}, message_id="slow")
    talk.wait(1000)
    talk.result("slow", "Heartbeat")
    talk.wait(400)

    assert not talk.found


@pytest.mark.parametrize(("status", "found"), [("Accepted", True), ("Rejected", False)])
def test_the_interval_is_the_one_that_was_set_last(talk: Talk, status: str, *, found: bool) -> None:
    variable = {"component": {"name": "OCPPCommCtrlr"}, "variable": {"name": "HeartbeatInterval"}}
    message_id = talk.ask("SetVariables", {"setVariableData": [{**variable, "attributeValue": "20"}]})
    result = {**variable, "attributeStatus": status}
    talk.reply(message_id, "SetVariables", {"setVariableResult": [result]})
    talk.wait(31)

    assert bool(talk.found) is found


def test_a_longer_interval_may_be_set(talk: Talk) -> None:
    variable = {"component": {"name": "OCPPCommCtrlr"}, "variable": {"name": "HeartbeatInterval"}}
    message_id = talk.ask("SetVariables", {"setVariableData": [{**variable, "attributeValue": "3600"}]})
    result = {**variable, "attributeStatus": "Accepted"}
    talk.reply(message_id, "SetVariables", {"setVariableResult": [result]})
    talk.wait(3600)

    assert not talk.found


# The status of connectors after a boot (B01)


def test_each_connector_that_is_known_is_missed(talk: Talk) -> None:
    talk.status(evse_id=2, connector_id=1)
    talk.boot()
    talk.status(evse_id=1, connector_id=1)
    talk.wait(61)

    assert talk.ids == ["connector-status-missing"]
    assert "connector 1 of EVSE 2" in talk.found[0].sentence


def test_a_status_is_missed_if_no_connector_is_known(stranger: Talk) -> None:
    stranger.boot()
    stranger.wait(61)

    assert stranger.ids == ["connector-status-missing"]


def test_a_connector_may_be_known_from_a_device_report(talk: Talk) -> None:
    talk.call("NotifyReport", device_report((1, 1), (1, 2)))
    talk.wait(61)

    assert talk.ids == ["connector-status-missing"]
    assert "connector 2 of EVSE 1" in talk.found[0].sentence


def test_a_connector_that_is_not_available_in_the_device_model_is_not_missed(talk: Talk) -> None:
    talk.call("NotifyReport", device_report((1, 2), variable="Available", value="false"))
    talk.wait(61)

    assert not talk.found


def test_the_status_may_come_in_a_notify_event(stranger: Talk) -> None:
    stranger.boot()
    stranger.state("Connector", "Available", EVSE)
    stranger.wait(61)

    assert not stranger.found


def test_the_status_may_come_within_a_minute(talk: Talk) -> None:
    talk.boot()
    talk.wait(60)
    talk.status()
    talk.wait(60)

    assert not talk.found


def test_a_station_that_was_disconnected_has_another_minute(talk: Talk) -> None:
    talk.boot()
    talk.reconnect(100)
    talk.wait(60)
    talk.status()
    talk.wait(60)

    assert not talk.found


def test_a_station_that_had_to_wait_has_as_much_more_time(talk: Talk) -> None:
    talk.boot()
    talk.withhold(talk.receive("Heartbeat", {}))
    talk.wait(70)
    talk.status()
    talk.wait(60)

    assert not talk.found


def test_a_triggered_boot_of_an_accepted_station_needs_no_status(talk: Talk) -> None:
    talk.trigger("BootNotification")
    talk.boot(reason="Triggered")
    talk.wait(61)

    assert not talk.found


def test_a_triggered_boot_of_a_station_that_had_booted_before_needs_no_status(stranger: Talk) -> None:
    stranger.trigger("BootNotification")
    stranger.boot(reason="Triggered")
    stranger.wait(61)

    assert not stranger.found


def test_a_triggered_boot_of_a_pending_station_needs_the_status(stranger: Talk) -> None:
    stranger.boot("Pending", 60)
    stranger.trigger("BootNotification")
    stranger.boot(reason="Triggered")
    stranger.wait(61)

    assert stranger.ids == ["connector-status-missing"]


def test_a_pending_station_owes_no_status(stranger: Talk) -> None:
    stranger.boot("Pending", 600)
    stranger.command("GetBaseReport", {"requestId": 7, "reportBase": "FullInventory"})
    stranger.call("NotifyReport", device_report((1, 1)))
    stranger.wait(100)

    assert not stranger.found


# Timestamps


@pytest.mark.parametrize(
    "text",
    [
        case("no zone", "2026-01-01T00:00:00"),
        case("no zone, with milliseconds", "2026-01-01T00:00:00.000"),
        case("no time", "2026-01-01"),
        case("none", "yesterday"),
        case("empty", ""),
        case("just the zone", "Z"),
        case("month 13", "2026-13-01T00:00:00Z"),
    ],
)
def test_a_timestamp_must_be_rfc_3339_with_a_zone(talk: Talk, text: str) -> None:
    talk.call("StatusNotification", {**talk.status_payload(), "timestamp": text})

    assert talk.ids == ["timestamp-invalid"]


@pytest.mark.parametrize(
    "text",
    [
        case("UTC", "2026-01-01T00:00:00Z"),
        case("milliseconds", "2026-01-01T00:00:00.123Z"),
        case("nanoseconds", "2026-01-01T00:00:00.123456789Z"),
        case("small letters", "2026-01-01t00:00:00z"),
        case("offset", "2026-01-01T02:00:00+02:00"),
        case("offset back", "2025-12-31T19:00:00-05:00"),
        case("no offset", "2026-01-01T00:00:00+00:00"),
        case("leap second", "2025-12-31T23:59:60Z"),
        case("long ago", "1970-01-01T00:00:00Z"),
        case("a minute ahead", "2026-01-01T00:01:00Z"),
    ],
)
def test_a_timestamp_may_be_written_in_many_ways(talk: Talk, text: str) -> None:
    talk.call("StatusNotification", {**talk.status_payload(), "timestamp": text})

    assert not talk.found


def in_status(talk: Talk, text: str) -> None:
    talk.call("StatusNotification", {**talk.status_payload(), "timestamp": text})


def in_security_event(talk: Talk, text: str) -> None:
    talk.call("SecurityEventNotification", {"type": "FirmwareUpdated", "timestamp": text})


def in_report(talk: Talk, text: str) -> None:
    talk.call("NotifyReport", {**report(0), "generatedAt": text})


def in_monitoring_report(talk: Talk, text: str) -> None:
    talk.call("NotifyMonitoringReport", {**report(0), "generatedAt": text})


def in_customer_information(talk: Talk, text: str) -> None:
    talk.call("NotifyCustomerInformation", {**report(0), "data": "", "generatedAt": text})


def in_event(talk: Talk, text: str) -> None:
    event = {
        "eventId": 1,
        "timestamp": text,
        "trigger": "Delta",
        "actualValue": "1",
        "eventNotificationType": "HardWiredNotification",
        "component": {"name": "EVSE"},
        "variable": {"name": "Power"},
    }
    talk.call("NotifyEvent", {"generatedAt": talk.now, "seqNo": 0, "eventData": [event]})


def in_transaction(talk: Talk, text: str) -> None:
    talk.tell(0, "Started", timestamp=text)


def in_reading_of_transaction(talk: Talk, text: str) -> None:
    talk.tell(0, "Started", meterValue=[reading(text)])


@pytest.mark.parametrize(
    "say",
    [
        in_status,
        in_security_event,
        in_report,
        in_monitoring_report,
        in_customer_information,
        in_event,
        in_transaction,
        in_reading_of_transaction,
    ],
)
@pytest.mark.parametrize(
    ("text", "kind"),
    [("2026-01-01T00:00:00", "timestamp-invalid"), ("2026-01-01T00:01:01Z", "timestamp-in-future")],
)
def test_a_timestamp_is_looked_at_wherever_it_stands(
    talk: Talk, say: Callable[[Talk, str], None], text: str, kind: str
) -> None:
    say(talk, text)

    assert talk.ids == [kind]


def test_a_message_with_many_bad_timestamps_is_one_occurrence(talk: Talk) -> None:
    text = "2026-01-01T00:00:00"
    talk.call("MeterValues", {"evseId": 1, "meterValue": [reading(text)] * 5})
    talk.tell(0, "Started", timestamp=text, meterValue=[reading(text)] * 5)

    assert talk.ids == ["timestamp-invalid"] * 2


def test_a_station_that_was_not_told_the_time_may_be_ahead(stranger: Talk) -> None:
    in_status(stranger, "2030-01-01T00:00:00Z")

    assert not stranger.found


def test_a_heartbeat_tells_the_time(stranger: Talk) -> None:
    stranger.call("Heartbeat")
    in_status(stranger, "2030-01-01T00:00:00Z")

    assert stranger.ids == ["timestamp-in-future"]


def test_the_time_goes_by(talk: Talk) -> None:
    for _ in range(20):
        talk.wait(200)
        talk.status()

    assert not talk.found


def test_a_station_goes_by_the_time_it_is_told(stranger: Talk) -> None:
    ahead = {"status": "Accepted", "interval": 300, "currentTime": stamp(START + 3600)}
    boot = stranger.receive("BootNotification", {"reason": "PowerUp", "chargingStation": VENDOR})
    stranger.result(boot, "BootNotification", ahead)
    in_status(stranger, stamp(START + 3660))
    assert not stranger.found

    in_status(stranger, stamp(START + 3662))
    assert stranger.ids == ["timestamp-in-future"]


def test_what_is_flagged_as_offline_may_be_from_before_the_time_was_told(talk: Talk) -> None:
    talk.tell(0, "Started", offline=True, timestamp="2036-01-01T00:00:00Z")

    assert not talk.found


# The order of events


def test_the_clock_may_be_set_back_a_little(talk: Talk) -> None:
    talk.wait(100)
    talk.tell(0, "Started")
    talk.tell(1, timestamp=stamp(talk.at - 10))

    assert not talk.found


def test_going_back_in_time_is_told_once(talk: Talk) -> None:
    talk.wait(100)
    talk.tell(0, "Started")
    for seq_no in range(1, 5):
        talk.tell(seq_no, timestamp=stamp(talk.at - 50 + seq_no))

    assert talk.ids == ["timestamp-goes-back"]


def test_the_order_is_that_of_the_seq_no(talk: Talk) -> None:
    talk.wait(100)
    late = talk.event(1)
    talk.at += 50
    talk.tell(0, "Started", timestamp=stamp(talk.at - 60))
    talk.tell(2)
    talk.call("TransactionEvent", late)
    talk.tell(3, "Ended")
    talk.wait(6)

    assert not talk.found


def test_a_late_event_may_go_back_in_time(talk: Talk) -> None:
    talk.wait(100)
    talk.tell(0, "Started")
    talk.at += 100
    late = talk.event(1)
    talk.tell(2, timestamp=stamp(talk.at - 50))
    talk.call("TransactionEvent", late)

    assert talk.ids == ["timestamp-goes-back"]


def test_an_event_from_before_the_time_was_told_may_seem_to_be_later(stranger: Talk) -> None:
    stranger.tell(0, "Started", timestamp=stamp(START + 1000))
    stranger.call("Heartbeat")
    stranger.tell(1)

    assert not stranger.found


def test_an_event_that_is_flagged_as_offline_may_seem_to_be_later(talk: Talk) -> None:
    talk.tell(0, "Started", offline=True, timestamp=stamp(START + 1000))
    talk.tell(1)

    assert not talk.found


def test_a_station_that_was_told_another_time_may_seem_to_go_back(talk: Talk) -> None:
    heartbeat = talk.receive("Heartbeat", {})
    talk.result(heartbeat, "Heartbeat", {"currentTime": stamp(START - 1000)})
    talk.tell(0, "Started")
    talk.tell(1, timestamp=stamp(START - 1000))

    assert not talk.found


# Transactions as a whole (E)


def test_seq_no_need_not_start_at_0(talk: Talk) -> None:
    talk.transact(17, 18, 19)
    talk.wait(6)

    assert not talk.found


def test_a_transaction_is_judged_5_s_after_its_ended(talk: Talk) -> None:
    talk.transact(0, 2)
    talk.wait(5)
    assert not talk.found

    talk.wait(1)
    assert talk.ids == ["seq-no-missing"]


def test_a_transaction_is_judged_at_the_end_of_the_run(talk: Talk) -> None:
    talk.tell(0, "Started")
    talk.tell(2)
    talk.wait(100)
    assert not talk.found

    talk.end()
    assert talk.ids == ["seq-no-missing"]


def test_a_gap_may_be_filled_late(talk: Talk) -> None:
    late = [talk.event(1), talk.event(2), talk.event(3)]
    talk.transact(0, 4)
    for event in reversed(late):
        talk.call("TransactionEvent", event)
    talk.wait(6)

    assert not talk.found


def test_a_gap_may_be_filled_after_a_reconnect(talk: Talk) -> None:
    late = talk.event(1)
    talk.transact(0, 2)
    talk.reconnect(30)
    talk.wait(4)
    talk.call("TransactionEvent", late)
    talk.wait(6)

    assert not talk.found


def test_a_gap_may_be_filled_after_an_answer_was_waited_for(talk: Talk) -> None:
    late = talk.event(1)
    talk.transact(0, 2)
    talk.withhold(talk.receive("Heartbeat", {}))
    talk.wait(30)
    talk.call("TransactionEvent", late)
    talk.wait(6)

    assert not talk.found


def test_the_gaps_of_a_transaction_are_told_together(talk: Talk) -> None:
    talk.transact(3, 5, 9)
    talk.wait(6)

    assert talk.ids == ["seq-no-missing"]
    assert "4, 6 to 8" in talk.found[0].sentence


def test_a_gap_as_wide_as_can_be_is_told(talk: Talk) -> None:
    talk.transact(-(10**18), 10**18)
    talk.wait(6)

    assert talk.ids == ["seq-no-missing"]


def test_a_started_may_come_late(talk: Talk) -> None:
    started = talk.event(0, "Started")
    talk.at += 1
    talk.tell(1)
    talk.call("TransactionEvent", started)
    talk.tell(2, "Ended")
    talk.wait(6)

    assert not talk.found


def test_a_started_must_be_the_first(talk: Talk) -> None:
    talk.at += 1
    talk.tell(0)
    talk.tell(1, "Started")
    talk.tell(2, "Ended")
    talk.wait(6)

    assert talk.ids == ["transaction-not-started"]


def test_a_started_is_missed_at_the_end_of_the_run(talk: Talk) -> None:
    talk.at += 1
    talk.tell(1)
    talk.wait(100)
    assert not talk.found

    talk.end()
    assert talk.ids == ["transaction-not-started"]


def test_a_transaction_may_have_started_before_there_was_a_mock(stranger: Talk) -> None:
    stranger.tell(4)
    stranger.tell(5, "Ended")
    stranger.wait(6)

    assert not stranger.found


def test_a_transaction_may_have_started_before_the_boot(talk: Talk) -> None:
    talk.tell(4, offline=True, timestamp=stamp(START - 100))
    talk.tell(5, "Ended")
    talk.wait(6)

    assert not talk.found


def test_a_transaction_may_be_ended_that_started_before_the_boot(talk: Talk) -> None:
    talk.at += 10
    talk.tell(4, "Ended", info={"stoppedReason": "PowerLoss"})
    talk.wait(6)

    assert not talk.found


@pytest.mark.parametrize("offline", [{}, {"offline": False}, {"offline": True}])
def test_an_event_may_be_retried(talk: Talk, offline: JsonObject) -> None:
    for event in (talk.event(0, "Started"), talk.event(1), talk.event(2, "Ended")):
        talk.withhold(talk.receive("TransactionEvent", event))
        talk.at += 30
        talk.call("TransactionEvent", {**event, **offline})
    talk.wait(6)

    assert not talk.found


def test_an_event_may_be_retried_when_the_transaction_was_judged(talk: Talk) -> None:
    talk.tell(0, "Started")
    ended = talk.tell(1, "Ended")
    talk.wait(100)
    talk.call("TransactionEvent", ended)
    talk.wait(6)

    assert not talk.found


def test_a_seq_no_that_does_not_count_is_repeated(talk: Talk) -> None:
    for kind in ("Started", "Updated", "Ended"):
        talk.at += 1
        talk.tell(0, kind)
    talk.wait(6)

    assert talk.ids == ["seq-no-repeated"]
    assert len(talk.found[0].frames) == 2


def test_a_started_may_be_retried_late(talk: Talk) -> None:
    started = talk.tell(0, "Started")
    for seq_no in range(1, 30):
        talk.at += 1
        talk.tell(seq_no)
    talk.call("TransactionEvent", started)
    talk.tell(30, "Ended")
    talk.wait(6)

    assert not talk.found


def test_a_transaction_that_starts_again_is_judged_on_its_own(talk: Talk) -> None:
    talk.transact(0, 1)
    talk.wait(100)
    talk.transact(0, 2)
    talk.wait(6)

    assert talk.ids == ["transaction-started-twice", "seq-no-missing"]


def test_the_ended_must_have_the_highest_seq_no(talk: Talk) -> None:
    talk.tell(0, "Started")
    talk.tell(2)
    talk.tell(1, "Ended")

    assert talk.ids == ["event-after-ended"]


def test_an_event_before_the_ended_may_come_after_it(talk: Talk) -> None:
    talk.tell(0, "Started")
    late = talk.event(1)
    talk.tell(2, "Ended")
    talk.call("TransactionEvent", late)
    talk.wait(6)

    assert not talk.found


def test_a_transaction_that_goes_on_need_not_be_ended(talk: Talk) -> None:
    talk.tell(0, "Started")
    talk.tell(1)
    talk.end()

    assert not talk.found


def test_transactions_may_be_interleaved(talk: Talk) -> None:
    for seq_no, kind in enumerate(["Started", "Updated", "Ended"]):
        for name in ("T1", "T2", "T3"):
            talk.at += 1
            talk.tell(seq_no, kind, info={"transactionId": name})
    talk.wait(6)

    assert not talk.found


def test_old_transactions_are_forgotten_without_a_word(talk: Talk) -> None:
    for number in range(600):
        talk.at += 1
        talk.tell(0, "Started", info={"transactionId": f"T{number}"})
    for number in range(600):
        talk.at += 1
        talk.tell(1, "Ended", info={"transactionId": f"T{number}"})
    talk.wait(6)

    assert not talk.found


def test_an_authorization_comes_with_its_id_token(talk: Talk) -> None:
    talk.tell(0, "Started", triggerReason="Authorized", idToken=TOKEN)

    assert not talk.found


@pytest.mark.parametrize(
    "events",
    [
        case("before the cable", [{"evse": {"id": 1}}, {"info": {"chargingState": "Charging"}}]),
        case("with the cable", [{}, {"triggerReason": "CablePluggedIn", "evse": EVSE}]),
        case("with the charging", [{}, {"info": {"chargingState": "Charging"}, "evse": EVSE}]),
        case("not plugged in", [{}, {"info": {"chargingState": "Idle"}}]),
        case("not told", [{}, {}]),
    ],
)
def test_the_evse_is_named_by_the_time_of_the_plugging_in(talk: Talk, events: list[JsonObject]) -> None:
    for seq_no, fields in enumerate(events):
        talk.tell(seq_no, "Updated" if seq_no else "Started", **fields)
    talk.tell(len(events), "Ended")
    talk.wait(6)

    assert not talk.found


def test_the_evse_may_have_been_named_in_what_is_missing(talk: Talk) -> None:
    talk.tell(0, "Started")
    talk.tell(2, info={"chargingState": "Charging"})
    talk.tell(3, "Ended")
    talk.wait(6)

    assert talk.ids == ["seq-no-missing"]


# The offline flag (E12)


def test_an_event_from_an_offline_time_is_flagged(talk: Talk) -> None:
    talk.wait(10)
    talk.disconnect()
    talk.wait(100)
    event = talk.event(0, "Started", offline=True)
    talk.wait(100)
    talk.connect()
    talk.call("TransactionEvent", event)

    assert not talk.found


@pytest.mark.parametrize("offline", [True, False])
@pytest.mark.parametrize("ago", [3, 57, 143, 197, 260, 1000])
def test_near_the_ends_of_an_offline_time_an_event_may_be_flagged_or_not(
    talk: Talk, ago: int, *, offline: bool
) -> None:
    talk.wait(3)
    talk.reconnect(200)
    talk.tell(0, "Started", timestamp=stamp(talk.at - ago), offline=offline)

    assert not talk.found


def test_an_event_of_now_need_not_be_flagged(talk: Talk) -> None:
    talk.reconnect(1000)
    talk.tell(0, "Started", offline=False)

    assert not talk.found


def test_an_event_may_be_flagged_from_when_a_broken_connection_seemed_to_be_open(talk: Talk) -> None:
    talk.wait(400)
    event = talk.event(0, "Started", offline=True)
    talk.wait(40)
    talk.connect()
    talk.disconnect()
    talk.call("TransactionEvent", event)

    assert not talk.found


def test_an_event_from_a_time_when_the_station_was_heard_is_not_flagged(talk: Talk) -> None:
    for _ in range(3):
        talk.wait(200)
        talk.call("Heartbeat")
    talk.reconnect(10)
    talk.tell(0, "Started", offline=True, timestamp=stamp(START + 300))

    assert talk.ids == ["offline-flag-wrong"]


def test_an_event_may_be_flagged_while_the_boot_was_not_accepted(stranger: Talk) -> None:
    stranger.boot("Pending", 100)
    stranger.wait(100)
    event = stranger.event(0, "Started", offline=True)
    stranger.boot()
    stranger.call("TransactionEvent", event)

    assert not stranger.found


def test_an_event_may_be_flagged_while_answers_were_waited_for(talk: Talk) -> None:
    talk.wait(100)
    talk.withhold(talk.receive("Heartbeat", {}))
    talk.wait(90)
    talk.tell(0, "Started", offline=True)

    assert not talk.found


def test_an_event_from_before_the_station_was_known_need_not_be_flagged(stranger: Talk) -> None:
    stranger.call("Heartbeat")
    stranger.tell(0, "Started", timestamp=stamp(START - 1000))

    assert not stranger.found


# The meter register (J02)


def test_a_register_may_stand_still_and_be_rounded(talk: Talk) -> None:
    for seq_no, wh in enumerate([1000, 1000, 999.5, 1001]):
        talk.at += 60
        talk.tell(seq_no, "Updated" if seq_no else "Started", **register(wh, talk.at))

    assert not talk.found


def test_a_register_is_judged_in_the_order_of_time(talk: Talk) -> None:
    talk.wait(60)
    talk.tell(0, "Started", **register(1000, talk.at - 30))
    talk.tell(1, **register(2000, talk.at))
    values = [*register(1000, talk.at - 30)["meterValue"], *register(1500, talk.at - 15)["meterValue"]]
    talk.tell(2, "Ended", meterValue=values)

    assert not talk.found


def test_a_register_may_go_down_within_one_event(talk: Talk) -> None:
    talk.wait(60)
    values = [*register(1000, talk.at - 30)["meterValue"], *register(900, talk.at)["meterValue"]]
    talk.tell(0, "Started", meterValue=values)

    assert talk.ids == ["meter-register-decreased"]


def test_a_late_event_may_show_a_register_that_goes_down(talk: Talk) -> None:
    talk.tell(0, "Started", **register(1000, talk.at))
    talk.at += 60
    late = talk.event(1, **register(3000, talk.at))
    talk.at += 60
    talk.tell(2, **register(2000, talk.at))
    talk.call("TransactionEvent", late)

    assert talk.ids == ["meter-register-decreased"]


def test_a_register_that_went_down_is_told_once(talk: Talk) -> None:
    for seq_no, wh in enumerate([1000, 500, 600, 700]):
        talk.at += 60
        talk.tell(seq_no, "Updated" if seq_no else "Started", **register(wh, talk.at))

    assert talk.ids == ["meter-register-decreased"]


@pytest.mark.parametrize(
    "fields",
    [
        case("another measurand", {"measurand": "Power.Active.Import"}),
        case("another location", {"location": "Inlet"}),
        case("another unit", {"unitOfMeasure": {"unit": "V"}}),
    ],
)
def test_another_value_may_go_down(talk: Talk, fields: JsonObject) -> None:
    talk.tell(0, "Started", **register(1000, talk.at, **fields))
    talk.at += 60
    talk.tell(1, **register(900, talk.at, **fields))

    assert not talk.found


def test_the_unit_of_a_register_may_change(talk: Talk) -> None:
    talk.tell(0, "Started", **register(1000, talk.at, unitOfMeasure={"unit": "Wh"}))
    talk.at += 60
    talk.tell(1, **register(1.5, talk.at, unitOfMeasure={"unit": "kWh"}))

    assert not talk.found


def test_each_transaction_has_its_own_register(talk: Talk) -> None:
    talk.tell(0, "Started", **register(1000, talk.at), info={"transactionId": "T1"})
    talk.at += 60
    talk.tell(0, "Started", **register(10, talk.at), info={"transactionId": "T2"})

    assert not talk.found


def test_a_register_that_seems_to_go_down_because_the_clock_was_set_is_passed_over(talk: Talk) -> None:
    talk.tell(0, "Started", **register(1000, talk.at + 50))
    talk.at += 40
    talk.tell(1, **register(1100, talk.at))

    assert not talk.found


def test_a_register_may_be_read_very_often(talk: Talk) -> None:
    for seq_no in range(500):
        talk.at += 1
        talk.tell(seq_no, "Updated" if seq_no else "Started", **register(seq_no, talk.at))

    assert not talk.found


# Reports


PARTS: Mapping[str, JsonObject] = {
    "NotifyReport": report(0),
    "NotifyMonitoringReport": report(0),
    "NotifyCustomerInformation": {**report(0), "data": ""},
    "NotifyDisplayMessages": {"requestId": 7},
    "ReportChargingProfiles": {
        "requestId": 7,
        "chargingLimitSource": "CSO",
        "evseId": 1,
        "chargingProfile": [
            {
                "id": 1,
                "stackLevel": 0,
                "chargingProfilePurpose": "TxDefaultProfile",
                "chargingProfileKind": "Absolute",
                "chargingSchedule": [
                    {
                        "id": 1,
                        "chargingRateUnit": "A",
                        "chargingSchedulePeriod": [{"startPeriod": 0, "limit": 16}],
                    }
                ],
            }
        ],
    },
}


@pytest.mark.parametrize("action", PARTS)
def test_each_kind_of_report_is_to_be_completed(talk: Talk, action: str) -> None:
    talk.call(action, {**PARTS[action], "tbc": True})
    talk.wait(60)
    assert not talk.found

    talk.wait(1)
    assert talk.ids == ["report-incomplete"]


@pytest.mark.parametrize("action", PARTS)
@pytest.mark.parametrize("last", [{}, {"tbc": False}])
def test_each_kind_of_report_may_take_its_time(talk: Talk, action: str, last: JsonObject) -> None:
    for _ in range(5):
        talk.call(action, {**PARTS[action], "tbc": True})
        talk.wait(60)
    talk.call(action, {**PARTS[action], **last})
    talk.wait(100)

    assert not talk.found


def test_a_report_is_missed_at_the_end_of_the_run(talk: Talk) -> None:
    talk.call("NotifyReport", report(0, tbc=True))
    talk.end()

    assert talk.ids == ["report-incomplete"]


def test_reports_of_different_request_ids_are_different(talk: Talk) -> None:
    talk.call("NotifyReport", report(0, tbc=True))
    talk.call("NotifyReport", report(0, request_id=8))
    talk.wait(61)

    assert talk.ids == ["report-incomplete"]


@pytest.mark.parametrize(
    "interrupt",
    [
        case("a disconnect", lambda talk, _: talk.reconnect(1)),
        case("a refusal", lambda talk, message_id: talk.error(message_id, "NotifyReport")),
        case("no answer", lambda talk, message_id: (talk.withhold(message_id), talk.wait(30))),
    ],
)
def test_a_report_may_be_interrupted(talk: Talk, interrupt: Callable[[Talk, str], None]) -> None:
    interrupt(talk, talk.receive("NotifyReport", report(0, tbc=True)))
    talk.call("Heartbeat")
    talk.wait(100)
    talk.end()

    assert not talk.found


# Firmware and logs (L01, N01)


def firmware(talk: Talk, *statuses: str, request_id: int = 5) -> None:
    for status in statuses:
        talk.call("FirmwareStatusNotification", {"status": status, "requestId": request_id})


def log(talk: Talk, *statuses: str, request_id: int = 6) -> None:
    for status in statuses:
        talk.call("LogStatusNotification", {"status": status, "requestId": request_id})


GOOD = ("Downloading", "Downloaded", "SignatureVerified", "Installing")


@pytest.mark.parametrize(
    "statuses",
    [
        case("plain", (*GOOD, "Installed")),
        case("repeated", tuple(status for status in GOOD for _ in range(2))),
        case("unsigned", ("Downloading", "Downloaded", "Installing", "Installed")),
        case("scheduled", ("DownloadScheduled", *GOOD[:3], "InstallScheduled", "Installing", "Installed")),
        case("paused", ("Downloading", "DownloadPaused", "Downloading", "Downloaded")),
        case("retried", ("Downloading", "DownloadFailed", "Downloading", "DownloadFailed")),
        case("reboot before", (*GOOD[:3], "InstallRebooting", "Installing", "Installed")),
        case("reboot after", (*GOOD, "InstallRebooting", "Installed")),
        case("bad signature", ("Downloading", "Downloaded", "InvalidSignature")),
        case("bad installation", (*GOOD, "InstallationFailed")),
        case("bad image", (*GOOD[:3], "InstallVerificationFailed")),
    ],
)
def test_a_firmware_update_may_go_many_ways(talk: Talk, statuses: tuple[str, ...]) -> None:
    talk.command("UpdateFirmware", FIRMWARE_UPDATE)
    firmware(talk, *statuses)

    assert not talk.found


@pytest.mark.parametrize(
    "statuses",
    [
        case("not downloading", ("Downloaded",)),
        case("not downloaded", ("Downloading", "SignatureVerified")),
        case("not installing", (*GOOD[:3], "Installed")),
        case("installed and on", (*GOOD, "Installed", "Installing")),
        case("failed and on", (*GOOD, "InstallationFailed", "Installed")),
        case("bad signature and on", ("Downloading", "Downloaded", "InvalidSignature", "Installing")),
        case("back", ("Downloading", "Downloaded", "Downloading")),
    ],
)
def test_a_firmware_update_may_not_go_any_way(talk: Talk, statuses: tuple[str, ...]) -> None:
    talk.command("UpdateFirmware", FIRMWARE_UPDATE)
    firmware(talk, *statuses)

    assert talk.ids == ["firmware-status-out-of-order"]


@pytest.mark.parametrize(
    "statuses",
    [
        case("plain", ("Uploading", "Uploaded")),
        case("failed", ("Uploading", "UploadFailure")),
        case("retried", ("Uploading", "UploadFailure", "Uploading", "Uploaded")),
        case("cancelled", ("Uploading", "AcceptedCanceled")),
        case("refused at once", ("PermissionDenied",)),
    ],
)
def test_a_log_upload_may_go_many_ways(talk: Talk, statuses: tuple[str, ...]) -> None:
    talk.command("GetLog", LOG_UPLOAD)
    log(talk, *statuses)

    assert not talk.found


@pytest.mark.parametrize(
    "statuses",
    [
        case("uploaded and on", ("Uploading", "Uploaded", "Uploading")),
        case("uploaded and failed", ("Uploading", "Uploaded", "UploadFailure")),
        case("cancelled and on", ("Uploading", "AcceptedCanceled", "Uploading")),
    ],
)
def test_a_log_upload_may_not_go_any_way(talk: Talk, statuses: tuple[str, ...]) -> None:
    talk.command("GetLog", LOG_UPLOAD)
    log(talk, *statuses)

    assert talk.ids == ["log-status-out-of-order"]


def test_a_new_request_id_starts_anew(talk: Talk) -> None:
    talk.command("GetLog", LOG_UPLOAD)
    log(talk, "Uploading", "Uploaded")
    talk.command("GetLog", {**LOG_UPLOAD, "requestId": 7}, "AcceptedCanceled")
    log(talk, "Uploading", "Uploaded", request_id=7)

    assert not talk.found


def test_a_request_id_of_a_time_before_there_was_a_mock_may_be_anywhere(talk: Talk) -> None:
    firmware(talk, "Installed", request_id=99)
    log(talk, "Uploaded", request_id=99)

    assert not talk.found


def test_steps_may_be_lost_while_the_station_is_offline(talk: Talk) -> None:
    talk.command("UpdateFirmware", FIRMWARE_UPDATE)
    firmware(talk, "Downloading")
    talk.reconnect(60)
    firmware(talk, "Installed")

    assert not talk.found


@pytest.mark.parametrize(
    ("action", "kind"),
    [
        ("FirmwareStatusNotification", "firmware-status-out-of-order"),
        ("LogStatusNotification", "log-status-out-of-order"),
    ],
)
def test_idle_is_sent_only_when_it_is_triggered(talk: Talk, action: str, kind: str) -> None:
    talk.trigger(action)
    talk.call(action, {"status": "Idle"})
    assert not talk.found

    talk.wait(200)
    talk.call(action, {"status": "Idle"})
    assert talk.ids == [kind]


@pytest.mark.parametrize(
    ("action", "steps"),
    [
        ("FirmwareStatusNotification", FIRMWARE_ORDER),
        ("LogStatusNotification", LOG_ORDER),
    ],
)
def test_every_status_is_a_step(action: str, steps: Mapping[str, frozenset[str]]) -> None:
    definitions = schema_of(f"{action}Request")["definitions"]
    statuses = next(it["enum"] for it in definitions.values() if "enum" in it)

    assert steps.keys() == set(statuses) - {"Idle"}


# Security events (A04)


@pytest.mark.parametrize(
    "kind",
    [
        "FirmwareUpdated",
        "SettingSystemTime",
        "StartupOfTheDevice",
        "ResetOrReboot",
        "SecurityLogWasCleared",
        "MemoryExhaustion",
        "TamperDetectionActivated",
        "InvalidCsmsCertificate",
        "InvalidChargingStationCertificate",
        "InvalidTLSVersion",
        "InvalidTLSCipherSuite",
        "MaintenanceLoginAccepted",
        "MaintenanceLoginFailed",
        "InvalidFirmwareSignature",
        "InvalidFirmwareSigningCertificate",
        "FailedToAuthenticateAtCsms",
        "CsmsFailedToAuthenticate",
        "ReconfigurationOfSecurityParameters",
        "InvalidMessages",
        "AttemptedReplayAttacks",
    ],
)
def test_the_listed_security_events_are_known(talk: Talk, kind: str) -> None:
    talk.call("SecurityEventNotification", {"type": kind, "timestamp": talk.now})

    assert not talk.found


def test_a_sentence_shows_that_a_text_is_empty(talk: Talk) -> None:
    talk.call("SecurityEventNotification", {"type": "", "timestamp": talk.now})

    (found,) = talk.found
    assert found.sentence.startswith("the security event '' is none")


# Commands that are accepted and carried out


@pytest.mark.parametrize("status", ["Rejected", "Scheduled"])
def test_a_reset_that_is_not_accepted_need_not_follow(talk: Talk, status: str) -> None:
    talk.command("Reset", {"type": "OnIdle"}, status)
    talk.wait(200)

    assert not talk.found


def test_the_reset_of_an_evse_shows_nowhere(talk: Talk) -> None:
    talk.command("Reset", {"type": "Immediate", "evseId": 1})
    talk.wait(200)

    assert not talk.found


@pytest.mark.parametrize(
    "carry_out",
    [
        case("disconnect", lambda talk: talk.disconnect()),
        case("boot", lambda talk: (talk.boot(reason="RemoteReset"), talk.status())),
        case("new connection", lambda talk: talk.connect()),
    ],
)
def test_a_reset_is_carried_out(talk: Talk, carry_out: Script) -> None:
    talk.command("Reset", {"type": "Immediate"})
    talk.wait(120)
    carry_out(talk)
    talk.wait(120)

    assert not talk.found


TRIGGERED: Mapping[str, tuple[str, Callable[[Talk], JsonObject]]] = {
    "FirmwareStatusNotification": ("FirmwareStatusNotification", lambda _: {"status": "Idle"}),
    "Heartbeat": ("Heartbeat", lambda _: {}),
    "LogStatusNotification": ("LogStatusNotification", lambda _: {"status": "Idle"}),
    "MeterValues": ("MeterValues", lambda it: {"evseId": 1, "meterValue": [reading(it.now)]}),
    "PublishFirmwareStatusNotification": (
        "PublishFirmwareStatusNotification",
        lambda _: {"status": "Idle"},
    ),
    "SignChargingStationCertificate": ("SignCertificate", lambda _: {"csr": ""}),
    "SignCombinedCertificate": ("SignCertificate", lambda _: {"csr": ""}),
    "SignV2GCertificate": ("SignCertificate", lambda _: {"csr": ""}),
    "StatusNotification": ("StatusNotification", lambda it: it.status_payload()),
    "TransactionEvent": (
        "TransactionEvent",
        lambda it: it.event(0, "Started", triggerReason="Trigger"),
    ),
}


@pytest.mark.parametrize("requested", TRIGGERED)
def test_a_triggered_message_is_sent(talk: Talk, requested: str) -> None:
    action, payload = TRIGGERED[requested]
    talk.trigger(requested)
    talk.wait(30)
    talk.call(action, payload(talk))
    talk.wait(200)

    assert not talk.found


@pytest.mark.parametrize("requested", TRIGGERED)
def test_a_triggered_message_is_missed(talk: Talk, requested: str) -> None:
    talk.trigger(requested)
    talk.wait(200)

    assert talk.ids == ["trigger-not-carried-out"]
    assert requested in talk.found[0].sentence


def test_a_triggered_message_may_come_before_the_answer(talk: Talk) -> None:
    message_id = talk.ask("TriggerMessage", {"requestedMessage": "Heartbeat"})
    talk.call("Heartbeat")
    talk.reply(message_id, "TriggerMessage", {"status": "Accepted"})
    talk.wait(31)

    assert not talk.found


@pytest.mark.parametrize("status", ["Rejected", "NotImplemented"])
def test_a_trigger_that_is_refused_need_not_be_carried_out(talk: Talk, status: str) -> None:
    talk.trigger("Heartbeat", status)
    talk.wait(31)

    assert not talk.found


def test_a_trigger_that_is_answered_with_a_call_error_need_not_be_carried_out(talk: Talk) -> None:
    message_id = talk.ask("TriggerMessage", {"requestedMessage": "Heartbeat"})
    talk.reply(message_id, "TriggerMessage", None)
    talk.wait(31)

    assert not talk.found


def test_a_trigger_is_forgotten_with_the_connection(talk: Talk) -> None:
    talk.trigger("Heartbeat")
    talk.reconnect(1)
    talk.wait(100)

    assert not talk.found


def test_a_triggered_status_is_that_of_the_connector(talk: Talk) -> None:
    talk.trigger("StatusNotification", evse=EVSE)
    talk.status(evse_id=2)
    talk.wait(31)

    assert talk.ids == ["trigger-not-carried-out"]


def test_a_triggered_status_may_come_in_a_notify_event(talk: Talk) -> None:
    talk.trigger("StatusNotification", evse=EVSE)
    talk.state("Connector", "Available", EVSE)
    talk.wait(31)

    assert not talk.found


def test_a_triggered_message_waits_while_the_station_waits_for_an_answer(talk: Talk) -> None:
    talk.withhold(talk.receive("Heartbeat", {}))
    talk.trigger("StatusNotification", evse=EVSE)
    talk.wait(100)
    talk.status()
    talk.wait(100)

    assert not talk.found


# ChangeAvailability (G03, G04)


def availability(status: str, *, evse_id: int | None = None, connector_id: int | None = None) -> JsonObject:
    evse = {"id": evse_id, "connectorId": connector_id}
    place = {name: value for name, value in evse.items() if value is not None}
    return {"operationalStatus": status, **({"evse": place} if place else {})}


PLACES = [
    case("station", {}),
    case("EVSE", {"evse_id": 1}),
    case("connector", {"evse_id": 1, "connector_id": 1}),
]


@pytest.mark.parametrize("place", PLACES)
def test_what_becomes_inoperative_becomes_unavailable(talk: Talk, place: dict[str, int]) -> None:
    talk.command("ChangeAvailability", availability("Inoperative", **place))
    talk.wait(60)
    talk.status("Unavailable")
    talk.wait(60)

    assert not talk.found


@pytest.mark.parametrize("place", PLACES)
def test_what_becomes_operative_again_tells(talk: Talk, place: dict[str, int]) -> None:
    talk.command("ChangeAvailability", availability("Inoperative", **place))
    talk.status("Unavailable")
    talk.command("ChangeAvailability", availability("Operative", **place))
    talk.wait(61)

    assert talk.ids == ["availability-not-carried-out"]


@pytest.mark.parametrize("place", PLACES)
def test_what_becomes_operative_again_becomes_available(talk: Talk, place: dict[str, int]) -> None:
    talk.command("ChangeAvailability", availability("Inoperative", **place))
    talk.status("Unavailable")
    talk.command("ChangeAvailability", availability("Operative", **place))
    talk.status()
    talk.wait(61)

    assert not talk.found


@pytest.mark.parametrize(("now", "wanted"), [("Unavailable", "Inoperative"), ("Available", "Operative")])
def test_what_changes_nothing_need_not_be_told(talk: Talk, now: str, wanted: str) -> None:
    talk.status(now)
    talk.command("ChangeAvailability", availability(wanted))
    talk.wait(61)

    assert not talk.found


@pytest.mark.parametrize("status", ["Rejected", "Scheduled"])
def test_what_is_not_changed_now_need_not_be_told_now(talk: Talk, status: str) -> None:
    talk.command("ChangeAvailability", availability("Inoperative"), status)
    talk.wait(61)

    assert not talk.found


def test_another_evse_need_not_tell(talk: Talk) -> None:
    talk.status(evse_id=2)
    talk.command("ChangeAvailability", availability("Inoperative", evse_id=2))
    talk.status("Unavailable", evse_id=2)
    talk.wait(61)

    assert not talk.found


def test_a_connector_that_is_inoperative_itself_stays_unavailable(talk: Talk) -> None:
    talk.command("ChangeAvailability", availability("Inoperative", evse_id=1, connector_id=1))
    talk.status("Unavailable")
    talk.command("ChangeAvailability", availability("Inoperative"))
    talk.command("ChangeAvailability", availability("Operative"))
    talk.wait(61)

    assert not talk.found


def test_a_connector_that_the_mock_did_not_make_unavailable_may_stay_so(talk: Talk) -> None:
    talk.status("Unavailable")
    talk.command("ChangeAvailability", availability("Operative"))
    talk.wait(61)

    assert not talk.found


@pytest.mark.parametrize(
    ("component", "evse"), [("Connector", EVSE), ("EVSE", {"id": 1}), ("ChargingStation", None)]
)
def test_the_availability_may_come_in_a_notify_event(
    talk: Talk, component: str, evse: JsonObject | None
) -> None:
    talk.command("ChangeAvailability", availability("Inoperative"))
    talk.state(component, "Unavailable", evse)
    talk.command("ChangeAvailability", availability("Operative"))
    talk.state(component, "Available", evse)
    talk.wait(61)

    assert not talk.found


# RequestStartTransaction and RequestStopTransaction (F01 to F03)


@pytest.mark.parametrize("kind", ["Started", "Updated"])
def test_a_remote_start_is_carried_out(talk: Talk, kind: str) -> None:
    talk.tell(0, "Started", evse=EVSE)
    talk.command("RequestStartTransaction", REMOTE_START)
    talk.wait(120)
    name = "T2" if kind == "Started" else "T1"
    talk.tell(1, kind, info={"transactionId": name, "remoteStartId": 9})
    talk.wait(120)

    assert not talk.found


def test_a_remote_start_is_told_by_its_id(talk: Talk) -> None:
    talk.command("RequestStartTransaction", REMOTE_START)
    talk.tell(0, "Started", info={"remoteStartId": 8})
    talk.wait(121)

    assert talk.ids == ["start-not-carried-out"]


@pytest.mark.parametrize(
    "event",
    [("Ended", {}), ("Updated", {"triggerReason": "RemoteStop"})],
    ids=["ended", "stopped and plugged in"],
)
def test_a_remote_stop_is_carried_out(talk: Talk, event: tuple[str, JsonObject]) -> None:
    talk.tell(0, "Started")
    talk.command("RequestStopTransaction", {"transactionId": "T1"})
    talk.wait(120)
    talk.tell(1, event[0], **event[1])
    talk.wait(120)

    assert not talk.found


def test_a_remote_stop_is_that_of_its_transaction(talk: Talk) -> None:
    talk.tell(0, "Started")
    talk.transact(0, 1, transaction_id="T2")
    talk.command("RequestStopTransaction", {"transactionId": "T1"})
    talk.tell(0, "Started", info={"transactionId": "T3"})
    talk.tell(1, "Ended", info={"transactionId": "T3"})
    talk.wait(121)

    assert talk.ids == ["stop-not-carried-out"]


def test_a_transaction_that_has_ended_need_not_end_again(talk: Talk) -> None:
    talk.transact(0, 1)
    talk.command("RequestStopTransaction", {"transactionId": "T1"})
    talk.wait(121)

    assert not talk.found


def test_a_station_that_was_offline_has_as_long_to_stop(talk: Talk) -> None:
    talk.tell(0, "Started")
    talk.command("RequestStopTransaction", {"transactionId": "T1"})
    talk.wait(10)
    talk.reconnect(300)
    talk.wait(100)
    talk.tell(1, "Ended")

    assert not talk.found


def test_commands_that_come_to_nothing_are_forgotten_in_the_end(talk: Talk) -> None:
    for number in range(200):
        message_id = talk.ask("RequestStartTransaction", {**REMOTE_START, "remoteStartId": number})
        talk.reply(message_id, "RequestStartTransaction", {"status": "Accepted"})
    talk.wait(121)

    assert talk.ids == ["start-not-carried-out"] * 100


@pytest.mark.parametrize("action", sorted(CSMS_ACTIONS))
@pytest.mark.parametrize("payload", [{}, {"requestId": [], "evse": 5}, {"evse": {"id": []}}])
def test_a_command_that_breaks_its_schema_is_passed_over(
    talk: Talk, action: str, payload: JsonObject
) -> None:
    talk.note(talk.observer.sent_call(*talk.next(), "m", action, payload))
    talk.reply("m", action, {"status": "Accepted"})
    talk.status()

    assert not talk.found


# Connections


def test_the_end_of_a_connection_that_was_replaced_is_none_of_the_station(talk: Talk) -> None:
    talk.wait(10)
    talk.connect()
    talk.disconnect()
    talk.wait(451)

    assert talk.ids == ["heartbeat-missing"]


def test_what_is_forgotten_is_not_held_against_a_station(talk: Talk) -> None:
    talk.tell(0, "Started")
    talk.call("Heartbeat", message_id="same")
    talk.observer.forget(talk.at, talk.frame)
    talk.call("Heartbeat", message_id="same")
    talk.tell(2, "Ended")
    talk.wait(1000)
    talk.end()

    assert not talk.found


def test_a_station_is_watched_on_when_all_is_forgotten(talk: Talk) -> None:
    talk.observer.forget(talk.at, talk.frame)
    talk.boot(interval=60)
    talk.status()
    talk.wait(200)

    assert talk.ids == ["heartbeat-missing"]


def test_a_station_that_is_gone_is_waited_for_no_more(talk: Talk) -> None:
    talk.trigger("Heartbeat")
    talk.call("NotifyReport", report(0, tbc=True))
    talk.disconnect()
    talk.wait(1000)
    talk.end()

    assert not talk.found


# A station that keeps to the specification


SAMPLES: list[Callable[[float], list[JsonObject]]] = [
    lambda wh: [{"value": wh}],
    lambda wh: [{"value": wh, "measurand": "Energy.Active.Import.Register", "unitOfMeasure": {"unit": "Wh"}}],
    lambda wh: [{"value": wh / 1000, "unitOfMeasure": {"unit": "kWh"}}],
    lambda wh: [{"value": wh / 3, "phase": phase} for phase in ("L1", "L2", "L3")],
    lambda wh: [{"value": 230, "measurand": "Voltage", "phase": "L1"}, {"value": wh}],
]
"""The ways to tell the energy register of a transaction."""

OTHER_MESSAGES: Mapping[str, JsonObject] = {
    "Authorize": {"idToken": TOKEN},
    "ClearedChargingLimit": {"chargingLimitSource": "EMS"},
    "DataTransfer": {"vendorId": "org.example", "data": {"any": [1, None]}},
    "Get15118EVCertificate": {"iso15118SchemaVersion": "urn:iso", "action": "Install", "exiRequest": "AA=="},
    "GetCertificateStatus": {
        "ocspRequestData": {
            "hashAlgorithm": "SHA256",
            "issuerNameHash": "aa",
            "issuerKeyHash": "bb",
            "serialNumber": "1",
            "responderURL": "http://x",
        }
    },
    "NotifyChargingLimit": {"chargingLimit": {"chargingLimitSource": "EMS"}},
    "NotifyEVChargingNeeds": {"evseId": 1, "chargingNeeds": {"requestedEnergyTransfer": "DC"}},
    "NotifyEVChargingSchedule": {
        "timeBase": stamp(START + 10**6),
        "evseId": 1,
        "chargingSchedule": {
            "id": 1,
            "chargingRateUnit": "A",
            "chargingSchedulePeriod": [{"startPeriod": 0, "limit": 16}],
        },
    },
    "PublishFirmwareStatusNotification": {"status": "Published", "location": ["http://x"], "requestId": 1},
    "ReservationStatusUpdate": {"reservationId": 1, "reservationUpdateStatus": "Expired"},
    "SignCertificate": {"csr": "-----BEGIN CERTIFICATE REQUEST-----"},
}


class GoodStation:
    """A station that keeps to the specification, whatever a seeded generator makes happen to it."""

    def __init__(self, seed: int) -> None:
        self.rng = Random(seed)
        self.talk = Talk()
        self.numbers = count(1)
        self.wh = 1000.0
        self.is_online = False
        self.queue: list[JsonObject] = []
        self.connectors = [(1, 1), (1, 2), (2, 1)]

    def live(self, messages: int) -> None:
        """Do one thing after the other until so many messages are sent."""
        talk = self.talk
        self.come_up("PowerUp")
        doings = [
            self.charge,
            self.charge_remotely,
            self.change_availability,
            self.change_interval,
            self.follow_triggers,
            self.report,
            self.restart,
            self.say_something_else,
            self.update_firmware,
            self.upload_log,
        ]
        while len(talk.sent) < messages:
            self.rng.choice(doings)()
            self.pause(250)
            self.call("Heartbeat", {})
        talk.wait(10)
        talk.end()

    def pause(self, longest: float) -> None:
        self.talk.wait(self.rng.uniform(0.1, longest))

    def maybe(self, probability: float = 0.5) -> bool:
        return self.rng.random() < probability

    def now(self) -> str:
        """The time, written in one of many ways."""
        at = datetime.fromtimestamp(self.talk.at, UTC)
        match self.rng.randrange(4):
            case 0:
                return at.strftime(RFC_3339)
            case 1:
                return at.astimezone(timezone(timedelta(hours=5, minutes=30))).isoformat()
            case 2:
                return at.isoformat()
            case _:
                return timestamp(at)

    def call(self, action: str, payload: JsonObject) -> None:
        """Send a CALL until it is answered with a CALLRESULT."""
        talk, message_id = self.talk, f"good-{next(self.numbers)}"
        while True:
            talk.receive(action, payload, message_id=message_id)
            talk.at += self.rng.uniform(0, 0.3)
            match self.rng.randrange(100):
                case 0:
                    talk.withhold(message_id)
                    talk.wait(30)
                case 1 if action == "TransactionEvent":
                    talk.error(message_id, action)
                    talk.wait(self.rng.uniform(1, 60))
                    message_id = f"good-{next(self.numbers)}"
                case 2:
                    talk.wait(self.rng.uniform(1, 9))
                    talk.result(message_id, action)
                    return
                case _:
                    talk.result(message_id, action)
                    return

    def come_up(self, reason: str) -> None:
        """Connect and boot, perhaps not at the first attempt, and tell all statuses."""
        talk = self.talk
        talk.connect()
        self.is_online = True
        talk.at += 0.1
        if self.maybe(0.2):
            talk.boot("Rejected", 30, reason)
            if self.maybe():
                talk.reconnect(5)
            talk.wait(30)
        if self.maybe(0.2):
            talk.boot("Pending", 600, reason)
            talk.command("GetBaseReport", {"requestId": 7, "reportBase": "FullInventory"})
            talk.call("NotifyReport", {**device_report((1, 1), (1, 2)), "tbc": True})
            talk.wait(10)
            talk.call("NotifyReport", {**device_report((2, 1)), "seqNo": 1})
            talk.trigger("BootNotification")
            reason = "Triggered"
        talk.boot(reason=reason)
        for evse_id, connector_id in self.connectors:
            talk.wait(self.rng.uniform(0, 15))
            self.tell_status("Available", evse_id, connector_id)

    def tell_status(self, status: str, evse_id: int, connector_id: int) -> None:
        if self.maybe():
            self.talk.state("Connector", status, {"id": evse_id, "connectorId": connector_id})
        else:
            self.call("StatusNotification", self.talk.status_payload(status, evse_id, connector_id))

    def go(self) -> None:
        self.talk.disconnect()
        self.is_online = False

    def tell(self, event: JsonObject) -> None:
        """Send an event, or keep it while offline."""
        if self.is_online:
            self.call("TransactionEvent", event)
        else:
            self.queue.append({**event, "offline": True})

    def come_back(self) -> None:
        """Connect again, perhaps while the old connection seems to be open, and send what was kept."""
        self.talk.connect()
        self.is_online = True
        for event in self.queue:
            self.talk.at += 0.1
            self.call("TransactionEvent", event)
        self.queue.clear()

    def go_and_come(self) -> None:
        """Let time go by in which the connection may break, be replaced or be there again."""
        self.pause(100)
        if not self.is_online:
            if self.maybe(0.3):
                self.come_back()
        elif self.maybe(0.03):
            self.go()
        elif self.maybe(0.03):
            self.talk.connect()
            self.talk.disconnect()

    def meter(self) -> JsonObject:
        self.wh += self.rng.uniform(0, 500)
        sampled = self.rng.choice(SAMPLES[:3])(round(self.wh, 3))
        return {"timestamp": self.now(), "sampledValue": sampled}

    def charge(self, start: JsonObject | None = None, stop: str = "Local") -> None:
        """Go through a transaction, with whatever happens on the way."""
        info: JsonObject = {"transactionId": f"T{next(self.numbers)}"}
        seq_nos = count(self.rng.choice([0, 1, 17]))
        began = self.meter()

        def event(event_type: str, reason: str, **fields: Any) -> JsonObject:
            self.talk.at += 0.2
            told = {**info, **fields.pop("info", {})}
            required = {"seqNo": next(seq_nos), "timestamp": self.now(), "transactionInfo": told}
            return {"eventType": event_type, "triggerReason": reason, **required, **fields}

        if start:
            self.tell(event("Started", "RemoteStart", idToken=TOKEN, info=start, meterValue=[began]))
            self.pause(60)
            self.tell(event("Updated", "CablePluggedIn", evse=EVSE, info={"chargingState": "EVConnected"}))
        elif self.maybe():
            self.call("Authorize", {"idToken": TOKEN})
            self.tell(event("Started", "Authorized", idToken=TOKEN, meterValue=[began]))
            self.pause(60)
            self.tell(event("Updated", "CablePluggedIn", evse=EVSE, info={"chargingState": "EVConnected"}))
        else:
            place = {"chargingState": "EVConnected"}
            self.tell(event("Started", "CablePluggedIn", evse=EVSE, info=place, meterValue=[began]))
            self.tell(event("Updated", "Authorized", idToken=TOKEN))
        self.tell(event("Updated", "ChargingStateChanged", info={"chargingState": "Charging"}))
        for _ in range(self.rng.randrange(40)):
            self.go_and_come()
            self.tell(event("Updated", "MeterValuePeriodic", meterValue=[self.meter()]))
            if self.is_online and self.maybe(0.2):
                self.call("MeterValues", {"evseId": 2, "meterValue": [self.meter(), self.meter()]})
        if stop == "Remote":
            if not self.is_online:
                self.come_back()
            self.talk.command("RequestStopTransaction", {"transactionId": info["transactionId"]})
            self.pause(60)
        late = event("Updated", "MeterValuePeriodic", meterValue=[self.meter()])
        told = {"stoppedReason": stop, "chargingState": "EVConnected"}
        ended = event("Ended", "RemoteStop", info=told, meterValue=[began, self.meter()])
        for each in self.rng.choice([[late, ended], [ended, late]]):
            self.tell(each)
        if not self.is_online:
            self.pause(100)
            self.come_back()

    def charge_remotely(self) -> None:
        start = {"remoteStartId": next(self.numbers)}
        self.talk.command("RequestStartTransaction", {**start, "idToken": TOKEN})
        self.pause(60)
        self.charge(start, "Remote")

    def change_availability(self) -> None:
        places: list[tuple[dict[str, int], list[tuple[int, int]]]] = [
            ({}, self.connectors),
            ({"evse_id": 1}, self.connectors[:2]),
            ({"evse_id": 2, "connector_id": 1}, self.connectors[2:]),
        ]
        place, connectors = self.rng.choice(places)
        for wanted, status in (("Inoperative", "Unavailable"), ("Operative", "Available")):
            self.talk.command("ChangeAvailability", availability(wanted, **place))
            for connector in connectors:
                self.pause(15)
                self.tell_status(status, *connector)
            self.talk.command("ChangeAvailability", availability(wanted, **place))
            self.pause(100)

    def change_interval(self) -> None:
        variable = {"component": {"name": "OCPPCommCtrlr"}, "variable": {"name": "HeartbeatInterval"}}
        value = str(self.rng.choice([300, 600, 3600]))
        message_id = self.talk.ask(
            "SetVariables", {"setVariableData": [{**variable, "attributeValue": value}]}
        )
        result = {**variable, "attributeStatus": "Accepted"}
        self.talk.reply(message_id, "SetVariables", {"setVariableResult": [result]})

    def follow_triggers(self) -> None:
        for requested, (action, payload) in TRIGGERED.items():
            if requested == "TransactionEvent":
                self.talk.trigger(requested, "Rejected")
                continue
            evse = EVSE if requested == "StatusNotification" else None
            self.talk.trigger(requested, evse=evse)
            self.pause(25)
            self.call(action, payload(self.talk))
        self.talk.trigger("BootNotification")
        self.talk.boot(reason="Triggered")

    def report(self) -> None:
        request_id = next(self.numbers)
        self.talk.command("GetReport", {"requestId": request_id})
        self.talk.command("GetReport", {"requestId": request_id + 10**6}, "EmptyResultSet")
        for action, payload in PARTS.items():
            for number in range(3):
                part = {**payload, "requestId": request_id, "tbc": number < 2}
                if "generatedAt" in part:
                    part.update(generatedAt=self.now(), seqNo=number)
                self.call(action, part)
                self.pause(20)

    def restart(self) -> None:
        if self.maybe():
            self.talk.command("Reset", {"type": "Immediate"})
            self.pause(60)
            reason = "RemoteReset"
        else:
            reason = "PowerUp"
        self.go()
        self.pause(1000)
        self.come_up(reason)

    def say_something_else(self) -> None:
        for action, payload in OTHER_MESSAGES.items():
            self.pause(20)
            self.call(action, payload)
        message_id = self.talk.ask("ClearCache", {})
        self.call("SecurityEventNotification", {"type": "SettingSystemTime", "timestamp": self.now()})
        self.talk.reply(message_id, "ClearCache", self.rng.choice([None, {"status": "Rejected"}]))

    def update_firmware(self) -> None:
        request_id = next(self.numbers)
        self.talk.command("UpdateFirmware", {**FIRMWARE_UPDATE, "requestId": request_id})
        for status in (*GOOD[:3], "InstallRebooting"):
            self.pause(100)
            self.call("FirmwareStatusNotification", {"status": status, "requestId": request_id})
        self.go()
        self.pause(300)
        self.come_up("FirmwareUpdate")
        self.call("SecurityEventNotification", {"type": "FirmwareUpdated", "timestamp": self.now()})
        for status in ("Installing", "Installed"):
            self.call("FirmwareStatusNotification", {"status": status, "requestId": request_id})

    def upload_log(self) -> None:
        first, second = next(self.numbers), next(self.numbers)
        self.talk.command("GetLog", {**LOG_UPLOAD, "requestId": first})
        self.call("LogStatusNotification", {"status": "Uploading", "requestId": first})
        self.talk.command("GetLog", {**LOG_UPLOAD, "requestId": second}, "AcceptedCanceled")
        self.call("LogStatusNotification", {"status": "AcceptedCanceled", "requestId": first})
        for status in ("Uploading", "UploadFailure", "Uploading", "Uploaded"):
            self.pause(60)
            self.call("LogStatusNotification", {"status": status, "requestId": second})


def test_nothing_is_found_in_10_000_messages_of_a_station_that_keeps_to_the_specification() -> None:
    station = GoodStation(seed=1)
    station.live(10_000)

    assert not station.talk.found
    assert set(station.talk.sent) == STATION_ACTIONS


@pytest.mark.parametrize("seed", range(2, 8))
def test_nothing_is_found_whatever_happens_to_a_station_that_keeps_to_the_specification(seed: int) -> None:
    station = GoodStation(seed)
    station.live(500)

    assert not station.talk.found


# Whatever comes


def schema_of(name: str) -> JsonObject:
    file = Path(ocpp.__file__).parent / "v201" / "schemas" / f"{name}.json"
    schema: JsonObject = orjson.loads(file.read_text(encoding="utf-8-sig"))
    return schema


TEXTS = st.sampled_from(
    ["", "T1", "T2", "A", stamp(START), stamp(START + 70), "2026-01-01T00:00:00", "FirmwareUpdated", "20"]
) | st.text(max_size=8)
NUMBERS = st.integers(-2, 3) | st.integers(-(2**63), 2**63 - 1)


def values(schema: JsonObject, definitions: JsonObject) -> st.SearchStrategy[Any]:
    """Values that keep to a schema of OCPP."""
    if "$ref" in schema:
        return values(definitions[schema["$ref"].rpartition("/")[2]], definitions)
    if "enum" in schema:
        return st.sampled_from(schema["enum"])
    low, high = schema.get("minimum", -(2**63)), schema.get("maximum", 2**63 - 1)
    numbers = st.integers(max(low, -2), min(high, 3)) | st.integers(int(low), int(high))
    by_type: Mapping[str | None, Callable[[], st.SearchStrategy[Any]]] = {
        "object": lambda: objects(schema, definitions),
        "array": lambda: st.lists(values(schema["items"], definitions), min_size=1, max_size=2),
        "string": lambda: TEXTS.map(lambda text: text[: schema.get("maxLength")]),
        "integer": lambda: numbers,
        "number": lambda: numbers | st.floats(float(low), float(high)),
        "boolean": st.booleans,
        None: lambda: st.none() | NUMBERS | TEXTS,
    }
    return by_type[schema.get("type")]()


def objects(schema: JsonObject, definitions: JsonObject) -> st.SearchStrategy[JsonObject]:
    fields = {
        name: st.deferred(lambda field=field: values(field, definitions))  # type: ignore[misc]
        for name, field in schema.get("properties", {}).items()
        if name != "customData"
    }
    required = set(schema.get("required", ()))
    return st.fixed_dictionaries(
        {name: field for name, field in fields.items() if name in required},
        optional={name: field for name, field in fields.items() if name not in required},
    )


def payloads(name: str) -> st.SearchStrategy[Any]:
    schema = schema_of(name)
    return values(schema, schema.get("definitions", {}))


ANYTHING = st.dictionaries(
    st.sampled_from(["status", "interval", "currentTime", "requestId", "evse", "type", "transactionId"])
    | st.text(max_size=3),
    st.recursive(
        st.none() | st.booleans() | NUMBERS | TEXTS,
        lambda inner: st.lists(inner, max_size=2) | st.dictionaries(TEXTS, inner, max_size=2),
        max_leaves=4,
    ),
    max_size=3,
)
MESSAGE_IDS = st.sampled_from(["", "-1", "a", "b", "c"])


def calls(actions: frozenset[Any], suffix: str) -> st.SearchStrategy[tuple[str, Any]]:
    """An action with a valid payload."""
    return st.sampled_from(sorted(actions)).flatmap(
        lambda action: st.tuples(st.just(str(action.value)), payloads(f"{action.value}{suffix}"))
    )


STEPS = st.one_of(
    st.tuples(st.sampled_from(["connected", "disconnected", "tick", "end"])),
    st.tuples(st.just("malformed"), TEXTS),
    st.tuples(st.just("call"), MESSAGE_IDS, calls(STATION_ACTIONS, "Request"), st.booleans()),
    st.tuples(st.just("invalid"), MESSAGE_IDS, TEXTS | st.sampled_from(sorted(STATION_ACTIONS)), ANYTHING),
    st.tuples(st.just("unknown"), MESSAGE_IDS, TEXTS, ANYTHING, st.booleans()),
    st.tuples(st.just("result"), MESSAGE_IDS, calls(STATION_ACTIONS, "Response")),
    st.tuples(st.just("broken result"), MESSAGE_IDS, st.sampled_from(sorted(STATION_ACTIONS)), ANYTHING),
    st.tuples(st.sampled_from(["error", "timed_out"]), MESSAGE_IDS, st.sampled_from(sorted(STATION_ACTIONS))),
    st.tuples(st.just("withheld"), MESSAGE_IDS),
    st.tuples(st.just("command"), MESSAGE_IDS, calls(CSMS_ACTIONS, "Request")),
    st.tuples(st.just("broken command"), MESSAGE_IDS, st.sampled_from(sorted(CSMS_ACTIONS)), ANYTHING),
    st.tuples(st.just("answer"), MESSAGE_IDS, calls(CSMS_ACTIONS, "Response"), st.booleans()),
    st.tuples(st.just("call error"), MESSAGE_IDS, st.sampled_from(sorted(CSMS_ACTIONS)) | st.none()),
)


def take(observer: Observer201, at: float, frame: int, step: tuple[Any, ...]) -> Sequence[Finding]:  # noqa: C901, PLR0911, PLR0912 - a table
    """Have an observer see one step."""
    match step:
        case ("connected" | "disconnected" as name,):
            found: Sequence[Finding] = getattr(observer, name)(at, frame)
            return found
        case ("tick",):
            return observer.tick(at)
        case ("end",):
            return observer.end(at)
        case ("malformed", description):
            return observer.malformed(at, frame, description)
        case ("call", message_id, (action, payload), together):
            assert OCPP_2_0_1.request(action).violation(payload) is None
            return observer.received_call(
                at, frame, message_id, action, payload, violation=None, together=together
            )
        case ("invalid", message_id, action, payload):
            return observer.received_call(at, frame, message_id, action, payload, violation="broken")
        case ("unknown", message_id, action, payload, known):
            return observer.received_call(
                at, frame, message_id, f"x{action}", payload, violation=None, known=known
            )
        case ("result", message_id, (action, payload)) | ("broken result", message_id, action, payload):
            return observer.sent_result(at, frame, message_id, action, payload)
        case ("error", message_id, action):
            return observer.sent_error(at, frame, message_id, action)
        case ("timed_out", message_id, action):
            return observer.timed_out(at, message_id, action)
        case ("withheld", message_id):
            return observer.withheld(at, message_id)
        case ("command", message_id, (action, payload)) | ("broken command", message_id, action, payload):
            return observer.sent_call(at, frame, message_id, action, payload)
        case ("answer", message_id, (action, payload), is_valid):
            violation = None if is_valid else "broken"
            return observer.received_answer(at, frame, message_id, action, payload, violation=violation)
        case ("call error", message_id, action):
            return observer.received_answer(at, frame, message_id, action, None)
    raise AssertionError(step)


@given(st.lists(st.tuples(st.floats(0, 100), STEPS), max_size=30))
def test_nothing_that_comes_raises(steps: list[tuple[float, tuple[Any, ...]]]) -> None:
    observer, at = Observer201("CS001", frozenset(), FINDING_KINDS), START
    for frame, (seconds, step) in enumerate(steps):
        at += seconds
        for finding in take(observer, at, frame, step):
            assert finding.sentence.isprintable()
            assert orjson.dumps(finding.as_json())
