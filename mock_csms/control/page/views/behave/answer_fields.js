// The fields that a rule merges into an answer: the usual ones as choices, all of them as JSON.

import { useEffect, useState } from "preact/hooks";
import { html } from "../../html.js";
import { schemasOf } from "../../schemas.js";
import { valueAt } from "../../validation.js";
import { isAction } from "./action_names.js";
import { answerFields, withValueAt } from "./answer_schema.js";
import { ChoiceField, JsonField, NumberField } from "./fields.js";

export const AnswerFields = ({ action, answer, onChange }) => {
  const fields = useAnswerFields(action);
  return html`
    ${fields.map(({ path, choices }) => html`
      <${AnswerField} key=${path.join()} label=${path.join(".")} choices=${choices} value=${valueAt(answer, path)} onChange=${(value) => onChange(withValueAt(answer, path, value))} />
    `)}
    <${JsonField} label="Fields to merge into the answer" placeholder=${'{"status": "Rejected"}'} value=${answer} onChange=${(value) => onChange(value ?? {})}
      hint="null removes a field; {{now}} and other placeholders are allowed" />
  `;
};

const AnswerField = ({ label, choices, value, onChange }) => {
  if (!choices) return html`<${NumberField} label=${label} value=${value} placeholder="as usual" onChange=${onChange} />`;
  const others = value === undefined || choices.includes(value) ? [] : [value];
  const options = [{ value: "", label: "as usual" }, ...[...others, ...choices].map((choice) => ({ value: choice, label: String(choice) }))];
  return html`<${ChoiceField} label=${label} value=${value ?? ""} choices=${options} onChange=${(choice) => onChange(choice || undefined)} />`;
};

/** The usual fields of the answer to an action; none while the action is not known. */
const useAnswerFields = (action) => {
  const [fields, setFields] = useState([]);
  const isKnown = isAction(action); // not while its name is typed
  useEffect(() => {
    let isCurrent = true;
    setFields([]);
    if (isKnown) {
      schemasOf(action).then((schemas) => isCurrent && setFields(answerFields(schemas?.response)), () => {}); // JSON is enough without them
    }
    return () => {
      isCurrent = false;
    };
  }, [action, isKnown]);
  return fields;
};
