"""Cases of block M, ISO 15118 certificate management."""

from typing import Final

from mock_csms.certify.registry import CaseList

CASES: Final = CaseList()
