"""Answers CustomerInformation: reports or clears the data of a customer (N09, N10)."""

from collections.abc import Iterator
from typing import Final, Protocol

from ocpp.routing import on
from ocpp.v201 import call, call_result
from ocpp.v201.enums import Action
from ocpp.v201.enums import CustomerInformationStatusEnumType as Status

from mock_csms.messages import JsonObject
from mock_csms.simulator.core import Core

MAX_DATA: Final = 512
"""Maximum characters of the data in one NotifyCustomerInformation."""


class CustomerRecords(Protocol):
    """Access to the data that a station keeps about tokens."""

    def records_of(self, id_token: JsonObject) -> list[str]:
        """Data about a token: one text for each place that stores it."""

    def forget(self, id_token: JsonObject) -> None:
        """Remove the data that the station itself has collected about a token; keep the local list."""


class Customers:
    """Reports and clears the data of a customer."""

    def __init__(self, core: Core, records: CustomerRecords) -> None:
        self._core = core
        self._records = records
        self._identifiers = set(core.setup.customer_identifiers)

    @on(Action.customer_information)
    def customer_information(  # noqa: PLR0913, PLR0917 - the properties of the message
        self,
        request_id: int,
        report: bool,
        clear: bool,
        id_token: JsonObject | None,
        customer_identifier: str | None,
        customer_certificate: JsonObject | None,
    ) -> call_result.CustomerInformation:
        """Report or clear the data of one customer, or both.

        The station keeps no data by customer certificate.
        """
        if [id_token, customer_identifier, customer_certificate].count(None) != 2:
            return call_result.CustomerInformation(status=Status.invalid)  # N09.FR.09
        if not report and not clear:
            return call_result.CustomerInformation(status=Status.rejected)  # N09.FR.07, N10.FR.07
        records = self._records_of(id_token, customer_identifier)
        if clear:
            self._forget(id_token, customer_identifier)
        text = "\n".join(records) if report else "The data is cleared."
        self._core.send_report(self._parts(request_id, text))
        return call_result.CustomerInformation(status=Status.accepted)

    def _records_of(self, id_token: JsonObject | None, identifier: str | None) -> list[str]:
        if id_token is not None:
            return self._records.records_of(id_token)
        return [f"Customer: {identifier}"] if identifier in self._identifiers else []

    def _forget(self, id_token: JsonObject | None, identifier: str | None) -> None:
        if id_token is not None:
            self._records.forget(id_token)
        elif identifier is not None:
            self._identifiers.discard(identifier)

    def _parts(self, request_id: int, text: str) -> Iterator[call.NotifyCustomerInformation]:
        # Without data, one NotifyCustomerInformation with an empty text is sent (N09.FR.06).
        for seq_no, start in enumerate(range(0, max(len(text), 1), MAX_DATA)):
            yield call.NotifyCustomerInformation(
                data=text[start : start + MAX_DATA],
                seq_no=seq_no,
                generated_at=self._core.timestamp(),
                request_id=request_id,
                tbc=True if start + MAX_DATA < len(text) else None,
            )
