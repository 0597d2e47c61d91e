"""Cases of block N about customer information (N09, N10)."""

from collections.abc import Mapping, Sequence
from typing import Any, Final

from mock_csms.certify.case_run import CaseRun
from mock_csms.certify.cases.c_contracts import CONTRACT, answers_contract, checks_contract
from mock_csms.certify.registry import CaseList
from mock_csms.certify.verdicts import preparing
from mock_csms.client import ANY, CommandAnswer, TranscriptEntry

CASES: Final = CaseList()

PREPARATION: Final = 900
FIRST_REQUEST: Final = 901
SECOND_REQUEST: Final = 902
IDENTIFIER: Final = "CUSTOMER-1"
ANY_STATUS: Final = {"Accepted", "Rejected", "Invalid"}
HASH_FIELDS: Final = ("hashAlgorithm", "issuerNameHash", "issuerKeyHash", "serialNumber")
"""Fields of CertificateHashDataType."""


async def asks_about(
    run: CaseRun,
    customer: Mapping[str, Any],
    *,
    request: int = FIRST_REQUEST,
    expect: str | set[str] = "Accepted",
    **changes: Any,
) -> CommandAnswer:
    """Ask for the data about a customer; ``changes`` are other fields, such as ``clear=True``."""
    fields = {"requestId": request, "report": True, "clear": False, **customer, **changes}
    return await run.csms.sends("CustomerInformation", fields, expect=expect)


async def sends_data(run: CaseRun, *, request: int = FIRST_REQUEST) -> str:
    """Collect all parts of the data about a customer, and return the text."""
    parts = await run.station.collects("NotifyCustomerInformation", requestId=request)
    return "".join(part["data"] for part in parts)


async def sends_one_message(run: CaseRun, *, request: int = FIRST_REQUEST) -> TranscriptEntry:
    """Expect one NotifyCustomerInformation, without further parts."""
    not_true = {None, False}
    entry = await run.station.sends("NotifyCustomerInformation", requestId=request, seqNo=0, tbc=not_true)
    await run.station.is_silent("NotifyCustomerInformation")
    return entry


def customer_of(run: CaseRun) -> dict[str, Any]:
    """Return the reference to the customer with the valid token."""
    return {"idToken": run.tokens.valid.as_json}


async def clears_data(run: CaseRun, *, expect: str | set[str] = "Accepted") -> None:
    """Clear the data about the customer; ``expect`` is the status of the answer."""
    answer = await asks_about(run, customer_of(run), report=False, clear=True, expect=expect)
    if answer["status"] == "Accepted":
        await sends_data(run)


async def has_no_data(run: CaseRun, *, expect: str | set[str] = "Accepted") -> None:
    """Clear the data about the customer before the case begins; ``expect`` is the status of the answer."""
    with preparing("TC_N_32_CS"):
        await clears_data(run, expect=expect)


async def has_charged(run: CaseRun) -> None:
    """Charge with the valid token, which is then cached if the station has a cache."""
    await run.given.variables_if_implemented(
        LocalAuthListCtrlr__Enabled=True, AuthCtrlr__LocalPreAuthorize=True, AuthCacheCtrlr__Enabled=True
    )
    await run.given.id_token_cached()


async def data_of_session(run: CaseRun) -> str:
    """Before the case begins, ask for the data about a customer who has had a session; return the text."""
    with preparing("TC_N_27_CS"):
        await asks_about(run, customer_of(run), request=PREPARATION)
        return await sends_data(run, request=PREPARATION)


async def has_listed_token(run: CaseRun) -> None:
    """Put the valid token into the local list, if the station has one."""
    if await run.variable("LocalAuthListCtrlr", "Enabled") is not None:
        entry = {"idToken": run.tokens.valid.as_json, "idTokenInfo": {"status": "Accepted"}}
        await run.given.local_list(entry)


@CASES.case("TC_N_27_CS", "Report the data about a token")
async def known_token(run: CaseRun) -> None:
    await has_charged(run)
    await has_listed_token(run)
    await asks_about(run, customer_of(run))
    run.check(bool(await sends_data(run)), "the data is not empty")


