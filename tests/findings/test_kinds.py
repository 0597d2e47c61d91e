"""The JSON of a finding, as the control API returns it."""

from mock_csms.findings.kinds import Finding
from tests.support.talk import START


def test_finding_as_json_has_camel_case_keys() -> None:
    finding = Finding("malformed-frame", "error", "OCPP-J 4.1.7", "CS001", START + 0.25, (1, 2), "It is.")

    assert finding.as_json() == {
        "id": "malformed-frame",
        "severity": "error",
        "section": "OCPP-J 4.1.7",
        "station": "CS001",
        "time": "2026-01-01T00:00:00.250Z",
        "frames": [1, 2],
        "sentence": "It is.",
    }
