// The part of the form of a rule that says what it does: one effect, or several that are used in turn.

import { useState } from "preact/hooks";
import { html } from "../../html.js";
import { Icon } from "../../components/icon.js";
import { AnswerFields } from "./answer_fields.js";
import { ChoiceField, JsonField, NumberField, TextField } from "./fields.js";
import { faultChoices } from "./faults.js";
import { contentKind, withContent, withEffect, withFault, withKey, withoutEffect } from "./rule_form.js";
import { effectsOf } from "./rule_words.js";

const CONTENTS = [
  { value: "usual", label: "as usual" },
  { value: "answer", label: "with changed fields" },
  { value: "error", label: "with a CALLERROR" },
];
const ERROR_CODES = [
  "FormatViolation", "FormationViolation", "GenericError", "InternalError", "MessageTypeNotSupported", "NotImplemented", "NotSupported",
  "OccurrenceConstraintViolation", "PropertyConstraintViolation", "ProtocolError", "RpcFrameworkError", "SecurityError", "TypeConstraintViolation",
];

export const EffectFields = ({ rule, onChange }) => {
  const [place, setPlace] = useState(0);
  const effects = effectsOf(rule);
  const index = Math.min(place, Math.max(0, effects.length - 1));
  const effect = effects[index] ?? {};
  const change = (changed) => onChange(withEffect(rule, index, changed));
  const add = () => {
    onChange(withEffect(rule, effects.length, {}));
    setPlace(effects.length);
  };
  return html`
    <div class="form-part">
      <div class="toolbar">
        <h3>Effect</h3>
        ${effects.length > 1 && html`
          <span class="effect-places" role="group" aria-label="Effects in turn">
            ${effects.map((_, number) => html`
              <button type="button" key=${number} class="quiet" aria-pressed=${number === index} onClick=${() => setPlace(number)}>${number + 1}</button>
            `)}
          </span>
          <button type="button" class="quiet" onClick=${() => onChange(withoutEffect(rule, index))}><${Icon} name="trash" /> Remove effect ${index + 1}</button>
        `}
        <button type="button" class="quiet" onClick=${add}><${Icon} name="plus" /> Add a next effect</button>
      </div>
      <${OneEffect} key=${index} effect=${effect} when=${rule.when ?? {}} onChange=${change} />
    </div>
  `;
};

const OneEffect = ({ effect, when, onChange }) => {
  const { direction = "call", action } = when;
  const content = contentKind(effect);
  const hasAnswer = (direction === "call" && action !== "handshake") || direction === "answer";
  const contents = direction === "answer" ? CONTENTS.slice(0, 2) : CONTENTS;
  return html`
    <div class="form-row">
      ${(hasAnswer || content !== "usual") && html`
        <${ChoiceField} label="Answer" value=${content} choices=${contents} onChange=${(kind) => onChange(withContent(effect, kind))} />
      `}
      ${content === "answer" && html`
        <${AnswerFields} action=${action} answer=${effect.answer} onChange=${(answer) => onChange({ ...effect, answer })} />
      `}
      ${content === "error" && html`<${ErrorFields} effect=${effect} onChange=${onChange} />`}
      <${FaultFields} effect=${effect} choices=${faultChoices(direction, action)} onChange=${onChange} />
      ${direction !== "command" && action !== "handshake" && html`<${CommandFields} effect=${effect} onChange=${onChange} />`}
    </div>
  `;
};

const ErrorFields = ({ effect, onChange }) => {
  const set = (name) => (text) => onChange({ ...effect, error: withKey(effect.error, name, text) });
  return html`
    <${TextField} label="Error code" list="error-codes" value=${effect.error.code} onChange=${set("code")} />
    <datalist id="error-codes">${ERROR_CODES.map((code) => html`<option key=${code} value=${code}></option>`)}</datalist>
    <${TextField} label="Description" value=${effect.error.description} onChange=${set("description")} />
  `;
};

const FaultFields = ({ effect, choices, onChange }) => {
  const fault = typeof effect.fault === "string" ? { kind: effect.fault } : (effect.fault ?? {});
  const known = choices.find(({ kind }) => kind === fault.kind);
  const others = fault.kind && !known ? [{ kind: fault.kind, label: fault.kind }] : [];
  const options = [{ value: "", label: "none" }, ...[...others, ...choices].map(({ kind, label }) => ({ value: kind, label }))];
  const choose = (kind) => onChange(withFault(effect, kind, choices.find((choice) => choice.kind === kind)?.fields));
  return html`
    <${ChoiceField} label="Fault" value=${fault.kind ?? ""} choices=${options} onChange=${choose} />
    ${known?.fields.map(({ name, label, type }) => {
      const Field = type === "number" ? NumberField : TextField;
      return html`<${Field} key=${name} label=${label} value=${fault[name]} onChange=${(value) => onChange({ ...effect, fault: withKey(fault, name, value) })} />`;
    })}
  `;
};

const CommandFields = ({ effect, onChange }) => {
  const command = effect.command ?? {};
  const set = (name) => (value) => {
    const changed = withKey(command, name, value);
    onChange(withKey(effect, "command", changed.action ? changed : undefined));
  };
  return html`
    <${TextField} label="Then send the command" placeholder="none" list="rule-commands" value=${command.action} onChange=${(text) => set("action")(text.trim())} />
    ${command.action && html`
      <${NumberField} label="Seconds after the answer" placeholder="0" value=${command.delay} onChange=${set("delay")} />
      <${JsonField} label="Payload of the command" placeholder="default payload" value=${command.payload} onChange=${set("payload")} />
    `}
  `;
};
