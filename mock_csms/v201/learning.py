"""Learn about a station from its messages, its answers and what it is asked to send."""

from collections.abc import Callable, Mapping
from typing import Any, Final

from ocpp.v201.enums import Action

from mock_csms.messages import Call, JsonObject
from mock_csms.stations.bounded import MAX_REMEMBERED
from mock_csms.stations.device_model import ACTUAL, variable_key
from mock_csms.stations.station import Attempts, Report, Station
from mock_csms.stations.transactions import Transaction
from mock_csms.v201.solicited import solicited_by


def learn_from_message(station: Station, call: Call) -> None:
    """Learn from a message of the station; may raise UNREADABLE_PAYLOAD if it breaks its schema."""
    if learn := LEARN_FROM_MESSAGE.get(call.action):
        learn(station, call)


def learn_from_answer(station: Station, action: str, request: JsonObject, answer: JsonObject) -> None:
    """Learn from the station's answer to a command; may raise UNREADABLE_PAYLOAD if it breaks its schema."""
    if learn := LEARN_FROM_ANSWER.get(action):
        learn(station, request, answer)


def solicit(station: Station, action: str, request: JsonObject) -> None:
    """Note which messages a command asks a Pending station for (B02.FR.09, TC_B_30_CSMS)."""
    if station.registration == "Pending":
        station.solicited.update(solicited_by(action, request))


def was_solicited(station: Station, action: str, payload: JsonObject) -> bool:
    """Tell whether a message was solicited by a command, by its requestId or by a TriggerMessage."""
    return not station.solicited.isdisjoint({(action, payload.get("requestId")), (action, None)})


def note_attempt(
    station: Station, event: JsonObject, moment: float, *, withheld: bool
) -> tuple[int, float] | None:
    """Count the attempts at a TransactionEvent, from the first that is withheld a good answer on (E13).

    Returns how many there were and the seconds since the one before, unless this is the first.
    """
    key = event["transactionInfo"]["transactionId"], event["seqNo"]
    known = station.attempts.get(key)
    if known is None:
        if withheld:
            station.attempts[key] = Attempts(1, moment)
        return None
    since, known.last = moment - known.last, moment
    known.count += 1
    return known.count, since


def _boot(station: Station, call: Call) -> None:
    station.boot = call.payload
    station.boots += 1


def _connector_status(station: Station, call: Call) -> None:
    notice = call.content
    connector, status = (notice.evseId, notice.connectorId), notice.connectorStatus
    if station.connectors.get(connector) != status:
        station.connectors[connector] = status


def _events(station: Station, call: Call) -> None:
    for event in call.payload["eventData"]:
        component, variable = event["component"], event["variable"]
        station.device_model.set(component, variable, event["actualValue"])
        evse = component.get("evse", {})
        if (component["name"], variable["name"]) == ("Connector", "AvailabilityState") and evse:
            station.connectors[evse["id"], evse.get("connectorId", 1)] = event["actualValue"]


def _transaction(station: Station, call: Call) -> None:
    event = call.content
    transaction_id = event.transactionInfo.transactionId
    transaction = station.transaction(transaction_id)
    if transaction is None:
        transaction = station.transactions[transaction_id] = Transaction(transaction_id)
    station.latest = transaction
    transaction.note(event)


def _report_part(station: Station, action: Action, content: Any, items: list[Any]) -> None:
    key = (action.value, content.requestId)
    report = station.reports.get(key) or Report()
    seq_no = getattr(content, "seqNo", None)
    part = len(report.parts) if seq_no is None else seq_no
    if not isinstance(part, int):
        raise TypeError("seqNo is no integer")
    station.reports[key] = report
    report.add(part, items, more=content.tbc or False)


def _device_report(station: Station, call: Call) -> None:
    items = call.content.reportData or []
    _report_part(station, Action.notify_report, call.content, items)
    station.device_model.report(items)


def _monitoring_report(station: Station, call: Call) -> None:
    items = call.payload.get("monitor", [])
    _report_part(station, Action.notify_monitoring_report, call.content, items)
    for item in items:
        for monitor in item["variableMonitoring"]:
            station.monitors[monitor["id"]] = {
                **monitor,
                "component": item["component"],
                "variable": item["variable"],
            }


