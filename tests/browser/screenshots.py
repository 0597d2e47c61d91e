"""Takes the screenshots of the documentation: each view, light and dark, of the depot in `depot.py`."""

import asyncio
import logging
import sys
from argparse import ArgumentParser
from collections.abc import Sequence
from contextlib import nullcontext
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Final

from playwright.async_api import Browser, Page, expect

from mock_csms import MockCsms
from tests.browser.chromium import SCHEMES, NoBrowser, Scheme, chromium, opened
from tests.browser.depot import broken_entry, depot
from tests.browser.rehearsal import rehearsing
from tests.browser.report import report_with_a_failure
from tests.support.paths import ROOT

FOLDER: Final = ROOT / "docs" / "screenshots"
SIZE: Final = (1280, 680)
SIZES: Final = {"stations": (1440, 680)}
"""Width and height of images that need more than `SIZE`."""
CHARGE_S: Final = 40.0
PATIENCE_S: Final = 60.0
SETTLE_S: Final = 2.0
"""Time for the first answers of the API and for the animations of a view."""
ADDRESSES: Final = {
    "stations": "stations",
    "station": "stations/DEPOT-01",
    "transaction": "stations/DEPOT-01?tab=transactions",
    "charging": "stations/DEPOT-01?tab=charging",
    "messages": "messages?station=DEPOT-05",
    "message": "messages?station=HALL-01&entry={broken}",
    "send": "send?station=DEPOT-01&action=SetChargingProfile",
    "behave": "behave/rules",
    "findings": "findings",
    "certify": "certify",
    "overview": "overview",
}
"""Addresses within the page, by image; {broken} is the number of a message that violates its schema."""
REPORT: Final = "certify-report"
"""Name of the image of a certification report, which is an HTML file and not a view of the page."""
REPORT_SIZE: Final = (1280, 1180)
NAMES: Final = (*ADDRESSES, REPORT)


def main(arguments: Sequence[str]) -> int:
    """Take the screenshots; return the exit code."""
    parser = ArgumentParser(prog="task screenshots", description=__doc__)
    parser.add_argument("names", nargs="*", help=f"images to take (default: all): {', '.join(NAMES)}")
    parser.add_argument("--folder", type=Path, default=FOLDER, help="folder for the images")
    parser.add_argument(
        "--charge", type=float, default=CHARGE_S, metavar="SECONDS", help="time for which the vehicles charge"
    )
    given = parser.parse_args(arguments)
    if unknown := [name for name in given.names if name not in NAMES]:
        parser.error(f"there is no image {unknown[0]!r}; write one of {', '.join(NAMES)}")
    given.folder.mkdir(parents=True, exist_ok=True)
    logging.getLogger("mock_csms").setLevel(logging.CRITICAL)  # the depot is full of warnings
    try:
        asyncio.run(_take(given.names or NAMES, given.folder, given.charge))
    except NoBrowser as error:
        parser.exit(1, f"{error}\n")
    return 0


async def _take(names: Sequence[str], folder: Path, charge_s: float) -> None:
    if REPORT in names:
        await _take_report(folder / f"{REPORT}.png")
    if views := [name for name in names if name != REPORT]:
        await _take_views(views, folder, charge_s)


async def _take_report(file: Path) -> None:
    report = await report_with_a_failure()
    width, height = REPORT_SIZE
    async with chromium() as browser:
        page = await browser.new_page(viewport={"width": width, "height": height})
        await page.set_content(report)
        await page.locator("details", has_text="FAIL").evaluate_all(
            "all => all.forEach(one => one.open = true)"
        )
        _say_size(file, await page.screenshot(path=file))


async def _take_views(names: Sequence[str], folder: Path, charge_s: float) -> None:
    with TemporaryDirectory(prefix="ocpp2-mock-") as journal:
        async with depot(Path(journal), charge_s=charge_s) as mock, chromium() as browser:
            for scheme in SCHEMES:
                for name in names:
                    await _take_one(browser, mock, name, scheme, folder / f"{name}-{scheme}.png")


async def _take_one(browser: Browser, mock: MockCsms, name: str, scheme: Scheme, file: Path) -> None:
    address = f"{mock.control_url}/ui/#/{ADDRESSES[name].format(broken=broken_entry(mock))}"
    width, height = SIZES.get(name, SIZE)
    async with (
        rehearsing(mock.control_url, "DEPOT-01") if name == "certify" else nullcontext(),
        opened(browser, address, width=width, height=height, scheme=scheme, timeout_s=PATIENCE_S) as page,
    ):
        await _settle(page)
        image = await page.screenshot(path=file)
    _say_size(file, image)


def _say_size(file: Path, image: bytes) -> None:
    sys.stdout.write(f"{file.name}: {len(image) // 1000} kB\n")


async def _settle(page: Page) -> None:
    await expect(page.locator(".link-state")).to_have_attribute("data-state", "live")
    await page.wait_for_timeout(SETTLE_S * 1000)
    for marked in (await page.locator(".json-line.marked").all())[:1]:
        await marked.scroll_into_view_if_needed()


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
