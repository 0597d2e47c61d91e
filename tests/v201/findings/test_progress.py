"""Checks of the order of firmware and log statuses."""

from collections.abc import Mapping

import pytest

from mock_csms.messages import JsonObject
from mock_csms.v201.findings.progress import FIRMWARE_ORDER, LOG_ORDER
from tests.support.talk import (
    FIRMWARE_STEPS,
    FIRMWARE_UPDATE,
    LOG_UPLOAD,
    Talk,
    case,
    schema_of,
)

# Firmware and logs (L01, N01)


def send_firmware_statuses(talk: Talk, *statuses: str, request_id: int = 5) -> None:
    for status in statuses:
        talk.call("FirmwareStatusNotification", {"status": status, "requestId": request_id})


def send_log_statuses(talk: Talk, *statuses: str, request_id: int = 6) -> None:
    for status in statuses:
        talk.call("LogStatusNotification", {"status": status, "requestId": request_id})


@pytest.mark.parametrize(
    "statuses",
    [
        case("plain", (*FIRMWARE_STEPS, "Installed")),
        case("repeated", tuple(status for status in FIRMWARE_STEPS for _ in range(2))),
        case("unsigned", ("Downloading", "Downloaded", "Installing", "Installed")),
        case(
            "scheduled",
            ("DownloadScheduled", *FIRMWARE_STEPS[:3], "InstallScheduled", "Installing", "Installed"),
        ),
        case("paused", ("Downloading", "DownloadPaused", "Downloading", "Downloaded")),
        case("retried", ("Downloading", "DownloadFailed", "Downloading", "DownloadFailed")),
        case("reboot before", (*FIRMWARE_STEPS[:3], "InstallRebooting", "Installing", "Installed")),
        case("reboot after", (*FIRMWARE_STEPS, "InstallRebooting", "Installed")),
        case("bad signature", ("Downloading", "Downloaded", "InvalidSignature")),
        case("bad installation", (*FIRMWARE_STEPS, "InstallationFailed")),
        case("bad image", (*FIRMWARE_STEPS[:3], "InstallVerificationFailed")),
    ],
)
def test_valid_firmware_update_is_accepted(talk: Talk, statuses: tuple[str, ...]) -> None:
    talk.command("UpdateFirmware", FIRMWARE_UPDATE)
    send_firmware_statuses(talk, *statuses)

    assert not talk.findings


def test_status_of_an_earlier_update_with_the_same_request_id_is_accepted(talk: Talk) -> None:
    talk.command("UpdateFirmware", FIRMWARE_UPDATE)
    send_firmware_statuses(talk, "Downloading")
    talk.command("UpdateFirmware", FIRMWARE_UPDATE, "Rejected")
    send_firmware_statuses(talk, "Downloaded")

    assert not talk.findings


@pytest.mark.parametrize(
    "statuses",
    [
        case("not downloading", ("Downloaded",)),
        case("not downloaded", ("Downloading", "SignatureVerified")),
        case("not installing", (*FIRMWARE_STEPS[:3], "Installed")),
        case("after installed", (*FIRMWARE_STEPS, "Installed", "Installing")),
        case("after failed installation", (*FIRMWARE_STEPS, "InstallationFailed", "Installed")),
        case("after bad signature", ("Downloading", "Downloaded", "InvalidSignature", "Installing")),
        case("back to downloading", ("Downloading", "Downloaded", "Downloading")),
    ],
)
def test_firmware_status_out_of_order_is_found(talk: Talk, statuses: tuple[str, ...]) -> None:
    talk.command("UpdateFirmware", FIRMWARE_UPDATE)
    send_firmware_statuses(talk, *statuses)

    assert talk.ids == ["firmware-status-out-of-order"]


@pytest.mark.parametrize(
    "statuses",
    [
        case("plain", ("Uploading", "Uploaded")),
        case("failed", ("Uploading", "UploadFailure")),
        case("retried", ("Uploading", "UploadFailure", "Uploading", "Uploaded")),
        case("cancelled", ("Uploading", "AcceptedCanceled")),
        case("refused at once", ("PermissionDenied",)),
    ],
)
def test_valid_log_upload_is_accepted(talk: Talk, statuses: tuple[str, ...]) -> None:
    talk.command("GetLog", LOG_UPLOAD)
    send_log_statuses(talk, *statuses)

    assert not talk.findings


