"""DataTransfers of a station (P02)."""

import re
from typing import Final

from ocpp.v201.enums import Action

from mock_csms.findings.checks import MET, Broken, Outcome, StationCall
from mock_csms.log.summary import short
from mock_csms.v201.findings.check_list import CHECKS
from mock_csms.v201.findings.known import Known201

_REVERSED_NAME: Final = re.compile(r"[\w-]+(\.[\w-]+)+")

VENDOR_ID_NOT_DOMAIN: Final = CHECKS.kind(
    "vendor-id-not-domain", "warning", "the vendorId of a DataTransfer is not a reversed domain name"
)


@VENDOR_ID_NOT_DOMAIN.on_call("P02.FR.03", of=Action.data_transfer)
def _judge_vendor_id(call: StationCall, _: Known201) -> Outcome:
    """Check that the vendorId has the form of a reversed domain name."""
    vendor_id = call.payload["vendorId"]
    if _REVERSED_NAME.fullmatch(vendor_id):
        return MET
    return Broken(
        f"the vendorId of a DataTransfer is {short(vendor_id)}; it should be a reversed domain name of the "
        "vendor, such as com.example"
    )
