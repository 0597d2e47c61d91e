"""The scenario of the screenshots: a depot whose stations give each view something to show."""

import asyncio
from collections.abc import AsyncIterator, Iterable
from contextlib import AsyncExitStack, asynccontextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, Final

import httpx
import websockets

from mock_csms import MockCsms, Settings
from mock_csms.messages import JsonObject
from mock_csms.simulator.security_setup import SecuritySetup
from mock_csms.text import timestamp
from server import VERSIONS
from tests.browser.stations import BoxStation, box_station
from tests.support.station import OCPP_2_0_1, PATIENCE

PASSWORD: Final = "depot-password-01"
FAST: Final[JsonObject] = {"max_power_w": 150_000.0, "vendor": "Voltwerk", "model": "VW-150 DC"}
SLOW: Final[JsonObject] = {"max_power_w": 22_000.0, "vendor": "Lademeister", "model": "LM-22 AC"}
STATIONS: Final[dict[str, JsonObject]] = {
    "DEPOT-01": FAST,
    "DEPOT-02": FAST,
    "DEPOT-03": SLOW | {"connectors": 2},
    "DEPOT-04": SLOW | {"security": SecuritySetup(profile=1, password=PASSWORD)},
    "DEPOT-05": SLOW | {"evses": 4},
    "HALL-01": SLOW | {"misbehave": ["report-ocpp-1-6-status", "invent-security-event", "repeat-answer"]},
    "HALL-02": SLOW
    | {
        "misbehave": [
            "send-unknown-action",
            "omit-time-zone",
            "report-connector-zero",
            "answer-invalid-status",
        ],
        "sample_every_s": 5,
    },
    "HALL-03": SLOW,
}
"""Options of the stations for `box_station`, by identity."""
RULES: Final[list[JsonObject]] = [
    {
        "id": "slow-authorize",
        "when": {"action": "Authorize"},
        "then": {"fault": {"kind": "delay", "seconds": 0.4}},
    },
    {
        "id": "refuse-security-events",
        "when": {"action": "SecurityEventNotification", "station": "HALL-*"},
        "then": {"error": {"code": "InternalError", "description": "the database is down"}},
    },
    {
        "id": "guests-wait",
        "when": {"action": "handshake", "station": "GUEST-*"},
        "then": {"fault": {"kind": "503"}},
    },
]
TOKENS: Final[JsonObject] = {
    "AABBCCDD": {"type": "ISO14443", "personalMessage": "Welcome back", "language": "en"},
    "DEADBEEF": {"status": "Blocked", "type": "ISO14443"},
    "FLEET-07": {"groupIdToken": "FLEET", "cacheExpiry": 3600},
    "BROKE": {"status": "NoCredit"},
}
SETTINGS: Final[JsonObject] = {
    "port": 0,
    "control": "127.0.0.1:0",
    "seed": 7,
    "command": "TriggerMessage",
    "period": 30,
    "trigger_message": "Heartbeat",
    "cost_per_kwh": 0.45,
    "rules": RULES,
    "tokens": TOKENS,
    "password": PASSWORD,
}
STEPS_KW: Final = ((0, 40), (4, 95), (9, 150), (18, 110), (24, 70), (900, 95), (1800, 40), (2700, 110))
"""Periods of a charging schedule as start in seconds and power in kW: some begin while the vehicles charge,
others in the hour after."""
SITE_STEPS_KW: Final = ((0, 200), (1200, 130), (2400, 200))


@asynccontextmanager
async def depot(folder: Path, *, charge_s: float) -> AsyncIterator[MockCsms]:
    """Run the depot and let its vehicles charge for this many seconds; ``folder`` gets the journal."""
    settings = Settings.model_validate(SETTINGS | {"journal": folder / "depot.ndjson"})
    async with AsyncExitStack() as stack:
        mock = await stack.enter_async_context(MockCsms(settings, VERSIONS))
        api = await stack.enter_async_context(
            httpx.AsyncClient(base_url=mock.control_url, timeout=PATIENCE, trust_env=False)
        )
        stations = {
            identity: await stack.enter_async_context(box_station(mock.url, identity, **options))
            for identity, options in STATIONS.items()
        }
        await _prepare(api, stations)
        await _charge(api, stations, charge_s)
        await _disturb(api, mock, stations)
        yield mock


def broken_entry(mock: MockCsms) -> int:
    """Journal number of the CALL that the first finding ``call-violates-schema`` is about."""
    findings = mock.csms.records.findings
    return next(finding.frames[0] for finding in findings if finding.id == "call-violates-schema")


