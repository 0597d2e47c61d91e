"""Accessibility of a page: axe-core in both colour schemes and at the widths of a phone and of a screen."""

from collections.abc import Mapping
from itertools import product
from typing import Any, Final

from axe_playwright_python.async_playwright import Axe
from playwright.async_api import Page

from tests.browser.chromium import HEIGHT, NARROW, WIDE, Scheme

SEVERE: Final = frozenset({"serious", "critical"})
RULES: Final[Mapping[Scheme, Mapping[str, Any]]] = {"light": {}, "dark": {"runOnly": ["color-contrast"]}}
"""Options of axe-core by colour scheme: dark checks contrast only, as other rules ignore the scheme."""
OVERFLOW: Final = """() => {
  const { scrollWidth, clientWidth } = document.documentElement;
  if (scrollWidth <= clientWidth) return "";
  const wide = [...document.body.querySelectorAll("*")]
    .filter((element) => element.getBoundingClientRect().right > clientWidth + 1)
    .slice(-3)
    .map(({ tagName, id, className }) => `${tagName.toLowerCase()}#${id}.${className}`);
  return `${scrollWidth} px wide because of ${wide.join(", ")}`;
}"""
"""JavaScript that names the elements that make the page scroll sideways; returns "" if it does not."""


async def accessibility_faults(page: Page) -> list[str]:
    """Severe violations by axe-core and sideways scrolling of the current page, in all schemes and widths."""
    faults: list[str] = []
    for width, (scheme, rules) in product((WIDE, NARROW), RULES.items()):
        await page.set_viewport_size({"width": width, "height": HEIGHT})
        await page.emulate_media(color_scheme=scheme, reduced_motion="reduce")  # no colour transitions
        found = [*await _violations(page, rules), *await sideways_faults(page)]
        faults += [f"{scheme}, {width} px: {fault}" for fault in found]
    return faults


async def _violations(page: Page, rules: Mapping[str, Any]) -> list[str]:
    results = await Axe().run(page, options={"resultTypes": ["violations"], **rules})
    violations: list[dict[str, Any]] = results.response["violations"]
    return [
        f"{violation['id']} ({violation['impact']}) at {' '.join(map(str, node['target']))}: "
        f"{' '.join(node['failureSummary'].split())}"
        for violation in violations
        if violation["impact"] in SEVERE
        for node in violation["nodes"]
    ]


async def sideways_faults(page: Page) -> list[str]:
    """Return one fault with the elements that make the page scroll sideways, or an empty list."""
    overflow = await page.evaluate(OVERFLOW)
    return [f"scrolls sideways: {overflow}"] if overflow else []
