"""Commands that act for a driver of a simulated station."""

from typing import Any

import pytest

from mock_csms.messages import JsonObject
from tests.support.driving import charge, set_variable
from tests.support.observed_station import TOKEN, ObservedStation

OTHER: JsonObject = {"idToken": "OTHER", "type": "ISO14443"}
PROFILE: JsonObject = {
    "id": 7,
    "stackLevel": 0,
    "chargingProfilePurpose": "TxProfile",
    "chargingProfileKind": "Relative",
    "chargingSchedule": [
        {"id": 1, "chargingRateUnit": "W", "chargingSchedulePeriod": [{"startPeriod": 0, "limit": 3000}]}
    ],
}


@pytest.fixture
def observed() -> ObservedStation:
    started = ObservedStation()
    started.start()
    return started


def answer_to(observed: ObservedStation, action: str, **payload: Any) -> JsonObject:
    answer = observed.command(action, payload)
    assert answer is not None
    observed.advance(1)
    return answer


def start(observed: ObservedStation, **fields: Any) -> JsonObject:
    return answer_to(observed, "RequestStartTransaction", **{"idToken": TOKEN, "remoteStartId": 9, **fields})


def events(observed: ObservedStation) -> list[JsonObject]:
    return observed.calls("TransactionEvent")


def transaction_id(observed: ObservedStation) -> str:
    return str(events(observed)[-1]["transactionInfo"]["transactionId"])


def test_remote_start_before_the_cable_starts_a_transaction(observed: ObservedStation) -> None:
    assert start(observed, evseId=1) == {"status": "Accepted"}

    (event,) = events(observed)
    assert (event["eventType"], event["triggerReason"]) == ("Started", "RemoteStart")
    assert event["transactionInfo"]["remoteStartId"] == 9
    assert event["idToken"] == TOKEN
    assert event["evse"] == {"id": 1}


def test_remote_start_with_a_waiting_vehicle_charges(observed: ObservedStation) -> None:
    observed.station.plug_in(2)
    observed.advance(1)
    running = transaction_id(observed)

    assert start(observed) == {"status": "Accepted", "transactionId": running}
    later = events(observed)[1:]
    assert [(event["eventType"], event["triggerReason"]) for event in later] == [
        ("Updated", "RemoteStart"),
        ("Updated", "ChargingStateChanged"),
    ]
    assert [event["transactionInfo"].get("remoteStartId") for event in later] == [9, None]
    assert later[-1]["transactionInfo"]["chargingState"] == "Charging"


def test_remote_start_of_a_later_transaction_is_told_in_its_first_event(observed: ObservedStation) -> None:
    set_variable(observed, "TxCtrlr.TxStartPoint", "PowerPathClosed")
    start(observed, evseId=1)
    assert events(observed) == []

    observed.station.plug_in(1)
    observed.advance(1)

    first = events(observed)[0]
    assert (first["eventType"], first["triggerReason"]) == ("Started", "RemoteStart")
    assert first["transactionInfo"]["remoteStartId"] == 9


def test_remote_start_without_a_driver_times_out(observed: ObservedStation) -> None:
    start(observed, evseId=1)
    timeout_s = observed.station.core.variables.integer("TxCtrlr", "EVConnectionTimeOut")

    observed.advance(timeout_s + 1)

    last = events(observed)[-1]
    assert (last["eventType"], last["triggerReason"]) == ("Ended", "EVConnectTimeout")
    assert last["transactionInfo"]["stoppedReason"] == "Timeout"


@pytest.mark.parametrize("evse_id", [3, 99])
def test_remote_start_on_unknown_evse_is_rejected(observed: ObservedStation, evse_id: int) -> None:
    assert start(observed, evseId=evse_id) == {"status": "Rejected"}


def test_remote_start_on_evse_with_an_authorized_transaction_is_rejected(observed: ObservedStation) -> None:
    charge(observed)

    assert start(observed, evseId=1, idToken=OTHER) == {"status": "Rejected"}


def test_remote_start_on_unavailable_evse_is_rejected(observed: ObservedStation) -> None:
    answer_to(observed, "ChangeAvailability", operationalStatus="Inoperative", evse={"id": 1})

    assert start(observed, evseId=1) == {"status": "Rejected"}


def test_remote_start_on_faulted_evse_is_rejected(observed: ObservedStation) -> None:
    observed.station.charging.fault(1)

    assert start(observed, evseId=1) == {"status": "Rejected"}


@pytest.mark.parametrize(("token", "status"), [(OTHER, "Rejected"), (TOKEN, "Accepted")])
def test_remote_start_on_reserved_evse_needs_the_token_of_the_reservation(
    observed: ObservedStation, token: JsonObject, status: str
) -> None:
    reservation = {"id": 5, "expiryDateTime": "2030-01-01T00:00:00Z", "idToken": TOKEN, "evseId": 1}
    assert answer_to(observed, "ReserveNow", **reservation) == {"status": "Accepted"}

    assert start(observed, evseId=1, idToken=token)["status"] == status
    assert [event.get("reservationId") for event in events(observed)] == ([5] if token is TOKEN else [])


