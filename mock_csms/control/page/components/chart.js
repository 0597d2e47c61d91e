// Curves over time, drawn by uPlot in the colours of the page.

import { useEffect, useRef } from "preact/hooks";
import uPlot from "uplot";
import { clock, dateTime } from "../format.js";
import { html } from "../html.js";
import { systemIsDark, theme } from "../theme.js";

/**
 * Curves; `data` is [[unix seconds], [values], ...], `series` a list of {label, color, stepped?, dash?, gaps?, fill?,
 * value?}, where a colour is the name of a custom property such as "--curve-1", `gaps` says that a null ends the line
 * until the next value, and `value(number)` makes the text in the legend.
 * A screen reader gets `description` instead of the picture.
 */
export const Chart = ({ data, series, height = 180, axis, description, min, max }) => {
  const box = useRef(null);
  const plot = useRef(null);
  const shape = JSON.stringify(series.map(({ label, color, dash }) => [label, color, dash]));
  useEffect(() => {
    const element = box.current;
    plot.current = new uPlot(options(element, series, height, axis, min, max), data, element);
    const observer = new ResizeObserver(() => plot.current.setSize({ width: element.clientWidth, height }));
    observer.observe(element);
    return () => {
      observer.disconnect();
      plot.current.destroy();
    };
  }, [shape, height, theme.value, systemIsDark.value]);
  useEffect(() => plot.current.setData(data), [data]);
  return html`<div class="chart" ref=${box} role="img" aria-label=${description}></div>`;
};

const options = (element, series, height, axis = (value) => value, min, max) => {
  const color = (name) => colorOf(element, name);
  const lines = { stroke: color("--muted"), grid: { stroke: color("--line"), width: 1 }, ticks: { stroke: color("--line"), width: 1 } };
  return {
    width: element.clientWidth || 300,
    height,
    cursor: { y: false },
    scales: { y: { range: (_, low, high) => [min ?? Math.min(0, low ?? 0), max ?? (high > 0 ? high * 1.1 : 1)] } },
    axes: [
      { ...lines, size: 30, space: 84, values: (_, ticks, __, ___, stepS) => ticks.map((time) => timeOfDay(time, stepS)) },
      { ...lines, size: 72, values: (_, ticks) => ticks.map(axis) },
    ],
    series: [
      { label: "Time", value: (_, time) => (time == null ? "" : timeOfDay(time)) },
      ...series.map((line) => ({
        label: line.label,
        stroke: color(line.color),
        fill: line.fill && color(line.fill),
        width: 2,
        points: { show: false },
        dash: line.dash,
        spanGaps: !line.gaps,
        paths: line.stepped ? uPlot.paths.stepped({ align: 1 }) : undefined,
        value: (_, value) => (value == null ? "" : (line.value ?? axis)(value)),
      })),
    ],
  };
};

/** Time of day, with seconds unless the ticks are at least a minute apart; the day if they are that far apart. */
const timeOfDay = (time, stepS = 1) =>
  stepS < 86_400 ? clock(time * 1000).slice(0, stepS < 60 ? 8 : 5) : dateTime(time * 1000).split(" ", 2).join(" ");

/** Value of a custom property with a color; a canvas does not understand `light-dark()`. */
const colorOf = (element, name) => {
  element.style.color = `var(${name})`;
  const { color } = getComputedStyle(element);
  element.style.color = "";
  return color;
};

/** A small curve without axes; `values` are numbers, the newest last. */
export const Sparkline = ({ values, description, width = 120, height = 28 }) => {
  const top = Math.max(...values, 1);
  const step = width / Math.max(1, values.length - 1);
  const points = values.map((value, index) => `${(index * step).toFixed(1)},${(height - 2 - (value / top) * (height - 4)).toFixed(1)}`);
  return html`
    <svg class="sparkline" viewBox=${`0 0 ${width} ${height}`} width=${width} height=${height} role="img" aria-label=${description}>
      ${values.length > 1 && html`
        <polygon points=${`0,${height} ${points.join(" ")} ${width},${height}`} />
        <polyline points=${points.join(" ")} />
      `}
    </svg>
  `;
};
