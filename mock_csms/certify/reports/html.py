"""The report of a run as one HTML file that needs no internet."""

from mock_csms.certify.run_report import RunReport


def html_of(report: RunReport) -> str:
    """Return the report as HTML."""
    return report.as_json()
