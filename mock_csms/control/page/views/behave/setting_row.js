// One setting of a station: what it is, its value, and how it differs from the usual.

import { useEffect, useState } from "preact/hooks";
import { html } from "../../html.js";
import { short } from "../../text.js";
import { Badge } from "../../components/badge.js";
import { Icon } from "../../components/icon.js";
import { ChoiceField, Field, JsonField, NumberField, TextField } from "./fields.js";
import { controlOf, differs, labelOf, linesIn, valueText } from "./profile_form.js";

export const SettingRow = ({ name, schema, value, draft, isEdited, isChanged, flaw, onChange, onRevert }) => {
  const isOther = differs(value, schema);
  return html`
    <div class=${`setting${isEdited ? " is-edited" : ""}`}>
      <div class="setting-about">
        <h3>${labelOf(name)}</h3>
        <p class="muted">${schema.description}</p>
        <p class="setting-state">
          <code>${name}</code>
          ${isChanged && html`<${Badge} kind="injected" icon="wand">changed<//>`}
          ${isOther && html`<span class="muted">default: <bdi>${short(valueText(schema.default), 60)}</bdi></span>`}
          ${isChanged && html`<button type="button" class="quiet" aria-label=${`Revert ${labelOf(name)}`} onClick=${onRevert}><${Icon} name="refresh" /> Revert</button>`}
        </p>
      </div>
      <${Control} name=${name} schema=${schema} value=${isEdited ? draft : value} flaw=${flaw} onChange=${onChange} />
    </div>
  `;
};

const Control = ({ name, schema, value, flaw, onChange }) => {
  const { kind, choices } = controlOf(name, schema);
  const shared = { label: labelOf(name), flaw, value };
  const emptied = (next) => onChange(next === undefined || next === "" ? null : next);
  if (kind === "choice") return html`<${Choice} ...${shared} choices=${choices} onChange=${emptied} />`;
  if (kind === "switch") return html`<${Switch} ...${shared} onChange=${onChange} />`;
  if (kind === "number") return html`<${NumberField} ...${shared} placeholder="not set" onChange=${emptied} />`;
  if (kind === "json") return html`<${JsonField} ...${shared} value=${value ?? undefined} placeholder="not set" onChange=${emptied} />`;
  if (kind === "lines") return html`<${Lines} ...${shared} onChange=${onChange} />`;
  if (kind === "password") return html`<${TextField} ...${shared} type="password" value=${value === "***" ? "" : value} placeholder=${value === "***" ? "set, but not shown" : "not set"} autocomplete="new-password" onChange=${emptied} />`;
  return html`<${TextField} ...${shared} placeholder="not set" onChange=${emptied} />`;
};

const Choice = ({ value, choices, onChange, ...others }) => html`
  <${ChoiceField} ...${others} value=${value ?? ""} onChange=${onChange}
    choices=${[...(value == null || value === "" ? [{ value: "", label: "not set" }] : []), ...choices.map((choice) => ({ value: choice, label: choice }))]} />
`;

const Switch = ({ label, value, flaw, onChange }) => html`
  <div class="field">
    <span class="switch"><input type="checkbox" role="switch" aria-label=${label} checked=${Boolean(value)} onChange=${(event) => onChange(event.target.checked)} /> <span>${value ? "on" : "off"}</span></span>
    ${flaw && html`<small class="bad-text" role="alert">${flaw}</small>`}
  </div>
`;

/** A list of texts, one a line; the text is kept as it is typed, with its empty lines. */
const Lines = ({ value, onChange, ...others }) => {
  const [text, setText] = useState(textOf(value));
  useEffect(() => {
    if (textOf(value) !== textOf(linesIn(text))) setText(textOf(value));
  }, [textOf(value)]);
  const change = (event) => {
    setText(event.target.value);
    onChange(linesIn(event.target.value));
  };
  return html`
    <${Field} ...${others} hint="one a line" control=${(attributes) => html`
      <textarea class="mono" rows=${Math.min(5, text.split("\n").length + 1)} spellcheck=${false} placeholder="empty" value=${text} onInput=${change} ...${attributes}></textarea>
    `} />
  `;
};

const textOf = (list) => (list ?? []).map(lineText).join("\n");
const lineText = (item) => (typeof item === "string" ? item : JSON.stringify(item));
