"""Cases of block I, tariff and cost."""

from typing import Final

from mock_csms.certify.registry import CaseList

CASES: Final = CaseList()
