"""Measure the web page of a server under load in Chromium: ``python -m bench page``.

The page shows 1,000 stations and 10,000 frames. The time of clicks, the delay of frames and the memory are
measured while the stations exchange 50 frames a second. Then the rate of a server at full load is measured,
with the page open and without.
"""

import argparse
import asyncio
import sys
from collections.abc import AsyncIterator, Iterator, Sequence
from contextlib import AsyncExitStack, asynccontextmanager, contextmanager
from dataclasses import dataclass, field
from itertools import cycle
from statistics import quantiles
from time import perf_counter
from typing import Any, Final, Self

from playwright.async_api import Browser, CDPSession, Page

from bench import machine
from bench.contenders import Contender, Server, running
from bench.load import Figures, open_stations
from bench.rounds import Load, Row
from bench.station import Run, Station
from bench.workloads import CYCLES, encode
from tests.browser.chromium import chromium, opened

STATIONS: Final = 1000
ENTRIES: Final = 10_000
CALLS_PER_S: Final = 25
"""Calls per second of all stations together; each call is two frames."""
ROUNDS_OF_CLICKS: Final = 15
SCROLL_S: Final = 10.0
DELAY_S: Final = 10.0
HEAP_EVERY_S: Final = 30.0
OPEN_S: Final = 60.0
"""Longest time that the page may take to open while the server is under full load."""
LOADED_STATIONS: Final = 100
SETTLE_S: Final = 2.0
COMMAND: Final = (
    *(sys.executable, "server.py", "--port", "0", "--control", "127.0.0.1:0"),
    *("--findings", "always"),  # by default, findings pause at high rates, perhaps on one side only
    "--ready-file",
)
CLICKS: Final = (
    *(
        (view, f'nav a[href="#/{view.lower()}"]', "#main h1", view)
        for view in ("Send", "Behave", "Findings", "Overview", "Messages")
    ),
    ("a message", "#main .message-row", '[aria-label="Details of the message"] h2', ""),
    ("Stations", 'nav a[href="#/stations"]', "#main h1", "Stations"),
    ("a station", '#main a[href^="#/stations/BENCH"]', "#main h1", "BENCH"),
)
"""For each click: its name, the selector of its target, and the selector and text that show its result."""

CLICK: Final = """async ([target, place, text]) => {
  const element = document.querySelector(target);
  if (!element) throw new Error(`there is no ${target}`);
  const places = () => [...document.querySelectorAll(place)];
  const began = performance.now();
  element.click();
  do {
    await new Promise(requestAnimationFrame);
    if (performance.now() - began > 10_000) throw new Error(`${place} does not show ${text}`);
  } while (!places().some(({ textContent }) => textContent.includes(text)));
  await new Promise(requestAnimationFrame);
  return performance.now() - began;
}"""
"""JavaScript that clicks and returns the milliseconds until one screen frame after the result is there."""
SCROLL: Final = """async ([list, seconds]) => {
  const element = document.querySelector(list);
  const gaps = [];
  const began = performance.now();
  let before = await new Promise(requestAnimationFrame);
  while (performance.now() - began < seconds * 1000) {
    element.scrollTop = (element.scrollTop + 97) % Math.max(1, element.scrollHeight - element.clientHeight);
    const now = await new Promise(requestAnimationFrame);
    gaps.push(now - before);
    before = now;
  }
  return gaps;
}"""
"""JavaScript that scrolls a list and returns the milliseconds between successive screen frames."""
WATCH_DELAY: Final = """async () => {
  const { onEntries } = await import("/ui/live.js");
  globalThis.delays = [];
  onEntries.push((entries) => delays.push(...entries.map(({ time }) => Date.now() - Date.parse(time))));
}"""


@dataclass(frozen=True, slots=True)
class Figure:
    """Measured values of one quantity."""

    name: str
    unit: str
    aim: str = ""
    values: list[float] = field(default_factory=list)

    def row(self) -> str:
        """Return the figure as a row of the Markdown table."""
        low, middle, high = quantiles(self.values, method="inclusive")
        figures = (
            f"{middle:,.2f} | {low:,.2f} to {high:,.2f} | {min(self.values):,.2f} | {max(self.values):,.2f}"
        )
        return f"| {self.name} | {figures} | {self.unit} | {len(self.values)} | {self.aim} |\n"


