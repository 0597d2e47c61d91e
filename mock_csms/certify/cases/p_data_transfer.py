"""Cases of block P, data transfer."""

from typing import Final

from mock_csms.certify.registry import CaseList

CASES: Final = CaseList()