def test_remote_start_while_all_evses_are_in_use_is_rejected(observed: ObservedStation) -> None:
    for evse_id in (1, 2):
        observed.station.plug_in(evse_id)
        observed.station.present({**TOKEN, "idToken": f"T{evse_id}"}, evse_id)
    observed.advance(1)

    assert start(observed) == {"status": "Rejected"}


def test_remote_start_while_pending_is_rejected() -> None:
    observed = ObservedStation(boots=["Pending"])
    observed.start()

    assert start(observed) == {"status": "Rejected"}


def test_profile_of_remote_start_limits_its_transaction(observed: ObservedStation) -> None:
    observed.station.plug_in(1)
    start(observed, evseId=1, chargingProfile=PROFILE)
    observed.advance(1)

    assert observed.station.transactions.sessions[1].meter.power_w == 3000
    answer_to(observed, "GetChargingProfiles", requestId=1, chargingProfile={"chargingProfileId": [7]})
    (report,) = observed.calls("ReportChargingProfiles")
    assert report["chargingProfile"][0]["transactionId"] == transaction_id(observed)


@pytest.mark.parametrize(
    "change", [{"chargingProfilePurpose": "TxDefaultProfile"}, {"transactionId": "T"}], ids=["purpose", "id"]
)
def test_remote_start_with_wrong_profile_is_rejected(observed: ObservedStation, change: JsonObject) -> None:
    assert start(observed, evseId=1, chargingProfile=PROFILE | change) == {"status": "Rejected"}


def test_remote_start_is_authorized_first_if_so_configured(observed: ObservedStation) -> None:
    set_variable(observed, "AuthCtrlr.AuthorizeRemoteStart", "true")
    observed.answers["Authorize"] = lambda _: {"idTokenInfo": {"status": "Blocked"}}

    assert start(observed, evseId=1) == {"status": "Accepted"}
    assert len(observed.calls("Authorize")) == 1
    assert events(observed) == []


def test_remote_start_sends_no_authorize_by_default(observed: ObservedStation) -> None:
    set_variable(observed, "AuthCtrlr.AuthorizeRemoteStart", "false")
    start(observed, evseId=1)

    assert observed.calls("Authorize") == []


def test_remote_stop_ends_the_transaction(observed: ObservedStation) -> None:
    charge(observed)
    stop = answer_to(observed, "RequestStopTransaction", transactionId=transaction_id(observed))

    assert stop == {"status": "Accepted"}
    last = events(observed)[-1]
    assert (last["eventType"], last["triggerReason"]) == ("Ended", "RemoteStop")
    assert last["transactionInfo"]["stoppedReason"] == "Remote"


def test_remote_stop_ends_with_the_cable_if_only_that_is_a_stop_point(observed: ObservedStation) -> None:
    set_variable(observed, "TxCtrlr.TxStopPoint", "EVConnected")
    charge(observed)
    answer_to(observed, "RequestStopTransaction", transactionId=transaction_id(observed))
    assert events(observed)[-1]["eventType"] == "Updated"

    observed.station.unplug(1)
    observed.advance(1)

    last = events(observed)[-1]
    assert (last["eventType"], last["transactionInfo"]["stoppedReason"]) == ("Ended", "Remote")


def test_remote_stop_of_unknown_transaction_is_rejected(observed: ObservedStation) -> None:
    assert answer_to(observed, "RequestStopTransaction", transactionId="T") == {"status": "Rejected"}


@pytest.mark.parametrize(("evse_id", "connector_id"), [(1, 2), (3, 1)])
def test_unlock_of_unknown_connector_answers_unknown_connector(
    observed: ObservedStation, evse_id: int, connector_id: int
) -> None:
    answer = answer_to(observed, "UnlockConnector", evseId=evse_id, connectorId=connector_id)

    assert answer["status"] == "UnknownConnector"


def test_unlock_during_an_authorized_transaction_is_refused(observed: ObservedStation) -> None:
    charge(observed)

    answer = answer_to(observed, "UnlockConnector", evseId=1, connectorId=1)

    assert answer["status"] == "OngoingAuthorizedTransaction"


def test_unlock_releases_the_cable(observed: ObservedStation) -> None:
    observed.station.plug_in(1)
    observed.advance(1)
    connector = observed.station.core.evses.by_id[1].connectors[1]
    assert connector.is_locked

    assert answer_to(observed, "UnlockConnector", evseId=1, connectorId=1)["status"] == "Unlocked"
    assert not connector.is_locked


