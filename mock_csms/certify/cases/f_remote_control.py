"""Cases of block F, remote control."""

from typing import Final

from mock_csms.certify.registry import CaseList

CASES: Final = CaseList()
