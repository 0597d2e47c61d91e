"""Compares the serial number in a BootNotification with the client certificate (B01.FR.11, B01.FR.12)."""

from websockets.frames import CloseCode

from mock_csms.csms import Csms
from mock_csms.log.output import logger
from mock_csms.security.connections import flaw_of_serial_number
from mock_csms.stations.station import Station
from mock_csms.transport.connection import WebSocketConnection


def check_serial_number(csms: Csms, station: Station, connection: WebSocketConnection) -> bool:
    """Compare the serial number in the last boot with the client certificate.

    By default, a mismatch is only logged, because the certificate may have the station's identity instead.
    Returns False if it closed the connection because of a mismatch.
    """
    flaw = flaw_of_serial_number(connection.tls, station.boot)
    if not flaw:
        return True
    if csms.settings.serial_number_mismatch == "log":
        note = "other central systems may close the connection (B01.FR.12)"
        logger.info("%s  %s; %s", station.id, flaw, note)
        return True
    logger.warning("%s  %s; the connection is closed (B01.FR.12)", station.id, flaw)
    connection.close_deaf(CloseCode.POLICY_VIOLATION, "the serial number is not in the certificate")
    return False