def test_unlock_of_a_jammed_lock_fails(observed: ObservedStation) -> None:
    observed.station.core.evses.by_id[1].connectors[1].is_lock_jammed = True

    assert answer_to(observed, "UnlockConnector", evseId=1, connectorId=1)["status"] == "UnlockFailed"


TRIGGERED = {
    "Heartbeat": "Heartbeat",
    "MeterValues": "MeterValues",
    "StatusNotification": "StatusNotification",
    "LogStatusNotification": "LogStatusNotification",
    "FirmwareStatusNotification": "FirmwareStatusNotification",
    "SignChargingStationCertificate": "SignCertificate",
    "SignV2GCertificate": "SignCertificate",
    "SignCombinedCertificate": "SignCertificate",
    "PublishFirmwareStatusNotification": "PublishFirmwareStatusNotification",
    "TransactionEvent": "TransactionEvent",
}


@pytest.mark.parametrize(("requested", "action"), TRIGGERED.items(), ids=TRIGGERED)
def test_triggered_message_is_sent_after_the_answer(
    observed: ObservedStation, requested: str, action: str
) -> None:
    charge(observed)
    before = len(observed.calls(action))
    evse = {"evse": {"id": 1, "connectorId": 1}} if requested == "StatusNotification" else {}

    answer = answer_to(observed, "TriggerMessage", requestedMessage=requested, **evse)

    assert answer["status"] == "Accepted"
    assert len(observed.calls(action)) > before


@pytest.mark.parametrize(
    "request_fields",
    [
        {"requestedMessage": "BootNotification"},
        {"requestedMessage": "StatusNotification"},
        {"requestedMessage": "StatusNotification", "evse": {"id": 9, "connectorId": 1}},
        {"requestedMessage": "TransactionEvent"},
        {"requestedMessage": "MeterValues", "evse": {"id": 9}},
    ],
    ids=["boot", "no connector", "unknown connector", "no transaction", "unknown evse"],
)
def test_trigger_that_cannot_be_met_is_rejected(
    observed: ObservedStation, request_fields: JsonObject
) -> None:
    assert answer_to(observed, "TriggerMessage", **request_fields)["status"] == "Rejected"


def test_triggered_boot_is_sent_while_pending() -> None:
    observed = ObservedStation(boots=["Pending"])
    observed.start()

    assert answer_to(observed, "TriggerMessage", requestedMessage="BootNotification")["status"] == "Accepted"
    assert [payload["reason"] for payload in observed.calls("BootNotification")] == ["PowerUp", "Triggered"]


def test_triggered_values_have_the_context_trigger(observed: ObservedStation) -> None:
    charge(observed)
    answer_to(observed, "TriggerMessage", requestedMessage="MeterValues", evse={"id": 2})
    answer_to(observed, "TriggerMessage", requestedMessage="TransactionEvent")

    (values,) = observed.calls("MeterValues")
    event = events(observed)[-1]
    assert values["evseId"] == 2
    assert event["triggerReason"] == "Trigger"
    assert event["transactionInfo"]["chargingState"] == "Charging"
    sampled = [*values["meterValue"][0]["sampledValue"], *event["meterValue"][0]["sampledValue"]]
    assert {value["context"] for value in sampled} == {"Trigger"}


def test_transaction_status_tells_whether_it_runs(observed: ObservedStation) -> None:
    charge(observed)
    running = transaction_id(observed)

    def status() -> JsonObject:
        return answer_to(observed, "GetTransactionStatus", transactionId=running)

    assert status() == {"messagesInQueue": False, "ongoingIndicator": True}
    observed.station.unplug(1)
    observed.advance(1)
    assert status() == {"messagesInQueue": False, "ongoingIndicator": False}


def test_transaction_status_without_id_has_no_indicator(observed: ObservedStation) -> None:
    assert answer_to(observed, "GetTransactionStatus") == {"messagesInQueue": False}


def test_transaction_status_tells_of_events_that_wait(observed: ObservedStation) -> None:
    observed.withhold = lambda action: action == "TransactionEvent"
    observed.station.plug_in(1)
    observed.advance(1)

    assert answer_to(observed, "GetTransactionStatus")["messagesInQueue"] is True


def test_profile_of_a_remote_start_that_is_not_authorized_does_not_limit_the_next_driver(
    observed: ObservedStation,
) -> None:
    set_variable(observed, "AuthCtrlr.AuthorizeRemoteStart", "true")
    observed.answers["Authorize"] = lambda _: {"idTokenInfo": {"status": "Blocked"}}
    assert start(observed, evseId=1, idToken=OTHER, chargingProfile=PROFILE) == {"status": "Accepted"}

    del observed.answers["Authorize"]
    charge(observed)

    answer = answer_to(
        observed, "GetChargingProfiles", requestId=1, chargingProfile={"chargingProfileId": [7]}
    )
    assert answer == {"status": "NoProfiles"}
