// One message of an exchange, as JSON with the places marked at which it violates its schema, or as text.

import { useEffect, useState } from "preact/hooks";
import { ignoreFailedRequest } from "../../api.js";
import { html } from "../../html.js";
import { clock } from "../../format.js";
import { marksOf } from "../../messages/violations.js";
import { frameOf, payloadOf, titleOf } from "../../messages/summary.js";
import { schemasOf, validate } from "../../schemas.js";
import { visible } from "../../text.js";
import { Icon } from "../../components/icon.js";
import { JsonView } from "../../components/json_view.js";

const LONG_TEXT = 10_000;
const MAX_VALIDATED = 256 * 1024; // characters of JSON; longer ones would hold up the page

const NAMES = { call: "Call", result: "Answer", error: "Error", malformed: "Malformed frame" };

/** With `onJump`, the heading is a button that leads to the entry. */
export const Frame = ({ entry, onJump }) => {
  const errors = useSchemaErrors(entry);
  const name = entry.type === "withheld" ? (entry.partner ? "Answer that was not sent" : "Call that was not sent") : NAMES[entry.type];
  return html`
    <section class="message-frame">
      <h3>
        <${Icon} name=${entry.direction === "received" ? "arrow_right" : "arrow_left"} /> ${name}
        <span class="muted"> ${clock(entry.time)}</span>
        ${onJump && html`<button type="button" class="quiet" onClick=${onJump}>Show entry ${entry.number}</button>`}
      </h3>
      <${Content} entry=${entry} marks=${marksOf(entry.violation, errors)} name=${name} />
    </section>
  `;
};

const Content = ({ entry, marks, name }) => {
  const frame = frameOf(entry);
  const payload = payloadOf(entry);
  if (frame === undefined) return html`<${RawText} text=${entry.text ?? ""} />`;
  const label = `${name} ${titleOf(entry)} as JSON`;
  if (payload === undefined) return html`<${JsonView} value=${frame} label=${label} />`;
  return html`<${JsonView} value=${payload} marks=${marks.map(({ path, text }) => ({ path, text: visible(text) }))} label=${label} />`;
};

const RawText = ({ text }) => {
  const [isWhole, setWhole] = useState(false);
  if (!text) return html`<p class="muted">No frame was sent.</p>`;
  const isLong = !isWhole && text.length > LONG_TEXT;
  return html`
    <pre class="message-text" tabindex="0"><bdi>${visible(isLong ? text.slice(0, LONG_TEXT) : text)}</bdi></pre>
    ${isLong && html`<button type="button" onClick=${() => setWhole(true)}>Show all ${text.length} characters</button>`}
  `;
};

/** What the schema of the action says about the payload. The server does not check times, and so neither does this. */
const useSchemaErrors = (entry) => {
  const [errors, setErrors] = useState([]);
  useEffect(() => {
    let isShown = true;
    schemaErrors(entry).then((found) => isShown && setErrors(found), ignoreFailedRequest); // the violation of the entry is shown without it
    return () => {
      isShown = false;
    };
  }, [entry]);
  return errors;
};

const schemaErrors = async (entry) => {
  const payload = payloadOf(entry);
  const part = { call: "request", result: "response" }[entry.type];
  if (!part || !payload || !entry.action || JSON.stringify(payload).length > MAX_VALIDATED) return [];
  const schemas = await schemasOf(entry.action, entry.station);
  return schemas ? validate(schemas[part], payload, { times: false }) : [];
};