@CASES.case("TC_N_28_CS", "Report in one message that there is no data about an unknown token")
async def unknown_customer(run: CaseRun) -> None:
    await has_no_data(run)
    await asks_about(run, customer_of(run), request=SECOND_REQUEST)
    await sends_one_message(run, request=SECOND_REQUEST)


@CASES.case("TC_N_30_CS", "Report the data about a token, and clear it")
async def known_token_cleared(run: CaseRun) -> None:
    await has_charged(run)
    of_session = await data_of_session(run)
    await has_listed_token(run)
    await asks_about(run, customer_of(run), clear=True)
    run.check(bool(await sends_data(run)), "the data is not empty")
    # The server has removed the token from the local list (N10.FR.02).
    answer = await asks_about(run, customer_of(run), request=SECOND_REQUEST, expect=ANY_STATUS)
    if answer["status"] == "Accepted":
        left = await sends_one_message(run, request=SECOND_REQUEST)
        run.check(not of_session or left["data"] != of_session, "the data of the session is cleared", left)


@CASES.case("TC_N_31_CS", "Report that there is no data about a cleared token")
async def unknown_token_reported(run: CaseRun) -> None:
    await has_no_data(run, expect=ANY_STATUS)  # a refusal is judged in the case itself
    await asks_about(run, customer_of(run), clear=True, request=SECOND_REQUEST)
    await sends_one_message(run, request=SECOND_REQUEST)


@CASES.case("TC_N_32_CS", "Clear the data about a token without a report, and say so in one message")
async def token_cleared(run: CaseRun) -> None:
    await clears_data(run)  # not as a preparation, because the case tests it
    await asks_about(run, customer_of(run), report=False, clear=True, request=SECOND_REQUEST)
    await sends_one_message(run, request=SECOND_REQUEST)


@CASES.family(
    {
        ("TC_N_29_CS", "Answer Invalid if CustomerInformation names no customer"): (False,),
        ("TC_N_33_CS", "Answer Invalid if CustomerInformation asks to clear data but names no customer"): (
            True,
        ),
    }
)
async def no_customer(run: CaseRun, clear: bool) -> None:
    await asks_about(run, {}, clear=clear, expect="Invalid")
    await run.station.is_silent("NotifyCustomerInformation")


@CASES.case("TC_N_62_CS", "Report the data about a customer identifier, and clear it")
async def identifier_cleared(run: CaseRun) -> None:
    await run.rig.confirms(f"data about the customer identifier {IDENTIFIER} is stored at the station")
    cleared = await reports_and_clears(run, {"customerIdentifier": IDENTIFIER})
    run.check(bool(cleared), "the data is not empty")


@CASES.case("TC_N_63_CS", "Clear the data about a contract certificate")
async def contract_cleared(run: CaseRun) -> None:
    await checks_contract(run, is_central=False)
    await answers_contract(run, "Accepted", "Accepted")
    await run.given.ev_connected(CONTRACT)
    await run.given.contract_authorized(iso15118CertificateHashData=ANY)
    await run.given.energy_transfer_started()
    asked = await run.station.has_sent("Authorize", iso15118CertificateHashData=ANY)
    contract: Sequence[Mapping[str, Any]] = asked["iso15118CertificateHashData"]
    await run.given.ended_by_vehicle()
    await reports_and_clears(run, {"customerCertificate": {name: contract[0][name] for name in HASH_FIELDS}})


async def reports_and_clears(run: CaseRun, customer: Mapping[str, Any]) -> str:
    """Report and clear the data of a customer, check that no data is left, and return the reported data."""
    await asks_about(run, customer, clear=True)
    cleared = await sends_data(run)
    await asks_about(run, customer, request=SECOND_REQUEST)
    left = await sends_data(run, request=SECOND_REQUEST)
    run.check(not left, "the data that is left is empty")
    return cleared
