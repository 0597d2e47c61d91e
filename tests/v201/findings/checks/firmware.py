"""Firmware updates of a station in a `Talk`."""

from mock_csms.messages import JsonObject
from tests.support.talk import Talk, stamp

SIGNATURE: JsonObject = {"signingCertificate": "certificate", "signature": "signature"}
BEFORE_INSTALLATION = ("Downloading", "Downloaded")


def begin_update(
    talk: Talk,
    request_id: int = 5,
    status: str = "Accepted",
    *,
    is_signed: bool = True,
    retrieve_s: float = -1,
    install_s: float | None = None,
) -> None:
    """Send an UpdateFirmware, which the station answers with ``status``; times are in seconds from now."""
    firmware: JsonObject = {"location": "http://files/f", "retrieveDateTime": stamp(talk.at + retrieve_s)}
    if is_signed:
        firmware |= SIGNATURE
    if install_s is not None:
        firmware["installDateTime"] = stamp(talk.at + install_s)
    talk.command("UpdateFirmware", {"requestId": request_id, "firmware": firmware}, status)
    talk.at += 0.1


def send_statuses(talk: Talk, *statuses: str, request_id: int | None = 5) -> None:
    fields = {} if request_id is None else {"requestId": request_id}
    for status in statuses:
        talk.call("FirmwareStatusNotification", {"status": status, **fields})
        talk.at += 0.1


def send_security_event(talk: Talk, event_type: str) -> None:
    talk.call("SecurityEventNotification", {"type": event_type, "timestamp": talk.now})


def reboot(talk: Talk, reason: str = "FirmwareUpdate", version: str = "2", status: str = "Accepted") -> None:
    """Make the station reconnect and boot; the server answers the boot with ``status``."""
    talk.reconnect(5)
    station = {"model": "Model", "vendorName": "Vendor", "firmwareVersion": version}
    boot = {"reason": reason, "chargingStation": station}
    talk.exchange("BootNotification", boot, talk.registration(status))
    talk.status()
