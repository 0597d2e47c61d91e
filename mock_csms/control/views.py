"""JSON views of stations and profiles for the control API, with keys in camelCase as in OCPP."""

from dataclasses import fields
from datetime import UTC, datetime
from http import HTTPStatus
from itertools import islice
from typing import Any, Final

import msgspec
from pydantic.alias_generators import to_camel

from mock_csms.control.responses import encode, encoded, encoded_list, in_slices
from mock_csms.csms import Csms
from mock_csms.findings.kinds import FINDING_SEVERITIES
from mock_csms.journal.store import format_seconds
from mock_csms.log.redact import masked
from mock_csms.log.secret_text import MASK
from mock_csms.messages import JsonObject
from mock_csms.ocppj.held import HeldAnswer
from mock_csms.ocppj.session import Session
from mock_csms.settings import Profile
from mock_csms.stations.offline import Outage
from mock_csms.stations.station import Report, Station
from mock_csms.stations.transactions import MAX_TRANSACTION_TEXT, Transaction, parse_timestamp
from mock_csms.text import timestamp
from mock_csms.transport.address import host_and_port
from mock_csms.versions import default_settings

MAX_LISTED_TRANSACTIONS: Final = 20
"""Maximum running transactions in the short form of a station."""


def station_in_short(csms: Csms, station: Station) -> JsonObject:
    """Return the short form of a station's state as JSON, for lists of stations."""
    session = csms.sessions.get(station.id)
    absence = csms.outages.of(station.id)
    running = list(station.running_transactions)
    return {
        "id": station.id,
        "connected": session is not None,
        **_connection(session),
        "registration": station.registration,
        "boots": station.boots,
        "bootedAt": _seconds(station.booted_at),
        **_product(station.boot),
        "connectors": [
            {"evseId": evse_id, "connectorId": connector_id, "connectorStatus": status}
            for (evse_id, connector_id), status in station.connectors.items()
        ],
        "transactions": len(running),
        "running": [
            _running(csms, station, transaction) for transaction in islice(running, MAX_LISTED_TRANSACTIONS)
        ],
        **_activity(csms, station),
        "offline": absence is not None and csms.outages.is_active(absence),
        "pendingCall": _pending_call(session),
        "state": station.state,
    }


def _connection(session: Session | None) -> JsonObject:
    if session is None:
        names = ("connection", "connectedSince", "ocppVersion", "listener", "securityProfile", "remote")
        return dict.fromkeys(names)
    address = session.connection.remote_address
    return {
        "connection": session.recorder.connection,
        "connectedSince": format_seconds(session.recorder.connected_at),
        "ocppVersion": session.version.name,
        "listener": session.connection.port.name,
        "securityProfile": session.security_profile,
        "remote": host_and_port(*address[:2]) if address else None,
    }


def _product(boot: JsonObject | None) -> JsonObject:
    """Return the vendor, model and firmware in a BootNotification; None for each that is not a valid text."""
    facts = (boot or {}).get("chargingStation")
    facts = facts if isinstance(facts, dict) else {}
    return {
        "vendor": _text(facts.get("vendorName")),
        "model": _text(facts.get("model")),
        "firmware": _text(facts.get("firmwareVersion")),
    }


def _text(value: Any) -> str | None:
    return value[:MAX_TRANSACTION_TEXT] if isinstance(value, str) else None


def _activity(csms: Csms, station: Station) -> JsonObject:
    activity = csms.records.activities.of(station.id)
    findings = activity.findings
    return {
        "lastMessage": _seconds(activity.last_message),
        "findings": {severity: findings[severity] for severity in FINDING_SEVERITIES},
    }


def _seconds(at: float | None) -> str | None:
    return None if at is None else format_seconds(at)


def _running(csms: Csms, station: Station, transaction: Transaction) -> JsonObject:
    return {
        "transactionId": transaction.id,
        "evseId": transaction.evse_id,
        "connectorId": transaction.connector_id,
        "idToken": transaction.id_token,
        "chargingState": transaction.charging_state,
        "startedAt": _in_utc(parse_timestamp(transaction.started_at)),
        "energyWh": transaction.meter.wh,
        "totalCost": csms.profile(station.id).cost_of(transaction),
    }


def _in_utc(moment: datetime | None) -> str | None:
    """Format a station's time in UTC; None if it is not valid."""
    try:
        return None if moment is None else timestamp(moment.astimezone(UTC))
    except OverflowError:  # in the year 1 or 9999, with an offset
        return None


def _pending_call(session: Session | None) -> JsonObject | None:
    pending = session.pending if session else None
    return {"messageId": pending.message_id, "action": pending.action} if pending else None


async def stations_in_short(csms: Csms, since: int) -> msgspec.Raw:
    """Short forms, as a JSON list, of the stations that may have changed after the journal entry ``since``.

    0 means all stations.
    """
    parts = [
        encoded(station_in_short(csms, station))
        async for station in in_slices(list(csms.stations.values()))
        if csms.stations.get(station.id) is station and _may_have_changed(csms, station, since)
    ]
    return msgspec.Raw(b"[%b]" % b",".join(parts))


def _may_have_changed(csms: Csms, station: Station, since: int) -> bool:
    """Whether a station may have changed after the journal entry ``since``.

    A station with an offline period always counts: the period may end without a journal entry.
    """
    return csms.records.activities.has_changed(station.id, since) or csms.outages.of(station.id) is not None


