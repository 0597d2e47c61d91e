// A frame that a finding is about, from the record of the page or from the server.

import { useEffect, useState } from "preact/hooks";
import { hashOf } from "../../address.js";
import { html } from "../../html.js";
import { entryOf } from "../../stored.js";
import { short, visible } from "../../text.js";
import { JsonView } from "../../components/json_view.js";
import { MessageRow } from "../../messages/row.js";
import { marksOf } from "../../messages/violations.js";

const LONGEST_TEXT = 10_000;
const PAYLOAD_PLACES = { call: 3, result: 2 }; // index into the frame

/** `name` stands above the frame, such as "Second answer". */
export const Frame = ({ number, name }) => {
  const [state, setState] = useState({ isLoading: true });
  useEffect(() => {
    let isCurrent = true;
    entryOf(number).then(
      (entry) => isCurrent && setState({ entry }),
      (error) => isCurrent && setState({ problem: error.message }),
    );
    return () => {
      isCurrent = false;
    };
  }, [number]);
  const { entry, isLoading, problem } = state;
  if (isLoading) return html`<p class="muted">Loading frame ${number} …</p>`;
  if (problem) return html`<p class="bad-text">Frame ${number} cannot be shown: ${problem}</p>`;
  if (!entry) return html`<p class="muted">Frame ${number} is no longer stored. Start the server with a higher <code>--journal-max</code> to keep more.</p>`;
  return html`<${Stored} entry=${entry} name=${name} />`;
};

const Stored = ({ entry, name }) => html`
  <section class="finding-frame" aria-label=${`Frame ${entry.number}`}>
    ${name && html`<p class="finding-frame-name">${name}</p>`}
    <${MessageRow} entry=${entry} hasStation=${false} class="narrow" href=${hashOf(["messages"], { entry: entry.number })} />
    <${Content} entry=${entry} />
  </section>
`;

const Content = ({ entry }) => {
  if (entry.text !== undefined) return html`<pre tabindex="0" class="finding-raw"><bdi>${short(entry.text, LONGEST_TEXT)}</bdi></pre>`;
  return html`<${JsonView} value=${entry.frame ?? entry} marks=${frameMarks(entry)} label=${`Frame ${entry.number} as JSON`} />`;
};

/** Marks where the payload violates its schema, with paths into the frame. */
const frameMarks = ({ type, violation }) =>
  marksOf(violation).map(({ path, text }) => ({ path: type in PAYLOAD_PLACES ? [PAYLOAD_PLACES[type], ...path] : [], text: visible(text) }));
