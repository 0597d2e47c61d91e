// A part that is a table of things, with the commands that fill it.

import { useState } from "preact/hooks";
import { html } from "../../html.js";
import { Empty } from "../../components/empty.js";
import { SendButton } from "./send_button.js";

const AT_FIRST = 100;

/** Buttons that send commands; a command is `{action, payload?, label?}`. */
export const Commands = ({ state, commands }) =>
  commands.map(({ action, payload, label }) => html`
    <${SendButton} key=${label ?? action} id=${state.id} action=${action} payload=${payload} isConnected=${state.connected}>${label ?? action}<//>
  `);

/**
 * `columns` are pairs of a heading and a function that makes the content of a cell; `actionOf` makes the command of a
 * row, if it has one; `empty` is `{icon, title, text}`.
 */
export const TablePart = ({ state, label, items, columns, actionOf, commands, empty }) => {
  if (!items.length) {
    return html`
      <${Empty} icon=${empty.icon} title=${empty.title}>
        <p>${empty.text}</p>
        <div class="station-commands"><${Commands} state=${state} commands=${commands} /></div>
      <//>
    `;
  }
  return html`
    <div class="station-parts">
      <div class="toolbar"><${Commands} state=${state} commands=${commands} /></div>
      <section class="panel"><${Table} state=${state} label=${label} items=${items} columns=${columns} actionOf=${actionOf} /></section>
    </div>
  `;
};

export const Table = ({ state, label, items, columns, actionOf }) => {
  const [limit, setLimit] = useState(AT_FIRST);
  return html`
    <div class="scrolls" tabindex="0" role="group" aria-label=${label}>
      <table class="things">
        <thead><tr>${columns.map(([heading]) => html`<th key=${heading}>${heading}</th>`)}${actionOf && html`<th>Change</th>`}</tr></thead>
        <tbody>
          ${items.slice(0, limit).map((item, index) => html`
            <tr key=${index}>
              ${columns.map(([heading, content]) => html`<td key=${heading}>${content(item)}</td>`)}
              ${actionOf && html`<td><${Commands} state=${state} commands=${[actionOf(item)]} /></td>`}
            </tr>
          `)}
        </tbody>
      </table>
    </div>
    ${items.length > limit && html`<button type="button" onClick=${() => setLimit(limit + 1_000)}>Show more of ${items.length}</button>`}
  `;
};
