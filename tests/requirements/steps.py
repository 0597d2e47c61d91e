"""Steps that tests of requirements share."""

import re

import pytest
from ocpp.v201 import call

from tests.support.station import Station, now
from tests.support.station_case import StationCase


def broken_requirements(caplog: pytest.LogCaptureFixture, case: StationCase) -> list[str]:
    """Return the requirements that, according to the log, are broken by commands to the station of a case."""
    lines = [record.getMessage() for record in caplog.records]
    return [
        requirement
        for line in lines
        if line.startswith(f"{case.station_id}  ") and " is sent, but " in line
        for requirement in re.findall(r"[A-Z]\d\d\.FR\.\d\d", line)
    ]


async def report_variable(
    station: Station, component: str, variable: str, value: str, instance: str | None = None
) -> None:
    """Send a NotifyEvent with the value of a variable; unlike a NotifyReport, it needs no earlier command."""
    event = {
        "event_id": 1,
        "timestamp": now(),
        "trigger": "Delta",
        "actual_value": value,
        "event_notification_type": "HardWiredNotification",
        "component": {"name": component},
        "variable": {"name": variable} if instance is None else {"name": variable, "instance": instance},
    }
    await station.send(call.NotifyEvent(generated_at=now(), seq_no=0, event_data=[event]))
