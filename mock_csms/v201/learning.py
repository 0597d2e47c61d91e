"""Update the state of a station from its messages, its answers and the commands sent to it."""

from collections.abc import Callable, Mapping
from typing import Final

from ocpp.v201.enums import Action

from mock_csms.log.redact import masked_frame
from mock_csms.messages import Call, JsonObject
from mock_csms.stations.bounded import KIB, integer, within
from mock_csms.stations.device_model import ACTUAL, variable_key
from mock_csms.stations.station import Attempts, Connector, LogRequest, Report, Solicitation, Station
from mock_csms.stations.transactions import MAX_TRANSACTION_TEXT, Transaction, id_token_key, matches_token
from mock_csms.v201.installed_certificates import LEARN_OF_CERTIFICATES
from mock_csms.v201.solicited import is_for_all_evses, solicited_by, subject_of

RESTARTS: Final = frozenset(
    {
        *("ApplicationReset", "FirmwareUpdate", "LocalReset", "PowerUp", "RemoteReset", "ScheduledReset"),
        "Watchdog",
    }
)
"""Reasons of a BootNotification after a restart of the station (BootReasonEnumType)."""
CONNECTOR_STATUSES: Final = frozenset({"Available", "Faulted", "Occupied", "Reserved", "Unavailable"})
MAX_BOOT_BYTES: Final = 16 * KIB
"""Maximum bytes of a BootNotification or CSR that is stored."""
PROMISES_THE_MESSAGE: Final = frozenset({"Accepted", "AcceptedCanceled"})
"""Statuses of an answer with which a station accepts a command that requests a message."""


def learn_from_message(station: Station, call: Call) -> None:
    """Update the state from a message; may raise UNREADABLE_PAYLOAD if it violates its schema."""
    if learn := LEARN_FROM_MESSAGE.get(call.action):
        learn(station, call)


def learn_from_answer(station: Station, action: str, request: JsonObject, answer: JsonObject) -> None:
    """Update the state from an answer to a command; may raise UNREADABLE_PAYLOAD if it is invalid."""
    if station.solicited and str(answer.get("status")) not in PROMISES_THE_MESSAGE:
        withdraw_solicitation(station, action, request)
    if learn := LEARN_FROM_ANSWER.get(action):
        learn(station, request, answer)


def solicit(station: Station, action: str, request: JsonObject) -> None:
    """Register the messages that a command requests from a Pending station (B02.FR.09, TC_B_30_CSMS)."""
    if station.registration != "Pending":
        return
    for key in solicited_by(action, request):
        is_report = key[1] is not None
        solicitation = station.solicited.get(key) or Solicitation(None if is_report else 0)
        station.solicited[key] = solicitation
        if is_report:
            continue
        if is_for_all_evses(request):
            solicitation.is_for_all = True
            solicitation.subjects.clear()
        else:
            solicitation.times = (solicitation.times or 0) + 1


def was_solicited(station: Station, action: str, payload: JsonObject) -> bool:
    """Return whether a command requested this message, by its requestId or with a TriggerMessage."""
    return _solicitation_of(station, action, payload) is not None


def use_solicitation(station: Station, action: str, payload: JsonObject) -> None:
    """Count a message that a command requested. A TriggerMessage allows its message once."""
    if solicitation := _solicitation_of(station, action, payload):
        solicitation.use(subject_of(action, payload))


def withdraw_solicitation(station: Station, action: str, request: JsonObject) -> None:
    """Register that the station refused a command: it no longer counts as a request for messages."""
    for key in solicited_by(action, request):
        solicitation = station.solicited.get(key)
        if solicitation is None:
            continue
        if solicitation.times is None:
            del station.solicited[key]
        elif is_for_all_evses(request):
            solicitation.is_for_all = False
        else:
            solicitation.times = max(0, solicitation.times - 1)


def _solicitation_of(station: Station, action: str, payload: JsonObject) -> Solicitation | None:
    request_id = payload.get("requestId")
    if type(request_id) is int and (by_id := station.solicited.get((action, request_id))):
        return by_id
    trigger = station.solicited.get((action, None))
    return trigger if trigger is not None and trigger.admits(subject_of(action, payload)) else None


def needs_registration(station: Station, boot: Call) -> bool:
    """Return whether the answer to a boot decides about acceptance of the station.

    An accepted station that did not restart stays accepted: its boot was only triggered (F06).
    """
    reason = boot.payload.get("reason")
    return station.registration != "Accepted" or (isinstance(reason, str) and reason in RESTARTS)