async def station_in_full(csms: Csms, station: Station) -> JsonObject:
    """Return the full state of a station as JSON; its long lists are encoded already."""
    session = csms.sessions.get(station.id)
    absence = csms.outages.of(station.id)
    station.reservations.drop_expired(datetime.now(UTC))
    return {
        **station_in_short(csms, station),
        "boot": station.boot,
        "transactions": await encoded_list(
            _transaction(csms, station, transaction) for transaction in list(station.transactions.values())
        ),
        "deviceModel": await _device_model(station),
        "reports": [await _report(*key, report) for key, report in list(station.reports.items())],
        "monitors": await encoded_list(list(station.monitors.values())),
        **await _smart_charging(station),
        "reservations": await encoded_list(list(station.reservations.values())),
        "displayMessages": await encoded_list(list(station.display_messages.values())),
        "certificates": await encoded_list(list(station.certificates)),
        "heldRequests": await encoded_list(list(station.held_requests)),
        "heldAnswers": [_held_answer(held) for held in session.held] if session else [],
        "securityEvents": await encoded_list(list(station.security_events)),
        "localListVersion": station.local_list_version,
        "firmwareStatus": station.firmware_status,
        "publishedFirmwareStatus": station.published_firmware_status,
        "logStatus": station.log_status,
        "offline": absence and outage(csms, absence),
    }


def _held_answer(held: HeldAnswer) -> JsonObject:
    return {"action": held.action, "messageId": held.message_id, "since": format_seconds(held.since)}


def outage(csms: Csms, of: Outage) -> JsonObject:
    """Return an offline period of the mock as JSON, without its list of refused attempts."""
    return {
        "active": csms.outages.is_active(of),
        "refuse": of.refusal.value if isinstance(of.refusal, HTTPStatus) else of.refusal,
        "since": format_seconds(of.since),
        "until": None if of.until is None else format_seconds(of.until),
        "count": of.count,
    }


async def _smart_charging(station: Station) -> JsonObject:
    return {
        "chargingProfiles": await encoded_list(list(station.charging_profiles.values())),
        "chargingLimits": await encoded_list(list(station.charging_limits.values())),
        "chargingNeeds": await encoded_list(
            {"evseId": evse_id, "chargingNeeds": needs}
            for evse_id, needs in list(station.charging_needs.items())
        ),
        "chargingSchedules": await encoded_list(
            {"evseId": evse_id, "chargingSchedule": schedule}
            for evse_id, schedule in list(station.charging_schedules.items())
        ),
    }


async def _device_model(station: Station) -> msgspec.Raw:
    model = station.device_model
    variables = ((name, model[name]) for name in list(model) if name in model)
    parts = [b"%b:%b" % (encode(name), encoded(variable)) async for name, variable in in_slices(variables)]
    return msgspec.Raw(b"{%b}" % b",".join(parts))


async def _report(action: str, request_id: int, report: Report) -> JsonObject:
    items = await encoded_list(report.items)
    return {
        "action": action,
        "requestId": request_id,
        "complete": report.complete,
        "parts": sorted(report.parts),
        "missing": report.missing,
        "items": items,
    }


INTERNAL_FIELDS: Final = frozenset(
    {
        "authorized_by",
        "ended_at",
        "ended_seq_no",
        "first_seq_no",
        "id",
        "is_deauthorized",
        "meter",
        "missing",
        "sent_tariff",
        "started_at",
    }
)
"""Fields of a transaction that the view omits or shows in another form."""


def _transaction(csms: Csms, station: Station, transaction: Transaction) -> JsonObject:
    simple_fields = {
        to_camel(field.name): masked(getattr(transaction, field.name))
        for field in fields(transaction)
        if field.name not in INTERNAL_FIELDS
    }
    meter = transaction.meter
    return {
        "transactionId": transaction.id,
        **simple_fields,
        "startedAt": _in_utc(parse_timestamp(transaction.started_at)),
        "endedAt": _in_utc(parse_timestamp(transaction.ended_at)),
        "missingSeqNos": sorted(transaction.missing),
        "meterStart": _reading(meter.first_at, meter.first_wh),
        "meterLast": _reading(meter.last_at, meter.last_wh),
        "energyWh": meter.wh,
        "totalCost": csms.profile(station.id).cost_of(transaction),
    }


def _reading(at: datetime | None, wh: float) -> JsonObject | None:
    time = None if at is None else _in_utc(at)
    return None if time is None else {"timestamp": time, "wh": wh}


def profile(csms: Csms, of: Profile) -> JsonObject:
    """Return the settings of a station as JSON, with names in camelCase and with masked secrets.

    For a setting without a value, the JSON has the default of the served OCPP versions.
    """
    values: dict[str, Any] = of.model_dump(mode="json", include=set(Profile.model_fields), by_alias=True)
    values["tokens"] = {
        name: token.model_dump(mode="json", by_alias=True) for name, token in of.tokens.items()
    }
    values["password"] = of.password and MASK
    values |= {
        name: value for name, value in default_settings(csms.ocpp_versions).items() if values[name] is None
    }
    return {to_camel(name): masked(value) for name, value in values.items()}
