// Icons as inline SVG, drawn on a grid of 24 by 24; they are decoration, so a text must stand beside them.

import { html } from "../html.js";

const PATHS = {
  alert: "M12 4 2.8 20h18.4zM12 10v4.5M12 17v.5",
  arrow_left: "M19 12H5m6-6-6 6 6 6",
  arrow_right: "M5 12h14m-6-6 6 6-6 6",
  bolt: "M13 3 5 14h6l-1 7 8-11h-6z",
  certify: "M8 11.5l3.5 3.5L20 6M19 12v7H5V5h9",
  chart: "M4 20V4M4 20h16M8 16v-4m4 4V8m4 8v-6",
  check: "m5 12.5 4.5 4.5L19 7",
  chevron: "m9 6 6 6-6 6",
  clock: "M12 7v5l3 2M12 3a9 9 0 1 0 0 18 9 9 0 0 0 0-18z",
  close: "M6 6l12 12M18 6 6 18",
  copy: "M9 9h11v11H9zM5 15H4V4h11v1",
  cross: "M7 7l10 10M17 7 7 17",
  dot: "M12 10.5a1.5 1.5 0 1 0 0 3 1.5 1.5 0 0 0 0-3z",
  download: "M12 4v11m-5-4 5 5 5-5M5 20h14",
  edit: "M4 20h4L19 9l-4-4L4 16z",
  filter: "M4 5h16l-6 8v6l-4-2v-4z",
  flag: "M6 21V4h11l-2 4 2 4H6",
  hand: "M8 12V6a1.5 1.5 0 0 1 3 0v5V4.5a1.5 1.5 0 0 1 3 0V11V6a1.5 1.5 0 0 1 3 0v8a6 6 0 0 1-6 6c-3 0-4-1.5-6-5l-1-2a1.5 1.5 0 0 1 2.5-1.5z",
  info: "M12 11v5.5M12 7.5v.5M12 3a9 9 0 1 0 0 18 9 9 0 0 0 0-18z",
  key: "M8 8a4 4 0 1 0 0 8 4 4 0 0 0 0-8zm4 4h9m-3 0v4",
  keyboard: "M3 7h18v10H3zM7 14h10M7 10.5v.1m3.300-.1v.1m3.400-.1v.1m3.300-.1v.1",
  list: "M4 6h16M4 12h16M4 18h16",
  lock: "M6 11h12v9H6zm3 0V8a3 3 0 0 1 6 0v3",
  messages: "M4 8h13m-4-4 4 4-4 4M20 16H7m4 4-4-4 4-4",
  moon: "M20 14a8 8 0 0 1-10-10 8 8 0 1 0 10 10z",
  pause: "M8 5v14M16 5v14",
  play: "M7 5v14l11-7z",
  plug: "M9 3v5m6-5v5M7 8h10v4a5 5 0 0 1-10 0zm5 9v4",
  plus: "M12 5v14M5 12h14",
  refresh: "M20 12a8 8 0 1 1-2.5-5.800M20 4v4h-4",
  search: "M10.5 4a6.5 6.5 0 1 0 0 13 6.5 6.5 0 0 0 0-13zM15.5 15.5 21 21",
  send: "M4 12 20 4l-5 16-4-7z",
  station: "M6 21V5a2 2 0 0 1 2-2h6a2 2 0 0 1 2 2v16M4 21h14M16 9h2a2 2 0 0 1 2 2v5a1.5 1.5 0 0 1-3 0v-3M11.5 7 9 11.5h4L10.5 16",
  sun: "M12 8a4 4 0 1 0 0 8 4 4 0 0 0 0-8zM12 2v3m0 14v3M2 12h3m14 0h3M5 5l2 2m10 10 2 2M19 5l-2 2M7 17l-2 2",
  trash: "M5 7h14M10 7V4h4v3m3 0-1 13H8L7 7",
  unlock: "M6 11h12v9H6zm3 0V8a3 3 0 0 1 5.800-1",
  wand: "M4 20 15 9m2-6v4m-2-2h4m1 6v4m-2-2h4M8 3v3M6.5 4.5h3",
};

/** Icon by name. */
export const Icon = ({ name, class: classes = "" }) => html`
  <svg class=${`icon ${classes}`} viewBox="0 0 24 24" aria-hidden="true" focusable="false"><path d=${PATHS[name]} /></svg>
`;