def note_attempt(
    station: Station, event: JsonObject, moment: float, *, withheld: bool
) -> tuple[int, float] | None:
    """Count the attempts to send a TransactionEvent, beginning when a rule withholds the answer (E13).

    Return the number of attempts and the seconds since the previous one; None if this is the first one
    counted, or if no answer to the event was withheld.
    """
    key = event["transactionInfo"]["transactionId"], event["seqNo"]
    known_attempts = station.attempts.get(key)
    if known_attempts is None:
        if withheld and len(key[0]) <= MAX_TRANSACTION_TEXT:
            station.attempts[key] = Attempts(1, moment)
        return None
    since, known_attempts.last = moment - known_attempts.last, moment
    known_attempts.count += 1
    return known_attempts.count, since


def _learn_boot(station: Station, call: Call) -> None:
    station.note_boot(within(call.payload, MAX_BOOT_BYTES))


def _learn_connector_status(station: Station, call: Call) -> None:
    notice = call.content
    _set_connector_status(station, (notice.evseId, notice.connectorId), notice.connectorStatus)


def _set_connector_status(station: Station, connector: Connector, status: str) -> None:
    """Store the status of a connector, unless the status is unknown or an id is below 1 (Part 1 7.1, 7.2)."""
    if station.connectors.get(connector) == status:
        return
    evse_id, connector_id = connector
    if evse_id > 0 and connector_id > 0 and status in CONNECTOR_STATUSES:
        station.connectors[int(evse_id), int(connector_id)] = status


def _learn_variables(station: Station, call: Call) -> None:
    for event in call.payload["eventData"]:
        component, variable = event["component"], event["variable"]
        station.device_model.set(component, variable, event["actualValue"])
        evse = component.get("evse", {})
        if (component["name"], variable["name"]) == ("Connector", "AvailabilityState") and evse:
            connector = evse["id"], evse.get("connectorId", 1)
            _set_connector_status(station, connector, event["actualValue"])


def _learn_transaction(station: Station, call: Call) -> None:
    event = call.content
    transaction_id = event.transactionInfo.transactionId
    transaction = station.transaction(transaction_id)
    if transaction is None:
        transaction = _new_transaction(station, transaction_id, event.timestamp)
    station.latest = transaction
    transaction.note(event)
    if station.start_profiles and event.transactionInfo.remoteStartId in station.start_profiles:
        _attach_start_profile(station, event.transactionInfo.remoteStartId, transaction)
    if event.eventType == "Ended":
        _drop_profiles_of(station, transaction_id)
    if event.reservationId is not None:
        # The reservation is used up (H01.FR.15).
        station.reservations.pop(event.reservationId, None)


def _drop_profiles_of(station: Station, transaction_id: str) -> None:
    """Drop the TxProfiles of a transaction that has ended (K02.FR.05)."""
    for profile_id, known in list(station.charging_profiles.items()):
        if known["chargingProfile"].get("transactionId") == transaction_id:
            del station.charging_profiles[profile_id]


def _new_transaction(station: Station, transaction_id: str, started_at: str) -> Transaction:
    if len(transaction_id) > MAX_TRANSACTION_TEXT:
        raise ValueError("the transactionId is too long")
    transaction = Transaction(transaction_id, started_at=started_at[:MAX_TRANSACTION_TEXT])
    station.transactions[transaction_id] = transaction
    return transaction


def _add_report_part(station: Station, call: Call, field: str) -> None:
    """Add a part of a report; ``field`` is the property of the payload that has the items."""
    content = call.content
    key = (call.action, content.requestId)
    report = station.reports.get(key) or Report(field)
    seq_no = getattr(content, "seqNo", None)
    part = len(report.parts) if seq_no is None else seq_no
    if not isinstance(part, int):
        raise TypeError("seqNo is not an integer")
    if not isinstance(content.requestId, int):
        raise TypeError("requestId is not an integer")
    station.reports[key] = report
    report.add(part, masked_frame(call.raw), more=content.tbc or False)
    station.reports.make_room()


def _learn_device_report(station: Station, call: Call) -> None:
    _add_report_part(station, call, "reportData")
    station.device_model.report(call.content.reportData or [])


