"""Cases of block C, authorization."""

from typing import Final

from mock_csms.certify.registry import CaseList

CASES: Final = CaseList()
