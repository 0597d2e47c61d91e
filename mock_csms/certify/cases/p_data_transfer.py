"""Cases of block P, data transfer."""

from typing import Final

from mock_csms.certify.case_run import CaseRun
from mock_csms.certify.charging import TX_DEFAULT, LimitUnit, charging_profile
from mock_csms.certify.registry import CaseList
from mock_csms.certify.verbs.stage import variable_of

CASES: Final = CaseList()

CUSTOM: Final = {"customData": {"vendorId": "org.example.rehearsal", "note": "for no station"}}
PROFILE_ID: Final = 73
UNKNOWN_DATA: Final = {"UnknownVendorId", "UnknownMessageId", "Rejected"}


@CASES.case("TC_P_01_CS", "Refuse data of an unknown vendor")
async def unknown_vendor(run: CaseRun) -> None:
    await run.csms.sends(
        "DataTransfer", vendorId="org.example.rehearsal", messageId="nothing", expect=UNKNOWN_DATA
    )


@CASES.case("TC_P_03_CS", "Carry out commands with customData")
async def custom_data(run: CaseRun) -> None:
    await run.given.restores("OCPPCommCtrlr__OfflineThreshold")
    asked = {**variable_of("OCPPCommCtrlr", "OfflineThreshold"), "attributeType": "Actual", **CUSTOM}
    accepted = {"attributeStatus": "Accepted"}
    setting = {**asked, "attributeValue": "200"}
    await run.csms.sends(
        "SetVariables", {"setVariableData": [setting], **CUSTOM}, expect={"setVariableResult": {0: accepted}}
    )
    value = {"attributeValue": "200", "attributeType": {"Actual", None}}
    await run.csms.sends(
        "GetVariables",
        {"getVariableData": [asked], **CUSTOM},
        expect={"getVariableResult": {0: {**accepted, **value}}},
    )


@CASES.case("TC_P_04_CS", "Accept a charging profile with customData")
async def custom_data_in_profile(run: CaseRun) -> None:
    schedule = LimitUnit().relative()
    schedule["chargingSchedulePeriod"][0] |= CUSTOM
    await run.state.charging_profile(run.evse, charging_profile(PROFILE_ID, TX_DEFAULT, schedule, **CUSTOM))