def _learn_monitoring_report(station: Station, call: Call) -> None:
    _add_report_part(station, call, "monitor")
    for item in call.payload.get("monitor", []):
        for monitor in item["variableMonitoring"]:
            station.monitors[integer(monitor["id"])] = {
                **monitor,
                "component": item["component"],
                "variable": item["variable"],
            }


def _learn_profiles_report(station: Station, call: Call) -> None:
    _add_report_part(station, call, "chargingProfile")
    for profile in call.payload["chargingProfile"]:
        if not isinstance(profile.get("transactionId", ""), str):
            raise TypeError("transactionId is not a string")
        known = {"evseId": integer(call.content.evseId), "chargingProfile": profile}
        station.charging_profiles[integer(profile["id"])] = known


def _learn_display_messages(station: Station, call: Call) -> None:
    _add_report_part(station, call, "messageInfo")
    for message in call.payload.get("messageInfo", []):
        station.display_messages[integer(message["id"])] = message


def _learn_customer_information(station: Station, call: Call) -> None:
    _add_report_part(station, call, "data")


def _drop_reservation(station: Station, call: Call) -> None:
    station.reservations.pop(call.content.reservationId, None)


def _learn_charging_limit(station: Station, call: Call) -> None:
    notice = call.content
    station.charging_limits[notice.chargingLimit.chargingLimitSource, notice.evseId] = call.payload


def _drop_charging_limit(station: Station, call: Call) -> None:
    source, evse_id = call.content.chargingLimitSource, call.content.evseId
    for key in list(station.charging_limits):
        if key[0] == source and evse_id in {None, key[1]}:
            del station.charging_limits[key]


def _learn_charging_needs(station: Station, call: Call) -> None:
    station.charging_needs[call.content.evseId] = call.payload["chargingNeeds"]


def _learn_charging_schedule(station: Station, call: Call) -> None:
    station.charging_schedules[call.content.evseId] = call.payload["chargingSchedule"]


def _learn_firmware_status(station: Station, call: Call) -> None:
    station.firmware_status = call.content.status[:MAX_TRANSACTION_TEXT]


def _learn_published_firmware_status(station: Station, call: Call) -> None:
    station.published_firmware_status = call.content.status[:MAX_TRANSACTION_TEXT]


def _learn_log_status(station: Station, call: Call) -> None:
    station.log_status = call.content.status[:MAX_TRANSACTION_TEXT]


def _learn_csr(station: Station, call: Call) -> None:
    station.csr = within(call.content.csr, MAX_BOOT_BYTES)
    station.csr_type = within(call.content.certificateType, MAX_TRANSACTION_TEXT)


def _learn_security_event(station: Station, call: Call) -> None:
    station.security_events.append(call.payload)


LEARN_FROM_MESSAGE: Final[Mapping[str, Callable[[Station, Call], None]]] = {
    action.value: learn
    for action, learn in {
        Action.boot_notification: _learn_boot,
        Action.cleared_charging_limit: _drop_charging_limit,
        Action.firmware_status_notification: _learn_firmware_status,
        Action.log_status_notification: _learn_log_status,
        Action.notify_charging_limit: _learn_charging_limit,
        Action.notify_customer_information: _learn_customer_information,
        Action.notify_display_messages: _learn_display_messages,
        Action.notify_ev_charging_needs: _learn_charging_needs,
        Action.notify_ev_charging_schedule: _learn_charging_schedule,
        Action.notify_event: _learn_variables,
        Action.notify_monitoring_report: _learn_monitoring_report,
        Action.notify_report: _learn_device_report,
        Action.publish_firmware_status_notification: _learn_published_firmware_status,
        Action.report_charging_profiles: _learn_profiles_report,
        Action.reservation_status_update: _drop_reservation,
        Action.security_event_notification: _learn_security_event,
        Action.sign_certificate: _learn_csr,
        Action.status_notification: _learn_connector_status,
        Action.transaction_event: _learn_transaction,
    }.items()
}
"""Functions that learn from messages, by action; string keys are faster to look up than enum members."""


def _after_get_variables(station: Station, _: JsonObject, answer: JsonObject) -> None:
    for result in answer["getVariableResult"]:
        if result["attributeStatus"] == "Accepted":
            value, kind = result.get("attributeValue"), result.get("attributeType")
            station.device_model.set(result["component"], result["variable"], value, kind)
        _note_if_unknown(station, result, result["attributeStatus"])


