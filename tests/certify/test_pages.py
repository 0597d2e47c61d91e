"""docs/certify-cases.md: generated from the code, complete."""

import re

from mock_csms.certify.catalogue import CATALOGUE
from mock_csms.certify.pages import cases_page
from mock_csms.certify.registry import Unrehearsed


def rows_of(page: str, word: str) -> list[str]:
    return [line for line in page.splitlines() if line.startswith(f"| {word} |")]


def test_cases_page_has_every_case_once() -> None:
    assert re.findall(r"^\| (TC_\w+) \|", cases_page({}, {}), re.MULTILINE) == [*CATALOGUE]


def test_case_that_is_not_rehearsed_shows_its_reason() -> None:
    reasoned = Unrehearsed("TC_B_01_CS", "boots", "no way | at all")

    assert rows_of(cases_page({}, {"TC_B_01_CS": reasoned}), "TC_B_01_CS") == [
        r"| TC_B_01_CS | boots | Core (M) |  |  | no: no way \| at all |"
    ]


def test_case_without_function_is_not_yet_rehearsed() -> None:
    assert rows_of(cases_page({}, {}), "TC_H_21_CS") == [
        "| TC_H_21_CS |  | Reservation (M) |  | plug-in, present | not yet |"
    ]
