"""JSON views of stations and profiles for the control API, with keys in camelCase as in OCPP."""

from dataclasses import fields
from datetime import UTC, datetime
from http import HTTPStatus
from typing import Any, Final

import msgspec
from pydantic.alias_generators import to_camel

from mock_csms.control.responses import encode, encoded, encoded_list, in_slices
from mock_csms.csms import Csms
from mock_csms.journal.store import format_seconds
from mock_csms.log.redact import masked
from mock_csms.log.secret_text import MASK
from mock_csms.messages import JsonObject
from mock_csms.ocppj.held import HeldAnswer
from mock_csms.settings import Profile
from mock_csms.stations.offline import Outage
from mock_csms.stations.station import Report, Station
from mock_csms.stations.transactions import Transaction
from mock_csms.text import timestamp
from mock_csms.versions import default_settings


def station_in_short(csms: Csms, station: Station) -> JsonObject:
    """Short form of a station, for lists."""
    session = csms.sessions.get(station.id)
    return {
        "id": station.id,
        "connected": session is not None,
        "connection": session.recorder.connection if session else None,
        "registration": station.registration,
        "boots": station.boots,
        "transactions": sum(1 for _ in station.running_transactions),
        "state": station.state,
    }


async def station_in_full(csms: Csms, station: Station) -> JsonObject:
    """Full state of a station, with long lists encoded already."""
    session = csms.sessions.get(station.id)
    pending = session.pending if session else None
    absence = csms.outages.of(station.id)
    station.reservations.drop_expired(datetime.now(UTC))
    return {
        **station_in_short(csms, station),
        "boot": station.boot,
        "connectors": _connectors(station),
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
        "pendingCall": {"messageId": pending.message_id, "action": pending.action} if pending else None,
    }


def _held_answer(held: HeldAnswer) -> JsonObject:
    return {"action": held.action, "messageId": held.message_id, "since": format_seconds(held.since)}


def outage(csms: Csms, of: Outage) -> JsonObject:
    """A time in which the mock is offline for a station, without the attempts."""
    return {
        "active": csms.outages.is_active(of),
        "refuse": of.refusal.value if isinstance(of.refusal, HTTPStatus) else of.refusal,
        "since": format_seconds(of.since),
        "until": None if of.until is None else format_seconds(of.until),
        "count": of.count,
    }


def _connectors(station: Station) -> list[JsonObject]:
    return [
        {"evseId": evse_id, "connectorId": connector_id, "connectorStatus": status}
        for (evse_id, connector_id), status in station.connectors.items()
    ]


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
"""Fields of a transaction that the view leaves out or shows in another form."""


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
        "missingSeqNos": sorted(transaction.missing),
        "meterStart": _reading(meter.first_at, meter.first_wh),
        "meterLast": _reading(meter.last_at, meter.last_wh),
        "energyWh": meter.wh,
        "totalCost": csms.profile(station.id).cost_of(transaction),
    }


def _reading(at: datetime | None, wh: float) -> JsonObject | None:
    return None if at is None else {"timestamp": timestamp(at.astimezone(UTC)), "wh": wh}


def profile(csms: Csms, of: Profile) -> JsonObject:
    """A profile as JSON, in camelCase; an unset value is the default of the served OCPP versions."""
    values: dict[str, Any] = of.model_dump(mode="json", include=set(Profile.model_fields), by_alias=True)
    values["tokens"] = {
        name: token.model_dump(mode="json", by_alias=True) for name, token in of.tokens.items()
    }
    values["password"] = of.password and MASK
    values |= {
        name: value for name, value in default_settings(csms.ocpp_versions).items() if values[name] is None
    }
    return {to_camel(name): masked(value) for name, value in values.items()}
