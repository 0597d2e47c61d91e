"""Checks of reasons, idTokens, EVSEs and contexts of readings in the events of a transaction."""

import pytest

from mock_csms.messages import JsonObject
from mock_csms.v201.findings.transaction_contents import MAX_STOPS, Contents
from tests.support.talk import EVSE, TOKEN, Talk, case, register

# stoppedReason (F03, F04, B12, E06)


def send_stop(talk: Talk, trigger: str, reason: str | None, *updates: str) -> None:
    """Send a transaction that ends for this reason after Updated events with these trigger reasons."""
    talk.send_event(0, "Started")
    for seq_no, earlier in enumerate(updates, start=1):
        talk.at += 1
        talk.send_event(seq_no, triggerReason=earlier, idToken=TOKEN)
    talk.at += 1
    info = {} if reason is None else {"stoppedReason": reason}
    talk.send_event(len(updates) + 1, "Ended", triggerReason=trigger, idToken=TOKEN, info=info)


@pytest.mark.parametrize(
    ("trigger", "reason", "updates"),
    [
        case("remote stop without reason", "RemoteStop", None, []),
        case("remote stop that is local", "RemoteStop", "Local", []),
        case("reset without reason", "ResetCommand", None, []),
        case("reset with another reason", "ResetCommand", "Reboot", []),
        case("unplugged after remote stop", "EVCommunicationLost", "EVDisconnected", ["RemoteStop"]),
        case("left after remote stop", "EVDeparted", None, ["RemoteStop"]),
        case("remote stop after authorization", "RemoteStop", None, ["StopAuthorized", "Authorized"]),
        case("timeout without reason", "EVConnectTimeout", None, []),
        case("fault without reason", "AbnormalCondition", None, []),
    ],
)
def test_wrong_stopped_reason_is_found(
    talk: Talk, trigger: str, reason: str | None, updates: list[str]
) -> None:
    send_stop(talk, trigger, reason, *updates)

    assert "stopped-reason-wrong" in talk.ids


@pytest.mark.parametrize(
    ("trigger", "reason", "updates"),
    [
        case("remote stop", "RemoteStop", "Remote", []),
        case("reset", "ResetCommand", "ImmediateReset", []),
        case("driver stops", "StopAuthorized", None, []),
        case("driver unplugs", "EVCommunicationLost", None, []),
        case("driver unplugs after remote stop", "EVCommunicationLost", "Remote", ["RemoteStop"]),
        case("power loss after remote stop", "AbnormalCondition", "PowerLoss", ["RemoteStop"]),
        case(
            "new authorization after remote stop", "EVCommunicationLost", None, ["RemoteStop", "Authorized"]
        ),
        case("remote stop after driver", "RemoteStop", "Local", ["StopAuthorized"]),
        case("reset after driver", "ResetCommand", "Local", ["StopAuthorized"]),
    ],
)
def test_possible_stopped_reason_is_accepted(
    talk: Talk, trigger: str, reason: str | None, updates: list[str]
) -> None:
    send_stop(talk, trigger, reason, *updates)

    assert "stopped-reason-wrong" not in talk.ids


def test_stopped_reason_is_found_although_all_seq_nos_are_equal(talk: Talk) -> None:
    talk.send_event(0, "Started")
    talk.at += 1
    talk.send_event(0, "Ended", triggerReason="RemoteStop")

    assert set(talk.ids) == {"seq-no-repeated", "stopped-reason-wrong"}


def test_stopped_reason_of_incomplete_transaction_is_accepted(talk: Talk) -> None:
    talk.send_event(0, "Started")
    talk.send_event(2, "Ended", triggerReason="RemoteStop")
    talk.wait(6)

    assert talk.ids == ["seq-no-missing"]


def test_number_of_stops_that_are_kept_is_limited() -> None:
    contents = Contents()
    for seq_no in range(100):
        info = {"transactionId": "T1"}
        event = {"eventType": "Updated", "triggerReason": "RemoteStop", "seqNo": seq_no}
        contents.add(0.0, 1, {**event, "timestamp": "", "transactionInfo": info})

    assert len(contents.stops) == MAX_STOPS
    assert contents.first_stop == "RemoteStop"


# idTokens (C01, E03, E07, F01, F02)


def test_remote_start_without_any_token_is_found_once(talk: Talk) -> None:
    talk.send_event(0, "Started", triggerReason="RemoteStart")
    talk.send_event(1, triggerReason="RemoteStart")
    talk.send_event(2, "Ended")
    talk.end()

    assert talk.ids == ["id-token-missing"]


def test_remote_start_without_token_in_open_transaction_is_found_at_the_end(talk: Talk) -> None:
    talk.send_event(0, "Started", triggerReason="RemoteStart")
    talk.end()

    assert talk.ids == ["id-token-missing"]


def test_authorized_event_after_one_with_the_token_needs_no_token(talk: Talk) -> None:
    talk.send_event(0, "Started", triggerReason="CablePluggedIn", evse=EVSE, idToken=TOKEN)
    talk.send_event(1, triggerReason="Authorized")

    assert not talk.findings


@pytest.mark.parametrize("ended_by", ["Deauthorized", "EVDeparted"])
def test_end_for_another_reason_does_not_show_the_reason_of_a_remote_stop(talk: Talk, ended_by: str) -> None:
    talk.send_event(0, "Started", evse=EVSE, idToken=TOKEN)
    talk.send_event(1, triggerReason="RemoteStop")
    talk.send_event(2, "Ended", triggerReason=ended_by, info={"stoppedReason": "PowerLoss"})

    assert not talk.findings
    assert talk.coverage("F04.FR.03") == "not exercised"