@pytest.mark.parametrize(
    "statuses",
    [
        case("uploading after uploaded", ("Uploading", "Uploaded", "Uploading")),
        case("failed after uploaded", ("Uploading", "Uploaded", "UploadFailure")),
        case("uploading after cancelled", ("Uploading", "AcceptedCanceled", "Uploading")),
    ],
)
def test_log_status_out_of_order_is_found(talk: Talk, statuses: tuple[str, ...]) -> None:
    talk.command("GetLog", LOG_UPLOAD)
    send_log_statuses(talk, *statuses)

    assert talk.ids == ["log-status-out-of-order"]


def test_new_request_id_starts_a_new_upload(talk: Talk) -> None:
    talk.command("GetLog", LOG_UPLOAD)
    send_log_statuses(talk, "Uploading", "Uploaded")
    talk.command("GetLog", {**LOG_UPLOAD, "requestId": 7}, "AcceptedCanceled")
    send_log_statuses(talk, "Uploading", "Uploaded", request_id=7)

    assert not talk.findings


def test_unknown_request_id_may_have_any_status(talk: Talk) -> None:
    send_firmware_statuses(talk, "Installed", request_id=99)
    send_log_statuses(talk, "Uploaded", request_id=99)

    assert not talk.findings


def test_steps_skipped_while_offline_are_accepted(talk: Talk) -> None:
    talk.command("UpdateFirmware", FIRMWARE_UPDATE)
    send_firmware_statuses(talk, "Downloading")
    talk.reconnect(60)
    send_firmware_statuses(talk, "Installed")

    assert not talk.findings


@pytest.mark.parametrize(
    ("action", "kind"),
    [
        ("FirmwareStatusNotification", "firmware-status-out-of-order"),
        ("LogStatusNotification", "log-status-out-of-order"),
    ],
)
def test_idle_without_trigger_is_found(talk: Talk, action: str, kind: str) -> None:
    talk.trigger(action)
    talk.call(action, {"status": "Idle"})
    assert not talk.findings

    talk.wait(200)
    talk.call(action, {"status": "Idle"})
    assert talk.ids == [kind]


@pytest.mark.parametrize(
    ("action", "steps"),
    [
        ("FirmwareStatusNotification", FIRMWARE_ORDER),
        ("LogStatusNotification", LOG_ORDER),
    ],
)
def test_order_covers_every_status(action: str, steps: Mapping[str, frozenset[str]]) -> None:
    definitions = schema_of(f"{action}Request")["definitions"]
    statuses = next(definition["enum"] for definition in definitions.values() if "enum" in definition)

    assert steps.keys() == set(statuses) - {"Idle"}


# requestIds


def test_status_with_unknown_request_id_during_an_upload_is_found(talk: Talk) -> None:
    talk.command("GetLog", LOG_UPLOAD)
    talk.call("LogStatusNotification", {"status": "Uploading", "requestId": 0})
    talk.call("LogStatusNotification", {"status": "Uploaded", "requestId": 0})

    assert talk.ids == ["request-id-unknown"]


def test_unknown_request_id_may_be_of_a_command_sent_before_the_start(talk: Talk) -> None:
    talk.call("LogStatusNotification", {"status": "Uploading", "requestId": 99})

    assert not talk.findings


def test_cancelled_upload_of_an_unknown_command_may_report_its_end(talk: Talk) -> None:
    talk.command("GetLog", LOG_UPLOAD, "AcceptedCanceled")
    talk.call("LogStatusNotification", {"status": "AcceptedCanceled", "requestId": 99})
    talk.call("LogStatusNotification", {"status": "Uploading", "requestId": 6})

    assert not talk.findings


def test_status_without_request_id_after_the_upload_is_accepted(talk: Talk) -> None:
    talk.command("GetLog", LOG_UPLOAD)
    for status in ("Uploading", "Uploaded"):
        talk.call("LogStatusNotification", {"status": status, "requestId": 6})
    talk.call("LogStatusNotification", {"status": "UploadFailure"})

    assert not talk.findings