HEADER: Final = (
    "| figure | median | quartiles | min | max | unit | values | aim |\n"
    "| --- | ---: | ---: | ---: | ---: | --- | ---: | --- |\n"
)


def main(arguments: Sequence[str]) -> int:
    """Measure, and print a row for each figure."""
    parser = argparse.ArgumentParser(prog="python -m bench page", description=__doc__, allow_abbrev=False)
    parser.add_argument(
        "--minutes", type=float, default=10, metavar="M", help="time for which the memory is watched"
    )
    parser.add_argument("--rounds", type=int, default=10, metavar="N", help="pairs of rates to compare")
    parser.add_argument("--seconds", type=float, default=3, metavar="S", help="length of one rate")
    given = parser.parse_args(arguments)
    machine.raise_file_limit()
    for name, fact in machine.facts().items():
        sys.stderr.write(f"{name}: {fact}\n")
    sys.stdout.write(HEADER)
    asyncio.run(_measure(given.minutes, given.rounds, given.seconds))
    return 0


async def _measure(minutes: float, rounds: int, seconds: float) -> None:
    server_core, other_core = machine.cores() or (None, None)
    with _serving(server_core) as server:
        async with (
            _busy_stations(server),
            chromium() as browser,
            opened(browser, _page_of(server), timeout_s=OPEN_S) as page,
        ):
            await _wait_until_live(page)
            tab = await Tab.of(page)
            for measured in (_clicks, _smoothness, _delay):
                _print(await measured(tab))
            _print(await _memory(tab, minutes))
    with machine.pinned(other_core), _serving(server_core) as server:
        async with chromium() as browser:
            _print(await _rates(browser, server, other_core, rounds, seconds))


def _print(figures: Sequence[Figure]) -> None:
    for figure in figures:
        sys.stdout.write(figure.row())
    sys.stdout.flush()


@contextmanager
def _serving(core: int | None) -> Iterator[Server]:
    with running(Contender("page", COMMAND), core) as server:
        yield server


def _page_of(server: Server) -> str:
    return f"{server.addresses['control']}/ui/"


async def _wait_until_live(page: Page) -> None:
    await page.wait_for_selector(".link-state[data-state=live]")
    await asyncio.sleep(SETTLE_S)


# Stations


