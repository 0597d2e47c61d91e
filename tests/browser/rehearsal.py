"""A half-finished run of the certification rehearsal, with an open prompt, for the page to show."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from datetime import UTC, datetime, timedelta
from typing import Final

from mock_csms.certify.all_cases import ALL_CASES
from mock_csms.certify.catalogue import CATALOGUE, CatalogueEntry
from mock_csms.client import AsyncClient
from mock_csms.messages import JsonObject
from mock_csms.text import timestamp

PROFILES: Final = ("Core", "AdvancedSecurity")
FAILED: Final = {
    "TC_B_12_CS": "SetVariables of HeartbeatInterval was answered with Rejected; expected Accepted",
    "TC_C_08_CS": "no TransactionEvent with triggerReason StopAuthorized came within 30 s",
}
INCONCLUSIVE: Final = {"TC_C_37_CS": "the station did not reach Authorized, which TC_C_02_CS is about"}
RUNNING: Final = "TC_E_09_CS"
PROMPT: Final = "Plug a cable into EVSE 1"
DETAIL: Final = "The vehicle must be ready to charge. TC_E_09_CS goes on as soon as the station reports it."


@asynccontextmanager
async def rehearsing(control_url: str, station: str) -> AsyncIterator[None]:
    """Report a run that waits at the prompt of the case `RUNNING`; delete the run when the context ends."""
    async with AsyncClient(control_url) as csms:
        boot, *_ = await csms.journal(station=station, action="BootNotification")
        await _report(csms, station, boot.number)
        asking = asyncio.create_task(csms.rehearsal.ask(PROMPT, DETAIL))
        try:
            yield
        finally:
            asking.cancel()
            with suppress(asyncio.CancelledError):
                await asking
            await csms.rehearsal.delete()


async def _report(csms: AsyncClient, station: str, frame: int) -> None:
    cases = [_planned(entry) for entry in CATALOGUE.values()]
    await csms.rehearsal.begin(station, cases, started_at=timestamp(datetime.now(UTC) - timedelta(minutes=4)))
    ids = [planned["id"] for planned in cases if planned["applies"]]
    for case_id in ids[: ids.index(RUNNING)]:
        await csms.rehearsal.progress(_done(case_id, frame))
    steps = [
        {"text": "the station reports EVSE 1, connector 1: Available", "outcome": "ok", "frame": frame},
        {"text": "a person plugs in at EVSE 1", "outcome": "running"},
    ]
    await csms.rehearsal.progress({"id": RUNNING, "verdict": "RUNNING", "steps": steps})


def _planned(entry: CatalogueEntry) -> JsonObject:
    is_claimed = any(profile in PROFILES for profile in entry.profiles)
    skipped = {} if is_claimed else {"skipped": "the station claims none of its profiles"}
    use_cases = ", ".join(entry.use_cases)
    return {
        "id": entry.id,
        "title": ALL_CASES[entry.id].title if entry.id in ALL_CASES else f"A case of {use_cases}",
        "block": entry.block,
        "profiles": list(entry.profiles),
        "mandatory": entry.is_mandatory(PROFILES),
        "applies": is_claimed,
        **skipped,
    }


def _done(case_id: str, frame: int) -> JsonObject:
    for verdict, reasons in (("FAIL", FAILED), ("INCONCLUSIVE", INCONCLUSIVE)):
        if reason := reasons.get(case_id):
            return {"id": case_id, "verdict": verdict, "reason": reason, "frame": frame, "seconds": 12.5}
    return {"id": case_id, "verdict": "PASS", "seconds": 1.25}
