"""Cases of block K, smart charging."""

from typing import Final

from mock_csms.certify.registry import CaseList

CASES: Final = CaseList()