@asynccontextmanager
async def _busy_stations(server: Server) -> AsyncIterator[None]:
    """Fill the journal, then exchange frames at a steady rate while the context lasts."""
    run = Run(deflate=False)
    stations = await open_stations(run, server.url, range(STATIONS))
    steps = encode(CYCLES["mix"])
    for number, station in enumerate(stations):
        station.prepare(steps, first=number % len(steps))
    for _ in range(ENTRIES // STATIONS // 2):
        for station in stations:
            station.call()
        await run.all_answered()
    calling = asyncio.create_task(_call_steadily(stations))
    try:
        yield
    finally:
        calling.cancel()
        for station in stations:
            station.drop()
    run.check()


async def _call_steadily(stations: Sequence[Station]) -> None:
    start = perf_counter()
    for number, station in enumerate(cycle(stations)):
        await asyncio.sleep(max(0, start + number / CALLS_PER_S - perf_counter()))
        station.call()


# Figures


class Tab:
    """The page, with a session of the Chrome DevTools Protocol."""

    def __init__(self, page: Page, session: CDPSession) -> None:
        self.page = page
        self._session = session

    @classmethod
    async def of(cls, page: Page) -> Self:
        """Return a Tab for a page, and begin to count the CPU time of its main thread."""
        session = await page.context.new_cdp_session(page)
        await session.send("Performance.enable", {"timeDomain": "threadTicks"})
        return cls(page, session)

    async def cpu_ms(self) -> float:
        """CPU time of all tasks of the main thread since `of`, in milliseconds."""
        return await self._metric("TaskDuration") * 1000

    async def heap_mb(self) -> float:
        """Collect garbage, and return the JavaScript heap that is then in use."""
        await self._session.send("HeapProfiler.collectGarbage")
        return await self._metric("JSHeapUsedSize") / 1e6

    async def _metric(self, name: str) -> float:
        metrics: list[dict[str, Any]] = (await self._session.send("Performance.getMetrics"))["metrics"]
        return float(next(metric["value"] for metric in metrics if metric["name"] == name))


async def _clicks(tab: Tab) -> list[Figure]:
    times = [Figure(f"click on {label}", "ms", "200") for label, *_ in CLICKS]
    works = [Figure(f"click on {label}: CPU time of the main thread", "ms") for label, *_ in CLICKS]
    for _ in range(ROUNDS_OF_CLICKS):
        for time, work, (_label, *where) in zip(times, works, CLICKS, strict=True):
            before = await tab.cpu_ms()
            time.values.append(await tab.page.evaluate(CLICK, where))
            work.values.append(await tab.cpu_ms() - before)
    return [*times, *works]


async def _smoothness(tab: Tab) -> list[Figure]:
    await tab.page.evaluate(CLICK, ('nav a[href="#/messages"]', "#main h1", "Messages"))
    before = await tab.cpu_ms()
    gaps: list[float] = await tab.page.evaluate(SCROLL, ("#main .virtual-list", SCROLL_S))
    work_ms = (await tab.cpu_ms() - before) / len(gaps)
    return [
        Figure("frames of the screen while scrolling", "1/s", "50", [1000 / gap for gap in gaps if gap]),
        Figure("one of these frames: CPU time of the main thread", "ms", "20", [work_ms] * 2),
    ]


async def _delay(tab: Tab) -> list[Figure]:
    await tab.page.evaluate(WATCH_DELAY)
    before = await tab.cpu_ms()
    await asyncio.sleep(DELAY_S)
    delays: list[float] = await tab.page.evaluate("delays")
    work = (await tab.cpu_ms() - before) / DELAY_S / 10
    return [
        Figure("frames received by the page", "1/s", str(2 * CALLS_PER_S), [len(delays) / DELAY_S] * 2),
        Figure("delay of a frame until the page has it", "ms", "", delays),
        Figure("use of a core by the main thread meanwhile", "%", "", [work] * 2),
    ]


async def _memory(tab: Tab, minutes: float) -> list[Figure]:
    figure = Figure("heap of the tab", "MB")
    for _ in range(max(2, round(minutes * 60 / HEAP_EVERY_S) + 1)):
        figure.values.append(await tab.heap_mb())
        await asyncio.sleep(HEAP_EVERY_S if minutes else 0)
    sys.stderr.write(f"heap in MB: {', '.join(f'{value:.1f}' for value in figure.values)}\n")
    return [figure]


async def _rates(
    browser: Browser, server: Server, core: int | None, rounds: int, seconds: float
) -> list[Figure]:
    """Measure the server with the page open and without, once each per round.

    Return the rates without the page, and the ratios of each rate with the page to the rate without it.
    """
    load = Load(Row("mix", LOADED_STATIONS, "page"), server, core)
    names = ("calls_per_cpu_second", "calls_per_second")
    ratios = {name: Figure(f"{name} with the page, of that without", "", "0.9") for name in names}
    rates = {name: Figure(f"{name} without the page", "1/s") for name in names}

    async def measure(*, is_open: bool) -> Figures:
        async with AsyncExitStack() as stack:
            if is_open:
                page = await stack.enter_async_context(opened(browser, _page_of(server), timeout_s=OPEN_S))
                await page.wait_for_selector(".link-state[data-state=live]")
            await asyncio.sleep(SETTLE_S)
            return await asyncio.to_thread(load.measure, seconds)

    try:
        await asyncio.to_thread(load.measure, seconds)
        for number in range(rounds):
            order = (True, False) if number % 2 else (False, True)
            figures = {is_open: await measure(is_open=is_open) for is_open in order}
            for name in names:
                rates[name].values.append(figures[False][name])
                ratios[name].values.append(figures[True][name] / figures[False][name])
    finally:
        await asyncio.to_thread(load.end)
    return [*rates.values(), *ratios.values()]
