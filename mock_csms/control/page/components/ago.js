// Time since a moment, which goes on every second.

import { signal } from "@preact/signals";
import { ago, dateTime, timeOrDate } from "../format.js";
import { html } from "../html.js";

/** Milliseconds since 1970, every second. */
export const now = signal(Date.now());

setInterval(() => {
  now.value = Date.now();
}, 1_000);

/** "19:50:05 (12 min)"; with the date unless it is today. */
export const Since = ({ time }) => html`<time datetime=${time} title=${dateTime(time)}>${timeOrDate(time, now.value)} (${ago(time, now.value)})</time>`;

/** "12 s ago"; the date is shown when the pointer is over it. */
export const Ago = ({ time }) => html`<time datetime=${time} title=${dateTime(time)}>${ago(time, now.value)} ago</time>`;