@pytest.mark.parametrize("status", ["DownloadFailed", "InstallationFailed"])
def test_cancelled_update_may_fail_at_any_step(talk: Talk, status: str) -> None:
    talk.command("UpdateFirmware", FIRMWARE_UPDATE)
    for step in FIRMWARE_STEPS:
        talk.call("FirmwareStatusNotification", {"status": step, "requestId": 5})
    talk.command("UpdateFirmware", {**FIRMWARE_UPDATE, "requestId": 6}, "AcceptedCanceled")
    talk.call("FirmwareStatusNotification", {"status": status, "requestId": 5})
    talk.call("FirmwareStatusNotification", {"status": "Downloading", "requestId": 6})

    assert not talk.findings


def test_statuses_may_be_missing_after_an_offline_time(talk: Talk) -> None:
    talk.command("UpdateFirmware", FIRMWARE_UPDATE)
    talk.call("FirmwareStatusNotification", {"status": "Downloading", "requestId": 5})
    talk.reconnect(60)
    talk.call("FirmwareStatusNotification", {"status": "Installed", "requestId": 5})

    assert not talk.findings


def test_update_that_goes_on_after_its_end_is_found_over_connections(talk: Talk) -> None:
    talk.command("UpdateFirmware", FIRMWARE_UPDATE)
    for step in (*FIRMWARE_STEPS, "Installed"):
        talk.call("FirmwareStatusNotification", {"status": step, "requestId": 5})
    talk.reconnect(60)
    talk.call("FirmwareStatusNotification", {"status": "Downloaded", "requestId": 5})

    assert talk.ids == ["firmware-status-out-of-order"]


# Requirements of updates with and without a signing certificate


def signed(update: JsonObject) -> JsonObject:
    return {**update, "firmware": {**update["firmware"], "signingCertificate": "certificate"}}


UPDATES = pytest.mark.parametrize(
    ("update", "requirements"),
    [
        case("signed", signed(FIRMWARE_UPDATE), ["L01.FR.01", "L01.FR.10", "L01.FR.20"]),
        case("unsigned", FIRMWARE_UPDATE, ["L02.FR.01", "L02.FR.06", "L02.FR.14"]),
    ],
)


@UPDATES
def test_findings_name_the_requirements_of_the_update(
    talk: Talk, update: JsonObject, requirements: list[str]
) -> None:
    talk.command("UpdateFirmware", update)
    send_firmware_statuses(talk, "Downloaded")
    send_firmware_statuses(talk, "Downloading", request_id=99)
    talk.call("FirmwareStatusNotification", {"status": "Downloading"})

    assert [finding.section for finding in talk.findings] == requirements
    assert {talk.coverage(name) for name in requirements} == {"broken"}


@UPDATES
def test_correct_statuses_meet_the_requirements_of_the_update(
    talk: Talk, update: JsonObject, requirements: list[str]
) -> None:
    talk.command("UpdateFirmware", update)
    send_firmware_statuses(talk, "Downloading")

    assert {talk.coverage(name) for name in requirements} == {"met"}


def test_idle_breaks_no_requirement_with_a_number(talk: Talk) -> None:
    talk.call("FirmwareStatusNotification", {"status": "Idle"})

    assert [finding.section for finding in talk.findings] == ["Part 2 3.33"]


@pytest.mark.parametrize(("fields", "requirement"), [({"requestId": 99}, "N01.FR.07"), ({}, "N01.FR.13")])
def test_wrong_request_id_of_log_breaks_its_requirement(
    talk: Talk, fields: JsonObject, requirement: str
) -> None:
    talk.command("GetLog", LOG_UPLOAD)
    talk.call("LogStatusNotification", {"status": "Uploading", **fields})

    assert [finding.section for finding in talk.findings] == [requirement]


def test_log_upload_meets_its_requirements(talk: Talk) -> None:
    talk.command("GetLog", LOG_UPLOAD)
    send_log_statuses(talk, "Uploading")
    assert (talk.coverage("N01.FR.08"), talk.coverage("N01.FR.09")) == ("met", "not exercised")

    send_log_statuses(talk, "Uploaded")

    assert {talk.coverage(f"N01.FR.{number}") for number in ("07", "09", "13")} == {"met"}
