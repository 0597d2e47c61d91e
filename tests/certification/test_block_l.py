"""Firmware management: the cases TC_L_*_CSMS of Part 6, with their errata."""

from typing import Any

import pytest
from ocpp.v201 import call, call_result

from mock_csms.messages import JsonObject
from tests.certification.steps import SessionCase, report_connector
from tests.support.charging import in_seconds
from tests.support.station import now

pytestmark = pytest.mark.asyncio(loop_scope="session")

DOWNLOAD = ("Downloading", "Downloaded")
VERIFIED_DOWNLOAD = (*DOWNLOAD, "SignatureVerified")


# Secure firmware update (L01)


async def updates(session: SessionCase, status: str = "Accepted", **firmware: str) -> int:
    """Make the mock send an UpdateFirmware with these fields in its ``firmware``; return its requestId.

    The station answers with ``status``.
    """
    session.station.answers["UpdateFirmware"] = lambda **_: call_result.UpdateFirmware(status=status)
    payload = await default_payload(session, "UpdateFirmware")
    payload["firmware"].update(firmware)
    received, answer = await session.case.exchange(session.station, "UpdateFirmware", payload)
    assert received == payload
    assert answer == {"status": status}
    assert {"signingCertificate", "signature"} <= received["firmware"].keys()
    return int(received["requestId"])


async def default_payload(session: SessionCase, action: str) -> JsonObject:
    """The default payload of a command for the station."""
    parameters = {"station": session.case.station_id}
    answer = await session.case.client.get(f"/v1/actions/{action}", params=parameters)
    payload: JsonObject = answer.json()["defaultPayload"]
    return payload


async def report(session: SessionCase, request_id: int, *statuses: str) -> None:
    """Report the progress of an update; the mock then shows the last status."""
    for status in statuses:
        notification = call.FirmwareStatusNotification(status=status, request_id=request_id)
        assert await session.station.send(notification) == call_result.FirmwareStatusNotification()
    assert (await session.case.state())["firmwareStatus"] == statuses[-1]


async def reboot_and_report(session: SessionCase, request_id: int, status: str = "Installed") -> None:
    """Install the firmware with a reboot, after which the station reports its connectors and this status."""
    await report(session, request_id, "Installing", "InstallRebooting")
    assert (await session.station.boot("FirmwareUpdate")).status == "Accepted"
    await report_connector(session.station)
    await report(session, request_id, status)


async def report_security_event(session: SessionCase, kind: str) -> None:
    """Report a security event, which the mock then shows."""
    event = call.SecurityEventNotification(type=kind, timestamp=now())
    assert await session.station.send(event) == call_result.SecurityEventNotification()
    assert [shown["type"] for shown in (await session.case.state())["securityEvents"]] == [kind]


async def test_tc_l_01_csms_firmware_is_installed(session: SessionCase) -> None:
    request_id = await updates(session)
    await report(session, request_id, *VERIFIED_DOWNLOAD)
    await reboot_and_report(session, request_id)


async def test_tc_l_02_csms_installation_is_scheduled(session: SessionCase) -> None:
    request_id = await updates(session, installDateTime=in_seconds(60))
    await report(session, request_id, *VERIFIED_DOWNLOAD, "InstallScheduled")
    await reboot_and_report(session, request_id)


async def test_tc_l_03_csms_download_is_scheduled(session: SessionCase) -> None:
    request_id = await updates(session, retrieveDateTime=in_seconds(60))
    await report(session, request_id, "DownloadScheduled", *VERIFIED_DOWNLOAD)
    await reboot_and_report(session, request_id)


async def test_tc_l_04_csms_revoked_signing_certificate_is_handled(session: SessionCase) -> None:
    await updates(session, "RevokedCertificate")
    assert (await session.case.state())["firmwareStatus"] is None


async def test_tc_l_05_csms_invalid_signing_certificate_is_handled(session: SessionCase) -> None:
    await updates(session, "InvalidCertificate")
    await report_security_event(session, "InvalidFirmwareSigningCertificate")


async def test_tc_l_06_csms_invalid_signature_is_handled(session: SessionCase) -> None:
    await report(session, await updates(session), *DOWNLOAD, "InvalidSignature")
    await report_security_event(session, "InvalidFirmwareSignature")


