"""Cases of block O, display messages."""

from typing import Final

from mock_csms.certify.registry import CaseList

CASES: Final = CaseList()
