"""Features that are derived from the full inventory of a station."""

from typing import Any

import pytest

from mock_csms.certify.features import FEATURES
from mock_csms.certify.inventory import LearntFeatures, WrongReport, learn_features
from mock_csms.messages import JsonObject
from mock_csms.simulator.configuration import Configuration
from tests.support.virtual_station import Workbench


@pytest.fixture(scope="module")
def station_in_the_box() -> LearntFeatures:
    bench = Workbench(Configuration)
    bench.command("GetBaseReport", {"requestId": 1, "reportBase": "FullInventory"})
    return learn_features(data for part in bench.payloads("NotifyReport") for data in part["reportData"])


def variable(
    name: str,
    value: str = "",
    *,
    mutability: str = "ReadWrite",
    options: str | None = None,
    evse: JsonObject | None = None,
) -> dict[str, Any]:
    """Return a ReportData for a variable such as TxCtrlr.TxStartPoint."""
    component, _, variable_name = name.partition(".")
    characteristics = {} if options is None else {"valuesList": options}
    return {
        "component": {"name": component} | ({} if evse is None else {"evse": evse}),
        "variable": {"name": variable_name},
        "variableAttribute": [{"value": value, "mutability": mutability}],
        "variableCharacteristics": {"dataType": "string", "supportsMonitoring": False, **characteristics},
    }


def test_station_in_the_box_shows_its_features(station_in_the_box: LearntFeatures) -> None:
    assert set(station_in_the_box.claimed) >= {
        *("Core", "SmartCharging", "UserInterface", "Reservation", "DeviceManagement", "LocalAuthList"),
        *("C-02", "C-09.3", "C-10.5", "C-13", "C-40.1", "C-48.2", "C-49", "C-51", "C-59", "AS-3", "DM-3"),
        *("HFS-1", "HFS-8>1", "ISO-5", "LA-3", "R-2", "R-3", "SC-2.2", "UI-1.1", "UI-2.4"),
    }


def test_station_in_the_box_contradicts_features(station_in_the_box: LearntFeatures) -> None:
    assert station_in_the_box.denied == ("C-04", "AS-2", "HFS-2", "HFS-4")


def test_features_without_certain_evidence_are_asked(station_in_the_box: LearntFeatures) -> None:
    assert {"AdvancedSecurity", "C-07", "C-29.1", "C-30", "C-56", "AQ-9", "Mode12Only"} <= set(
        station_in_the_box.asked
    )
    assert not set(station_in_the_box.asked) & set(station_in_the_box.claimed)


def test_every_feature_is_claimed_denied_or_asked(station_in_the_box: LearntFeatures) -> None:
    learnt = station_in_the_box

    assert sorted([*learnt.claimed, *learnt.denied, *learnt.asked]) == sorted(FEATURES)


def test_evses_have_their_connectors(station_in_the_box: LearntFeatures) -> None:
    assert station_in_the_box.evses == {1: (1,), 2: (1,)}


@pytest.mark.parametrize(
    ("data", "claimed"),
    [
        (variable("TxCtrlr.TxStartPoint", "Authorized", options="Authorized,EVConnected"),
         {"C-09", "C-09.1", "C-09.2", "C-51"}),
        (variable("TxCtrlr.TxStartPoint", "Authorized"), {"C-09", "C-09.2", "C-51"}),
        (variable("TxCtrlr.TxStartPoint", "Authorized, EVConnected", mutability="ReadOnly"),
         {"C-09", "C-09.1", "C-09.2"}),
        (variable("TxCtrlr.TxStartPoint", "Authorized", mutability="ReadOnly", options="EVConnected"),
         {"C-09", "C-09.2"}),
        (variable("txctrlr.stoptxonevsidedisconnect", "TRUE", mutability="ReadOnly"), {"C-06", "C-06.2"}),
        (variable("TxCtrlr.StopTxOnEVSideDisconnect", "true"), {"C-06", "C-06.1", "C-06.2"}),
        (variable("EVSE.AllowReset", "false", mutability="ReadOnly"), set()),
        (variable("Connector.ConnectorType", "cCCS2", mutability="ReadOnly"), {"HFS-2", "HFS-4"}),
        (variable("ClockCtrlr.TimeZone", mutability="ReadOnly"), set()),
        (variable("Connector.MinimumStatusDuration", "5", evse={"id": 1, "connectorId": 1}), {"C-04"}),
    ],
)  # fmt: skip
def test_variable_shows_features(data: JsonObject, claimed: set[str]) -> None:
    assert set(learn_features([data]).claimed) == claimed


def test_one_evse_is_not_several() -> None:
    report = [variable("EVSE.AvailabilityState", evse={"id": 1}), variable("EVSE.Power", evse={"id": 2})]

    assert "HFS-8>1" in learn_features(report).denied


def test_hint_without_its_variable_is_denied() -> None:
    learnt = learn_features([])

    assert "C-07" in learnt.denied
    assert "C-07" not in learnt.asked


@pytest.mark.parametrize(
    "row",
    [{}, {"component": 5}, {"component": {"name": 5}, "variable": {"name": "A"}, "variableAttribute": []}],
)
def test_row_that_violates_its_schema_is_a_wrong_report(row: dict[str, Any]) -> None:
    with pytest.raises(WrongReport, match="violates its schema"):
        learn_features([row])


def test_evse_without_connectors_gets_one_and_evse_0_is_left_out() -> None:
    rows: list[dict[str, Any]] = [
        {
            "component": {"name": "EVSE", "evse": {"id": evse}},
            "variable": {"name": "A"},
            "variableAttribute": [],
        }
        for evse in (0, 1)
    ]

    assert learn_features(rows).evses == {1: (1,)}