async def _prepare(api: httpx.AsyncClient, stations: dict[str, BoxStation]) -> None:
    """Configure the stations, as an operator would before the first vehicle."""
    await _note(api, "morning: configure the depot")
    await _send(api, "DEPOT-01", GetBaseReport={})
    await _send(
        api,
        "DEPOT-01",
        SetChargingProfile=_profile("ChargingStationMaxProfile", 0, SITE_STEPS_KW, evse_id=0, number=1),
    )
    await _send(api, "DEPOT-01", SetChargingProfile=_profile("TxDefaultProfile", 0, [(0, 120)], number=2))
    await _send(api, "DEPOT-01", SetChargingProfile=_profile("TxDefaultProfile", 1, STEPS_KW, number=3))
    for text in ("Welcome to the depot", "Bay 2 is reserved from 14:00"):
        await _send(api, "DEPOT-01", SetDisplayMessage={"message": _message(text)})
    await _send(api, "DEPOT-01", ReserveNow=_reservation(2))
    await _send(api, "DEPOT-01", GetInstalledCertificateIds={}, InstallCertificate={}, GetLog={})
    await _send(api, "DEPOT-02", UpdateFirmware={}, GetVariables={})
    await _send(api, "DEPOT-05", ChangeAvailability=_inoperative(4))


async def _charge(api: httpx.AsyncClient, stations: dict[str, BoxStation], charge_s: float) -> None:
    await _note(api, "the first vehicles arrive")
    stations["DEPOT-01"].do("plug-in evse=1 power=150000", "present AABBCCDD evse=1")
    stations["DEPOT-02"].do("plug-in evse=2 power=90000", "present FLEET-07 evse=2")
    stations["DEPOT-03"].do("plug-in evse=1 connector=2 power=22000", "present 11223344 evse=1")
    stations["DEPOT-04"].do("plug-in evse=1 power=11000", "present AABBCCDD evse=1")
    stations["HALL-01"].do("plug-in evse=1 power=7400", "present FLEET-07 evse=1")
    stations["HALL-03"].do("plug-in evse=2 power=22000", "present DEADBEEF evse=2")
    await asyncio.sleep(charge_s / 3)
    stations["DEPOT-02"].do("pause evse=2")
    stations["DEPOT-03"].do("plug-in evse=2 power=11000", "present 55667788 evse=2")
    await asyncio.sleep(charge_s / 6)
    stations["DEPOT-02"].do("resume evse=2")
    stations["DEPOT-03"].do("site-limit 20")
    await asyncio.sleep(charge_s / 2)


async def _disturb(api: httpx.AsyncClient, mock: MockCsms, stations: dict[str, BoxStation]) -> None:
    """Break a connector, restart a station, refuse a guest and lose a connection."""
    await _note(api, "afternoon: a connector breaks, a guest is turned away")
    stations["DEPOT-04"].do("unplug evse=1")
    stations["DEPOT-05"].do("fault evse=2", "park evse=3", "plug-in evse=3")
    stations["HALL-02"].do("plug-in evse=1", "present 55667788 evse=1")
    await _send(api, "HALL-01", ClearCache={}, GetVariables={})
    await _send(api, "HALL-02", ClearCache={})
    await _send(api, "DEPOT-05", Reset={"type": "Immediate"})
    await stations["DEPOT-05"].wait_for("boot answered", times=2)
    try:
        async with websockets.connect(f"{mock.url}/GUEST-7", subprotocols=[OCPP_2_0_1]):
            raise AssertionError("the guest was not turned away")
    except websockets.InvalidStatus:
        pass
    stations["HALL-03"].do("offline")
    await stations["HALL-03"].wait_for("offline")


# Requests


async def _note(api: httpx.AsyncClient, text: str) -> None:
    (await api.post("/v1/journal/notes", json={"text": text})).raise_for_status()


async def _send(api: httpx.AsyncClient, station_id: str, **calls: JsonObject) -> None:
    """Send commands; an empty payload stands for the default one."""
    for action, payload in calls.items():
        body = {"action": action, **({"payload": payload} if payload else {})}
        answer = await api.post(f"/v1/stations/{station_id}/calls", json=body)
        if answer.is_error:
            raise AssertionError(f"{action} to {station_id}: {answer.text}")


def _profile(
    purpose: str, stack_level: int, steps_kw: Iterable[tuple[int, int]], *, number: int, evse_id: int = 1
) -> JsonObject:
    periods: list[Any] = [
        {"startPeriod": start, "limit": kilowatts * 1000.0} for start, kilowatts in steps_kw
    ]
    schedule = {"id": number, "chargingRateUnit": "W", "chargingSchedulePeriod": periods}
    is_relative = purpose == "TxDefaultProfile"
    start = {} if is_relative else {"startSchedule": timestamp(datetime.now(UTC))}
    return {
        "evseId": evse_id,
        "chargingProfile": {
            "id": number,
            "stackLevel": stack_level,
            "chargingProfilePurpose": purpose,
            "chargingProfileKind": "Relative" if is_relative else "Absolute",
            "chargingSchedule": [schedule | start],
        },
    }


def _message(text: str) -> JsonObject:
    content = {"format": "UTF8", "language": "en", "content": text}
    return {"id": len(text), "priority": "NormalCycle", "message": content}


def _reservation(evse_id: int) -> JsonObject:
    return {
        "id": 42,
        "evseId": evse_id,
        "expiryDateTime": timestamp(datetime.now(UTC) + timedelta(hours=2)),
        "idToken": {"idToken": "FLEET-07", "type": "ISO14443"},
    }


def _inoperative(evse_id: int) -> JsonObject:
    return {"operationalStatus": "Inoperative", "evse": {"id": evse_id}}
