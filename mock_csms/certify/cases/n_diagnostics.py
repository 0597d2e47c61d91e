"""Cases of block N, diagnostics."""

from typing import Final

from mock_csms.certify.registry import CaseList

CASES: Final = CaseList()