@pytest.mark.parametrize("seq_no", [0, 1, 2])
def test_remote_start_with_token_in_any_event_is_accepted(talk: Talk, seq_no: int) -> None:
    tokens: list[JsonObject] = [{}, {}, {}]
    tokens[seq_no] = {"idToken": TOKEN}
    talk.send_event(0, "Started", triggerReason="CablePluggedIn", evse=EVSE, **tokens[0])
    talk.send_event(1, triggerReason="RemoteStart", **tokens[1])
    talk.send_event(2, "Ended", triggerReason="Deauthorized", info={"stoppedReason": "Other"}, **tokens[2])

    assert "id-token-missing" not in talk.ids


@pytest.mark.parametrize("trigger", ["Authorized", "StopAuthorized", "Deauthorized", "RemoteStart"])
def test_token_of_new_or_ended_authorization_is_accepted(talk: Talk, trigger: str) -> None:
    talk.send_event(0, "Started", triggerReason="Authorized", idToken=TOKEN)
    talk.send_event(1, triggerReason=trigger, idToken={**TOKEN, "idToken": "aabbccdd"})
    talk.send_event(2, triggerReason=trigger, idToken={"idToken": "OTHER", "type": "eMAID"})

    assert not talk.findings


def test_token_again_in_ended_after_remote_stop_is_a_hint(talk: Talk) -> None:
    talk.send_event(0, "Started", triggerReason="Authorized", idToken=TOKEN)
    stopped = {"stoppedReason": "Remote"}
    talk.send_event(1, "Ended", triggerReason="RemoteStop", idToken=TOKEN, info=stopped)

    assert [(finding.id, finding.severity) for finding in talk.findings] == [("id-token-repeated", "hint")]


def test_stop_by_vehicle_needs_no_token(talk: Talk) -> None:
    talk.send_event(0, "Started", triggerReason="Authorized", idToken=TOKEN)
    talk.send_event(1, "Ended", triggerReason="StopAuthorized", info={"stoppedReason": "StoppedByEV"})

    assert not talk.findings


# EVSEs (E01.FR.16, Part 1 7.2)


@pytest.mark.parametrize("evse", [{"id": 0}, {"id": 1, "connectorId": 0}, {"id": -1, "connectorId": 1}])
def test_invalid_number_is_found_once(talk: Talk, evse: JsonObject) -> None:
    talk.send_event(0, "Started", evse=evse)
    talk.send_event(1, evse=evse)

    assert talk.ids == ["transaction-evse-invalid"]


def test_evse_named_again_with_connector_is_accepted(talk: Talk) -> None:
    talk.send_event(0, "Started", evse={"id": EVSE["id"]})
    talk.send_event(1, triggerReason="CablePluggedIn", evse=EVSE)

    assert not talk.findings


def test_retry_that_names_evse_is_no_repetition(talk: Talk) -> None:
    started = talk.send_event(0, "Started", evse=EVSE)
    talk.call("TransactionEvent", {**started, "offline": True})

    assert not talk.findings


def test_evse_without_connector_when_plugged_in_is_found(talk: Talk) -> None:
    talk.send_event(0, "Started", triggerReason="CablePluggedIn", evse={"id": 1})
    talk.send_event(1, "Ended")

    assert talk.ids == ["evse-missing"]


# Contexts of readings (E01.FR.09, E06.FR.11)


@pytest.mark.parametrize(
    ("event_type", "context"),
    [
        ("Started", "Sample.Periodic"),
        ("Started", "Transaction.End"),
        ("Ended", "Sample.Periodic"),
        ("Ended", "Transaction.Begin"),
    ],
)
def test_wrong_context_is_found(talk: Talk, event_type: str, context: str) -> None:
    talk.send_event(0, event_type, **register(5, talk.at, context=context))

    assert "meter-context-wrong" in talk.ids


@pytest.mark.parametrize(
    ("event_type", "contexts"),
    [
        ("Started", ["Transaction.Begin"]),
        ("Started", ["Transaction.Begin", "Sample.Clock"]),
        ("Started", ["Sample.Clock"]),
        ("Started", ["Trigger"]),
        ("Updated", ["Sample.Periodic"]),
        ("Updated", ["Transaction.Begin"]),
        ("Ended", ["Transaction.Begin", "Sample.Periodic", "Transaction.End"]),
        ("Ended", ["Sample.Clock"]),
    ],
)
def test_possible_contexts_are_accepted(talk: Talk, event_type: str, contexts: list[str]) -> None:
    values = [register(5, talk.at, context=context)["meterValue"][0] for context in contexts]
    talk.send_event(0, event_type, meterValue=values)

    assert "meter-context-wrong" not in talk.ids


def test_readings_of_interrupted_transaction_may_lack_the_end(talk: Talk) -> None:
    talk.send_event(0, "Started")
    readings = register(5, talk.at, context="Sample.Periodic")
    talk.send_event(1, "Ended", info={"stoppedReason": "PowerLoss"}, **readings)

    assert not talk.findings


def test_signed_data_at_the_start_may_have_any_context(talk: Talk) -> None:
    readings = register(5, talk.at, context="Sample.Periodic")
    talk.send_event(0, "Started", triggerReason="SignedDataReceived", **readings)

    assert not talk.findings
