"""Messages for drivers in answers. They are left out if the station cannot show them (I01, I06)."""

from collections.abc import Callable
from datetime import datetime

from mock_csms.behaviour.tokens import Token
from mock_csms.messages import JsonObject
from mock_csms.stations.station import Station
from mock_csms.stations.transactions import Transaction
from mock_csms.v201.features import shows_messages


def id_token_info(token: Token, station: Station, clock: Callable[[], datetime]) -> JsonObject:
    """Return the idTokenInfo of a token, without personalMessage if the station cannot show messages
    (I01.FR.02).
    """
    info = token.info(clock)
    if "personalMessage" in info and not shows_messages(station.device_model):
        del info["personalMessage"]
    return info


def tariff_message(station: Station, transaction: Transaction, tariff: str) -> JsonObject | None:
    """Return the message with an updated tariff, and store the tariff as sent (I01.FR.02, I06.FR.02).

    None if the station cannot show messages, or has received this tariff already.
    """
    if transaction.sent_tariff == tariff or not shows_messages(station.device_model):
        return None
    transaction.sent_tariff = tariff
    return {"format": "UTF8", "content": tariff}
