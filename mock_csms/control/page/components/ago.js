// Time since a moment, which goes on every second.

import { signal } from "@preact/signals";
import { ago, dateTime } from "../format.js";
import { html } from "../html.js";

/** Milliseconds since 1970, every second. */
export const now = signal(Date.now());

setInterval(() => {
  now.value = Date.now();
}, 1_000);

/** "12 s ago"; the date is shown when the pointer is over it. */
export const Ago = ({ time }) => html`<time datetime=${time} title=${dateTime(time)}>${ago(time, now.value)} ago</time>`;
