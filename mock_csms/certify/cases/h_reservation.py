"""Cases of block H, reservation."""

from typing import Final

from mock_csms.certify.registry import CaseList

CASES: Final = CaseList()