def _note_if_unknown(station: Station, result: JsonObject, status: str) -> None:
    if status in {"UnknownComponent", "UnknownVariable"}:
        station.unknown_variables[variable_key(result["component"], result["variable"])] = None


def _after_set_variables(station: Station, request: JsonObject, answer: JsonObject) -> None:
    """Store the accepted values under the names in the results, whose case may differ from the request."""
    accepted = {
        _attribute_key(result): (result["component"], result["variable"])
        for result in answer["setVariableResult"]
        if result["attributeStatus"] == "Accepted"
    }
    for result in answer["setVariableResult"]:
        _note_if_unknown(station, result, result["attributeStatus"])
    for item in request["setVariableData"]:
        if names := accepted.get(_attribute_key(item)):
            station.device_model.set(*names, item["attributeValue"], item.get("attributeType"))


def _attribute_key(item: JsonObject) -> tuple[str, str]:
    """Key of an attribute of a variable. Names are identifierStrings, so case does not matter."""
    name = variable_key(item["component"], item["variable"]).lower()
    return name, item.get("attributeType", ACTUAL)


def _after_set_variable_monitoring(station: Station, request: JsonObject, answer: JsonObject) -> None:
    """Store each accepted monitor. Results may be in any order, so each is matched to its item in the request
    by the fields that it repeats.
    """
    for result in answer["setMonitoringResult"]:
        _note_if_unknown(station, result, result["status"])
        if result["status"] == "Accepted" and "id" in result:
            matching = (item for item in request["setMonitoringData"] if _is_result_of(result, item))
            station.monitors[integer(result["id"])] = {**next(matching, result), "id": result["id"]}
            station.custom_monitors[result["id"]] = None


def _is_result_of(result: JsonObject, item: JsonObject) -> bool:
    return all(result[name] == item[name] for name in ("type", "severity", "component", "variable"))


def _after_set_monitoring_base(station: Station, request: JsonObject, answer: JsonObject) -> None:
    """Drop the custom monitors: FactoryDefault and HardWiredOnly delete them (N03.FR.04, N03.FR.05)."""
    if answer["status"] == "Accepted" and request["monitoringBase"] != "All":
        for monitor_id in station.custom_monitors:
            station.monitors.pop(monitor_id, None)
        station.custom_monitors.clear()


def _after_clear_variable_monitoring(station: Station, _: JsonObject, answer: JsonObject) -> None:
    for result in answer["clearMonitoringResult"]:
        if result["status"] in {"Accepted", "NotFound"}:
            station.monitors.pop(result["id"], None)
            station.custom_monitors.pop(result["id"], None)


def _after_set_charging_profile(station: Station, request: JsonObject, answer: JsonObject) -> None:
    if answer["status"] == "Accepted":
        station.charging_profiles[request["chargingProfile"]["id"]] = request


CLEARING_CRITERIA: Final = frozenset({"evseId", "chargingProfilePurpose", "stackLevel"})


def _after_clear_charging_profile(station: Station, request: JsonObject, answer: JsonObject) -> None:
    if answer["status"] != "Accepted":
        return
    for profile_id, entry in list(station.charging_profiles.items()):
        if _is_cleared(entry, request):
            del station.charging_profiles[profile_id]


def _is_cleared(entry: JsonObject, request: JsonObject) -> bool:
    """Return whether a ClearChargingProfile selects this profile, by id or (without an id) by criteria."""
    profile = entry["chargingProfile"]
    if "chargingProfileId" in request:
        return bool(profile["id"] == request["chargingProfileId"])
    criteria = request.get("chargingProfileCriteria", {})
    facts = {"evseId": entry["evseId"], **profile}
    return all(facts[name] == criteria[name] for name in CLEARING_CRITERIA & criteria.keys())


def _after_reserve_now(station: Station, request: JsonObject, answer: JsonObject) -> None:
    if answer["status"] == "Accepted":
        station.reservations[request["id"]] = request


def _after_request_start_transaction(station: Station, request: JsonObject, answer: JsonObject) -> None:
    if answer["status"] != "Accepted":
        return
    for reservation_id, reservation in list(station.reservations.items()):
        if _uses_reservation(request, reservation):
            del station.reservations[reservation_id]
            return


