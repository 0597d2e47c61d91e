"""Cases of block J, meter values."""

from typing import Final

from mock_csms.certify.registry import CaseList

CASES: Final = CaseList()
