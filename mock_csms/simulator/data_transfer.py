"""Data transfer of a made-up vendor (P)."""

from typing import Any, Final

from ocpp.routing import on
from ocpp.v201 import call, call_result
from ocpp.v201.enums import Action
from ocpp.v201.enums import DataTransferStatusEnumType as Status

from mock_csms.simulator.core import Core

VENDOR: Final = "org.example.mockstation"
ECHO: Final = "Echo"
HELLO: Final = "Hello"


class DataTransfers:
    """Answers the message Echo of the vendor VENDOR, and announces this message after the first boot."""

    def __init__(self, core: Core) -> None:
        self._core = core
        self._has_introduced_itself = False
        core.boot_accepted.connect(self._introduce)

    @on(Action.data_transfer)
    def data_transfer(self, vendor_id: str, message_id: str | None, data: Any) -> call_result.DataTransfer:
        """Accept an Echo and return its data; answer every other DataTransfer with UnknownVendorId or
        UnknownMessageId (P01.FR.05, P01.FR.06).
        """
        if vendor_id != VENDOR:
            return call_result.DataTransfer(status=Status.unknown_vendor_id)
        if message_id != ECHO:
            return call_result.DataTransfer(status=Status.unknown_message_id)
        return call_result.DataTransfer(status=Status.accepted, data=data)

    def _introduce(self) -> None:
        """Announce the Echo message to the central system, once (P02)."""
        if not self._has_introduced_itself:
            self._has_introduced_itself = True
            self._core.send(call.DataTransfer(vendor_id=VENDOR, message_id=HELLO, data={"messages": [ECHO]}))