def _profiles_report(station: Station, call: Call) -> None:
    content, profiles = call.content, call.payload["chargingProfile"]
    _report_part(station, Action.report_charging_profiles, content, profiles)
    for profile in profiles:
        station.charging_profiles[profile["id"]] = {"evseId": content.evseId, "chargingProfile": profile}


def _display_messages(station: Station, call: Call) -> None:
    items = call.payload.get("messageInfo", [])
    _report_part(station, Action.notify_display_messages, call.content, items)
    for message in items:
        station.display_messages[message["id"]] = message


def _customer_information(station: Station, call: Call) -> None:
    _report_part(station, Action.notify_customer_information, call.content, [call.content.data])


def _reservation_status(station: Station, call: Call) -> None:
    station.reservations.pop(call.content.reservationId, None)


def _charging_limit(station: Station, call: Call) -> None:
    notice = call.content
    station.charging_limits[notice.chargingLimit.chargingLimitSource, notice.evseId] = call.payload


def _cleared_limit(station: Station, call: Call) -> None:
    source, evse_id = call.content.chargingLimitSource, call.content.evseId
    for key in list(station.charging_limits):
        if key[0] == source and evse_id in {None, key[1]}:
            del station.charging_limits[key]


def _charging_needs(station: Station, call: Call) -> None:
    station.charging_needs[call.content.evseId] = call.payload["chargingNeeds"]


def _charging_schedule(station: Station, call: Call) -> None:
    station.charging_schedules[call.content.evseId] = call.payload["chargingSchedule"]


def _firmware_status(station: Station, call: Call) -> None:
    station.firmware_status = call.content.status


def _published_firmware_status(station: Station, call: Call) -> None:
    station.published_firmware_status = call.content.status


def _log_status(station: Station, call: Call) -> None:
    station.log_status = call.content.status


def _csr(station: Station, call: Call) -> None:
    station.csr = call.content.csr


def _security_event(station: Station, call: Call) -> None:
    station.security_events.append(call.payload)
    del station.security_events[:-MAX_REMEMBERED]


LEARN_FROM_MESSAGE: Final[Mapping[str, Callable[[Station, Call], None]]] = {
    action.value: learn
    for action, learn in {
        Action.boot_notification: _boot,
        Action.cleared_charging_limit: _cleared_limit,
        Action.firmware_status_notification: _firmware_status,
        Action.log_status_notification: _log_status,
        Action.notify_charging_limit: _charging_limit,
        Action.notify_customer_information: _customer_information,
        Action.notify_display_messages: _display_messages,
        Action.notify_ev_charging_needs: _charging_needs,
        Action.notify_ev_charging_schedule: _charging_schedule,
        Action.notify_event: _events,
        Action.notify_monitoring_report: _monitoring_report,
        Action.notify_report: _device_report,
        Action.publish_firmware_status_notification: _published_firmware_status,
        Action.report_charging_profiles: _profiles_report,
        Action.reservation_status_update: _reservation_status,
        Action.security_event_notification: _security_event,
        Action.sign_certificate: _csr,
        Action.status_notification: _connector_status,
        Action.transaction_event: _transaction,
    }.items()
}
"""By plain names, of which one is looked up for every message: members of an enumeration are slower."""


def _variables_got(station: Station, _: JsonObject, answer: JsonObject) -> None:
    for result in answer["getVariableResult"]:
        if result["attributeStatus"] == "Accepted":
            value, kind = result.get("attributeValue"), result.get("attributeType")
            station.device_model.set(result["component"], result["variable"], value, kind)


def _variables_set(station: Station, request: JsonObject, answer: JsonObject) -> None:
    accepted = {
        (variable_key(result["component"], result["variable"]), result.get("attributeType", ACTUAL))
        for result in answer["setVariableResult"]
        if result["attributeStatus"] == "Accepted"
    }
    for item in request["setVariableData"]:
        component, variable = item["component"], item["variable"]
        kind = item.get("attributeType", ACTUAL)
        if (variable_key(component, variable), kind) in accepted:
            station.device_model.set(component, variable, item["attributeValue"], kind)


