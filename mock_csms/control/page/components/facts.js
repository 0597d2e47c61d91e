// Facts as a list of names with their contents.

import { html } from "../html.js";

/** A fact is [name, content]. */
export const Facts = ({ facts }) => html`
  <dl class="facts">${facts.map(([name, content]) => html`<dt key=${name}>${name}</dt><dd>${content}</dd>`)}</dl>
`;
