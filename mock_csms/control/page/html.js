// Templates: html`<p>${text}</p>` makes elements; values become text or attributes, never markup.

import htm from "htm";
import { h } from "preact";

export const html = htm.bind(h);