def _monitoring_set(station: Station, request: JsonObject, answer: JsonObject) -> None:
    """Find the request of each result by what the result repeats of it; results come in any order."""
    for result in answer["setMonitoringResult"]:
        if result["status"] == "Accepted" and "id" in result:
            asked = (item for item in request["setMonitoringData"] if _is_result_of(result, item))
            station.monitors[result["id"]] = {**next(asked, result), "id": result["id"]}


def _is_result_of(result: JsonObject, item: JsonObject) -> bool:
    return all(result[name] == item[name] for name in ("type", "severity", "component", "variable"))


def _monitoring_cleared(station: Station, _: JsonObject, answer: JsonObject) -> None:
    for result in answer["clearMonitoringResult"]:
        if result["status"] in {"Accepted", "NotFound"}:
            station.monitors.pop(result["id"], None)


def _profile_set(station: Station, request: JsonObject, answer: JsonObject) -> None:
    if answer["status"] == "Accepted":
        station.charging_profiles[request["chargingProfile"]["id"]] = request


CLEARING_CRITERIA: Final = frozenset({"evseId", "chargingProfilePurpose", "stackLevel"})


def _profiles_cleared(station: Station, request: JsonObject, answer: JsonObject) -> None:
    if answer["status"] != "Accepted":
        return
    for profile_id, known in list(station.charging_profiles.items()):
        if _is_cleared(known, request):
            del station.charging_profiles[profile_id]


def _is_cleared(known: JsonObject, request: JsonObject) -> bool:
    """Tell whether a ClearChargingProfile means this profile: by its id if it names one, else by criteria."""
    profile = known["chargingProfile"]
    if "chargingProfileId" in request:
        return bool(profile["id"] == request["chargingProfileId"])
    criteria = request.get("chargingProfileCriteria", {})
    facts = {"evseId": known["evseId"], **profile}
    return all(facts[name] == criteria[name] for name in CLEARING_CRITERIA & criteria.keys())


def _reserved(station: Station, request: JsonObject, answer: JsonObject) -> None:
    if answer["status"] == "Accepted":
        station.reservations[request["id"]] = request


def _reservation_cancelled(station: Station, request: JsonObject, answer: JsonObject) -> None:
    if answer["status"] == "Accepted":
        station.reservations.pop(request["reservationId"], None)


def _message_set(station: Station, request: JsonObject, answer: JsonObject) -> None:
    if answer["status"] == "Accepted":
        station.display_messages[request["message"]["id"]] = request["message"]


def _message_cleared(station: Station, request: JsonObject, _: JsonObject) -> None:
    station.display_messages.pop(request["id"], None)


def _local_list_version(station: Station, _: JsonObject, answer: JsonObject) -> None:
    station.local_list_version = answer["versionNumber"]


def _local_list_sent(station: Station, request: JsonObject, answer: JsonObject) -> None:
    if answer["status"] == "Accepted":
        station.local_list_version = request["versionNumber"]


def _certificate_ids(station: Station, _: JsonObject, answer: JsonObject) -> None:
    station.certificates = answer.get("certificateHashDataChain", [])


def _transaction_status(station: Station, request: JsonObject, answer: JsonObject) -> None:
    transaction = station.transaction(request.get("transactionId", ""))
    if transaction and answer.get("ongoingIndicator") is False:
        transaction.ended = True


def _trigger_refused(station: Station, request: JsonObject, answer: JsonObject) -> None:
    if answer["status"] != "Accepted":
        station.solicited.difference_update(solicited_by(Action.trigger_message, request))


LEARN_FROM_ANSWER: Final[Mapping[str, Callable[[Station, JsonObject, JsonObject], None]]] = {
    Action.cancel_reservation: _reservation_cancelled,
    Action.clear_charging_profile: _profiles_cleared,
    Action.clear_display_message: _message_cleared,
    Action.clear_variable_monitoring: _monitoring_cleared,
    Action.get_installed_certificate_ids: _certificate_ids,
    Action.get_local_list_version: _local_list_version,
    Action.get_transaction_status: _transaction_status,
    Action.get_variables: _variables_got,
    Action.reserve_now: _reserved,
    Action.send_local_list: _local_list_sent,
    Action.set_charging_profile: _profile_set,
    Action.set_display_message: _message_set,
    Action.set_variable_monitoring: _monitoring_set,
    Action.set_variables: _variables_set,
    Action.trigger_message: _trigger_refused,
}
