// The payload as JSON: a text field above a coloured copy of its text, with the lines of errors marked.

import { useRef } from "preact/hooks";
import { CopyButton } from "../../components/buttons.js";
import { html } from "../../html.js";
import { quoted } from "../../text.js";
import { draft, editText, errors, focusedPath, isAwaited, reading } from "./draft.js";
import { lineAt, placeOf } from "./json_text.js";

const MAX_COLORED = 50_000; // characters; a longer text is typed without delay in one colour
const MAX_SHOWN = 20;
const TOKEN = /("(?:[^"\\]|\\.)*"?)(\s*:)?|-?\d[\d.eE+-]*|\b(?:true|false|null)\b/g;

export const PayloadJson = () => {
  const { text } = draft.value;
  const field = useRef(null);
  const marks = marksOf(text);
  const select = ({ start, end }) => {
    field.current.focus();
    field.current.setSelectionRange(start, end);
  };
  return html`
    <section class="panel send-json" aria-labelledby="send-json-title">
      <div class="send-form-head">
        <h3 id="send-json-title">JSON</h3><span class="spacer"></span>
        <${CopyButton} text=${() => text}>Copy<//>
      </div>
      <${Editor} text=${text} field=${field} marks=${marks} />
      <${Marks} marks=${marks} onSelect=${select} />
    </section>
  `;
};

/** Errors of the text with their lines: [{start, end, line, lastLine, text}]. */
const marksOf = (text) => {
  const { error, places } = reading.value;
  if (error) return [{ start: error.offset, end: error.offset + 1, line: error.line, text: error.text }];
  return errors.value.map((found) => {
    const { start, end } = placeOf(places, found.path);
    return { start, end, line: lineAt(text, start).line, text: `${nameOf(found.path)} ${found.text}` };
  });
};

const nameOf = (path) => path.map((part) => (typeof part === "number" ? `[${part}]` : part)).join(".").replaceAll(".[", "[") || "the payload";

const Marks = ({ marks, onSelect }) => html`
  <ul class="send-marks" id="send-marks" aria-label="Errors">
    ${marks.slice(0, MAX_SHOWN).map((mark) => html`
      <li key=${`${mark.start} ${mark.text}`}>
        <button type="button" class="quiet bad-text" onClick=${() => onSelect(mark)}>⚠ Line ${mark.line}: <bdi>${quoted(mark.text).slice(1, -1).replaceAll('\\"', '"')}</bdi></button>
      </li>
    `)}
    ${marks.length > MAX_SHOWN && html`<li class="muted">and ${marks.length - MAX_SHOWN} more</li>`}
  </ul>
`;

const Editor = ({ text, field, marks }) => {
  const copy = useRef(null);
  const gutter = useRef(null);
  const follow = () => {
    copy.current.scrollTo(field.current.scrollLeft, field.current.scrollTop);
    gutter.current.scrollTop = field.current.scrollTop;
  };
  const lines = text.split("\n");
  const marked = new Set(marks.map(({ line }) => line));
  const focused = focusedLines(text);
  const classOf = (line) => (marked.has(line) ? "marked" : line >= focused.first && line <= focused.last ? "focused" : "");
  return html`
    <div class="send-editor mono">
      <div class="send-gutter" ref=${gutter} aria-hidden="true">${lines.map((_, index) => html`<div key=${index} class=${classOf(index + 1)}>${index + 1}</div>`)}</div>
      <div class="send-code">
        <pre ref=${copy} aria-hidden="true">${text.length > MAX_COLORED ? text : lines.map((line, index) => html`<div key=${index} class=${classOf(index + 1)}>${colored(line)}</div>`)}</pre>
        <textarea ref=${field} class="mono" wrap="off" spellcheck=${false} autocomplete="off" aria-label="Payload as JSON"
          aria-invalid=${marks.length > 0} aria-describedby="send-marks" readonly=${isAwaited.value} value=${text}
          onInput=${(event) => editText(event.target.value)} onScroll=${follow}></textarea>
      </div>
    </div>
  `;
};

const focusedLines = (text) => {
  const { error, places } = reading.value;
  if (!focusedPath.value || error) return { first: 0, last: -1 };
  const { start, end } = placeOf(places, focusedPath.value);
  return { first: lineAt(text, start).line, last: lineAt(text, end).line };
};

const colored = (line) => {
  const parts = [];
  let end = 0;
  for (const { 0: token, 1: string, 2: colon, index } of line.matchAll(TOKEN)) {
    parts.push(line.slice(end, index));
    const kind = colon ? "name" : string ? "string" : /\d/.test(token) ? "number" : "boolean";
    parts.push(html`<span class=${`json-${kind}`}>${token}</span>`);
    end = index + token.length;
  }
  return [...parts, line.slice(end), "\n"];
};