def _uses_reservation(start: JsonObject, reservation: JsonObject) -> bool:
    """Return whether a RequestStartTransaction uses a reservation, by token or group (H03.FR.09)."""
    reserved_evse, evse = reservation.get("evseId"), start.get("evseId")
    if reserved_evse is not None and evse is not None and reserved_evse != evse:
        return False
    group, reserved_group = start.get("groupIdToken"), reservation.get("groupIdToken")
    is_same_group = group is not None and reserved_group is not None and matches_token(group, reserved_group)
    return is_same_group or matches_token(start["idToken"], reservation["idToken"])


def _after_cancel_reservation(station: Station, request: JsonObject, answer: JsonObject) -> None:
    if answer["status"] == "Accepted":
        station.reservations.pop(request["reservationId"], None)


def _after_set_display_message(station: Station, request: JsonObject, answer: JsonObject) -> None:
    if answer["status"] == "Accepted":
        station.display_messages[request["message"]["id"]] = request["message"]


def _after_clear_display_message(station: Station, request: JsonObject, _: JsonObject) -> None:
    station.display_messages.pop(request["id"], None)


def _after_get_local_list_version(station: Station, _: JsonObject, answer: JsonObject) -> None:
    station.local_list_version = integer(answer["versionNumber"])
    if not station.local_list_version:
        station.local_list.clear()  # 0: the station has no list (D01.FR.18)


def _after_send_local_list(station: Station, request: JsonObject, answer: JsonObject) -> None:
    if answer["status"] != "Accepted":
        return
    station.local_list_version = request["versionNumber"]
    if request["updateType"] == "Full":
        station.local_list.clear()
    for entry in request.get("localAuthorizationList", []):
        key = id_token_key(entry["idToken"])
        station.local_list.pop(key, None)
        if "idTokenInfo" in entry:
            station.local_list[key] = entry["idToken"]


def _after_get_transaction_status(station: Station, request: JsonObject, answer: JsonObject) -> None:
    transaction = station.transaction(request.get("transactionId", ""))
    ongoing = answer.get("ongoingIndicator")
    if transaction is not None and isinstance(ongoing, bool):
        transaction.report_status(ongoing=ongoing, queued=answer["messagesInQueue"] is True)


def note_start_profile(station: Station, request: JsonObject, answer: JsonObject) -> None:
    """Store the TxProfile of an accepted RequestStartTransaction until its transaction is known (K05)."""
    if answer["status"] != "Accepted" or "chargingProfile" not in request:
        return
    entry = {"evseId": request.get("evseId", 0), "chargingProfile": request["chargingProfile"]}
    station.start_profiles[request["remoteStartId"]] = entry
    if transaction := station.transaction(answer.get("transactionId", "")):
        _attach_start_profile(station, request["remoteStartId"], transaction)


def _attach_start_profile(station: Station, remote_start_id: int, transaction: Transaction) -> None:
    entry = station.start_profiles.pop(remote_start_id)
    profile = {**entry["chargingProfile"], "transactionId": transaction.id}
    evse_id = entry["evseId"] or transaction.evse_id or 0
    station.charging_profiles[profile["id"]] = {"evseId": evse_id, "chargingProfile": profile}


def note_log_request(station: Station, request: JsonObject, answer: JsonObject, uploads: int) -> None:
    """Store an accepted GetLog, with the number of earlier uploads to the mock."""
    if answer["status"] != "Rejected":
        station.log_request = LogRequest(request["requestId"], request["log"]["remoteLocation"], uploads)


LEARN_FROM_ANSWER: Final[Mapping[str, Callable[[Station, JsonObject, JsonObject], None]]] = {
    **LEARN_OF_CERTIFICATES,
    Action.cancel_reservation: _after_cancel_reservation,
    Action.clear_charging_profile: _after_clear_charging_profile,
    Action.clear_display_message: _after_clear_display_message,
    Action.clear_variable_monitoring: _after_clear_variable_monitoring,
    Action.get_local_list_version: _after_get_local_list_version,
    Action.get_transaction_status: _after_get_transaction_status,
    Action.get_variables: _after_get_variables,
    Action.request_start_transaction: _after_request_start_transaction,
    Action.reserve_now: _after_reserve_now,
    Action.send_local_list: _after_send_local_list,
    Action.set_charging_profile: _after_set_charging_profile,
    Action.set_display_message: _after_set_display_message,
    Action.set_monitoring_base: _after_set_monitoring_base,
    Action.set_variable_monitoring: _after_set_variable_monitoring,
    Action.set_variables: _after_set_variables,
}
