"""What a station does against the OCPP 2.0.1 specification, said while it talks."""

from mock_csms.findings.kinds import KINDS, Finding, Kind, Severity
from mock_csms.findings.observer import Observer

__all__ = ["KINDS", "Finding", "Kind", "Observer", "Severity"]
