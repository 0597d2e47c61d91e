// JSON, indented and coloured, with marks at the places of errors.

import { useState } from "preact/hooks";
import { html } from "../html.js";
import { quoted } from "../text.js";

const LONG_STRING = 300;
const LONG_LIST = 100;

/**
 * A value as JSON. `marks` is a list of {path, text}: a path of names and indexes into the value, and what is wrong
 * there. A mark of a part that is missing stands at the object that lacks it.
 */
export const JsonView = ({ value, marks = [], label = "JSON" }) => html`
  <div class="json" tabindex="0" role="group" aria-label=${label}><${Value} value=${value} path=${[]} marks=${marks} /></div>
`;

const Value = ({ value, path, marks, name, end = "" }) => {
  const here = marks.filter((mark) => isAt(mark, path, value));
  const texts = here.map(({ text }) => text);
  return html`
    <div class=${`json-line${here.length ? " marked" : ""}`}>
      ${name !== undefined && html`<span class="json-name">${quoted(name)}</span>: `}
      <${Content} value=${value} path=${path} marks=${marks.filter((mark) => !here.includes(mark))} end=${end} texts=${texts} />
    </div>
  `;
};

const isAt = (mark, path, value) =>
  mark.path.length >= path.length &&
  path.every((part, index) => part === mark.path[index]) &&
  !(value !== null && typeof value === "object" && mark.path.length > path.length && mark.path[path.length] in value);

const Marks = ({ texts }) => texts.map((text) => html`<strong class="json-mark">⚠ ${text}</strong>`);

const Content = ({ value, path, marks, end, texts }) => {
  if (value === null || typeof value !== "object") {
    return html`<${Scalar} value=${value} />${end}<${Marks} texts=${texts} />`;
  }
  const isList = Array.isArray(value);
  const [open, close] = isList ? "[]" : "{}";
  const names = Object.keys(value);
  if (!names.length) return html`${open}${close}${end}<${Marks} texts=${texts} />`;
  return html`
    <details open>
      <summary>${open}<span class="json-folded"> … ${close} ${names.length}</span><${Marks} texts=${texts} /></summary>
      <${Members} value=${value} names=${names} isList=${isList} path=${path} marks=${marks} />
      <div class="json-line">${close}${end}</div>
    </details>
  `;
};

const Members = ({ value, names, isList, path, marks }) => {
  const [limit, setLimit] = useState(LONG_LIST);
  return html`
    <div class="json-members">
      ${names.slice(0, limit).map((name, index) => {
        const key = isList ? index : name;
        const end = index < names.length - 1 ? "," : "";
        return html`<${Value} key=${name} name=${isList ? undefined : name} value=${value[name]} path=${[...path, key]} marks=${marks} end=${end} />`;
      })}
      ${names.length > limit && html`<button type="button" class="quiet" onClick=${() => setLimit(Infinity)}>Show ${names.length - limit} more</button>`}
    </div>
  `;
};

const Scalar = ({ value }) => {
  const [isWhole, setWhole] = useState(false);
  if (typeof value !== "string") return html`<span class=${`json-${typeof value}`}>${String(value)}</span>`;
  if (isWhole || value.length <= LONG_STRING) return html`<span class="json-string">${quoted(value)}</span>`;
  return html`
    <span class="json-string">${quoted(value.slice(0, LONG_STRING))}</span>
    <button type="button" class="quiet" onClick=${() => setWhole(true)}>… show all ${value.length} characters</button>
  `;
};