async def test_tc_l_07_csms_failed_download_is_handled(session: SessionCase) -> None:
    await report(session, await updates(session), "Downloading", "DownloadFailed")


async def test_tc_l_08_csms_failed_verification_is_handled(session: SessionCase) -> None:
    request_id = await updates(session)
    await report(session, request_id, *VERIFIED_DOWNLOAD, "Installing", "InstallVerificationFailed")


async def test_tc_l_09_csms_failed_installation_is_handled(session: SessionCase) -> None:
    request_id = await updates(session)
    await report(session, request_id, *VERIFIED_DOWNLOAD)
    await reboot_and_report(session, request_id, "InstallationFailed")


async def test_tc_l_10_csms_second_update_replaces_the_first(session: SessionCase) -> None:
    first = await updates(session)
    await report(session, first, "Downloading")
    second = await updates(session, "AcceptedCanceled")
    assert second != first
    await report(session, second, *VERIFIED_DOWNLOAD)
    await reboot_and_report(session, second)


async def test_tc_l_11_csms_update_that_cannot_be_canceled_goes_on(session: SessionCase) -> None:
    request_id = await updates(session)
    await report(session, request_id, "Downloading")
    await updates(session, "Rejected")
    await report(session, request_id, "Downloaded", "SignatureVerified")
    await reboot_and_report(session, request_id)


async def test_tc_l_13_csms_update_waits_for_the_end_of_a_transaction(session: SessionCase) -> None:
    await session.transfer_energy()
    request_id = await updates(session)
    await report(session, request_id, "DownloadScheduled")
    await report_connector(session.station, "Unavailable", evse_id=2)
    await session.disconnect_vehicle()
    await report(session, request_id, *VERIFIED_DOWNLOAD)
    await reboot_and_report(session, request_id)


# Firmware for other stations (L03, L04)


async def publishes(session: SessionCase, *statuses: str, **last: Any) -> None:
    """Make the mock send a PublishFirmware; the station then reports these statuses, one after the other.

    The last report also has the fields ``last``. The mock must then show the last status.
    """
    location = "https://firmware.invalid/firmware.bin"
    payload = {"location": location, "checksum": "0" * 32, "requestId": 1}
    received, answer = await session.case.exchange(session.station, "PublishFirmware", payload)
    assert received == payload
    assert answer == {"status": "Accepted"}
    for status in statuses:
        fields = last if status == statuses[-1] else {}
        notification = call.PublishFirmwareStatusNotification(status=status, request_id=1, **fields)
        assert await session.station.send(notification) == call_result.PublishFirmwareStatusNotification()
    assert (await session.case.state())["publishedFirmwareStatus"] == statuses[-1]


async def test_tc_l_17_csms_firmware_is_published(session: SessionCase) -> None:
    locations = ["http://controller.invalid/firmware.bin"]
    await publishes(session, *DOWNLOAD, "ChecksumVerified", "Published", location=locations)


async def test_tc_l_24_csms_failed_download_of_a_publication_is_handled(session: SessionCase) -> None:
    await publishes(session, "Downloading", "DownloadFailed")


async def test_tc_l_19_csms_invalid_checksum_is_handled(session: SessionCase) -> None:
    await publishes(session, *DOWNLOAD, "InvalidChecksum")


async def test_tc_l_20_csms_failed_publication_is_handled(session: SessionCase) -> None:
    await publishes(session, *DOWNLOAD, "ChecksumVerified", "PublishFailed")


async def unpublishes(session: SessionCase, status: str) -> None:
    """Make the mock send an UnpublishFirmware, which the station answers with ``status``."""
    session.station.answers["UnpublishFirmware"] = lambda **_: call_result.UnpublishFirmware(status)
    payload = {"checksum": "0" * 32}
    received, answer = await session.case.exchange(session.station, "UnpublishFirmware", payload)
    assert received == payload
    assert answer == {"status": status}


async def test_tc_l_21_csms_firmware_is_unpublished(session: SessionCase) -> None:
    await unpublishes(session, "Unpublished")


async def test_tc_l_22_csms_station_without_published_firmware_is_handled(session: SessionCase) -> None:
    await unpublishes(session, "NoFirmware")


async def test_tc_l_23_csms_station_that_others_download_from_is_handled(session: SessionCase) -> None:
    await unpublishes(session, "DownloadOngoing")
