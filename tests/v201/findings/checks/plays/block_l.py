"""How a misbehaving station causes the findings about firmware."""

from tests.support.observed_station import FILES_URL, ObservedStation
from tests.support.talk import stamp
from tests.v201.findings.checks.plays.block_c import charge, read, stop
from tests.v201.findings.checks.scenes import Scene

LATER_S = 70
"""Seconds; more than the clock error that the checks allow a station."""
UPDATE_S = 20
"""Seconds that an update with its reboot takes."""
CHECKSUM = "0" * 32


def update(observed: ObservedStation, request_id: int = 1, *, retrieve_s: int = -1, **firmware: str) -> None:
    location = {
        "location": f"{FILES_URL}firmware",
        "retrieveDateTime": stamp(observed.host.time() + retrieve_s),
    }
    observed.command("UpdateFirmware", {"requestId": request_id, "firmware": {**location, **firmware}})


def download_later(observed: ObservedStation) -> None:
    update(observed, retrieve_s=LATER_S)
    observed.advance(LATER_S + 5)


def install_later(observed: ObservedStation) -> None:
    update(observed, installDateTime=stamp(observed.host.time() + LATER_S))
    observed.advance(LATER_S + UPDATE_S)


def update_with_unreadable_certificate(observed: ObservedStation) -> None:
    update(observed, signingCertificate="certificate", signature="signature")
    observed.advance(70)


def replace_update(observed: ObservedStation) -> None:
    update(observed, retrieve_s=LATER_S)
    observed.advance(1)
    update(observed, 2)
    observed.advance(UPDATE_S)


def trigger_status(observed: ObservedStation) -> None:
    update(observed)
    observed.advance(2 * UPDATE_S)
    observed.command("TriggerMessage", {"requestedMessage": "FirmwareStatusNotification"})
    observed.advance(5)
    update(observed, 2, retrieve_s=LATER_S)
    observed.advance(2)
    observed.command("TriggerMessage", {"requestedMessage": "FirmwareStatusNotification"})
    observed.advance(5)


def publish(observed: ObservedStation) -> None:
    request = {"location": f"{FILES_URL}firmware", "checksum": CHECKSUM, "requestId": 1}
    observed.command("PublishFirmware", request)
    observed.advance(5)


def unpublish(observed: ObservedStation) -> None:
    publish(observed)
    for _ in range(2):
        observed.command("UnpublishFirmware", {"checksum": CHECKSUM})


def finish_update(observed: ObservedStation) -> None:
    update(observed)
    observed.advance(UPDATE_S + 330)


def end_transaction_offline_before_activation(observed: ObservedStation) -> None:
    charge(observed)
    update(observed)
    observed.advance(5)
    observed.link.drop()
    observed.advance(1)
    stop(observed)
    observed.advance(60)


def wait_for_transaction(observed: ObservedStation) -> None:
    read(observed, "ChargingStation.AllowNewSessionsPendingFirmwareUpdate")
    charge(observed)
    update(observed)
    observed.advance(70)


SCENES = {
    "firmware-download-not-scheduled": Scene(download_later),
    "firmware-installation-not-scheduled": Scene(install_later),
    "firmware-event-missing": Scene(update_with_unreadable_certificate),
    "firmware-update-not-cancelled": Scene(replace_update),
    "triggered-firmware-status-wrong": Scene(trigger_status),
    "published-without-location": Scene(publish),
    "unpublish-answer-wrong": Scene(unpublish),
    "firmware-installed-not-reported": Scene(finish_update),
    "firmware-activated-during-transaction": Scene(
        end_transaction_offline_before_activation,
        {"update_while_charging": "install"},
        also=frozenset({"stopped-reason-unlikely"}),
    ),
    "available-during-firmware-update": Scene(wait_for_transaction),
}
