"""Cases of block L, firmware management."""

from typing import Final

from mock_csms.certify.registry import CaseList

CASES: Final = CaseList()
