"""Cases of block D, local authorization list."""

from typing import Final

from mock_csms.certify.registry import CaseList

CASES: Final = CaseList()
