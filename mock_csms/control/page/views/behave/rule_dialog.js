// Adds or edits a rule: a form for its usual parts, and the JSON of all of them beside it.

import { useEffect, useState } from "preact/hooks";
import { html } from "../../html.js";
import { Dialog } from "../../components/dialog.js";
import { notify } from "../../components/toasts.js";
import { ConditionFields, LimitFields } from "./condition_fields.js";
import { EffectFields } from "./effect_fields.js";
import { flawsIn, otherFlaws } from "./flaws.js";
import { jsonOf, parseRule, writtenRule } from "./rule_form.js";
import { sentenceOf } from "./rule_words.js";
import { deleteRule, freeId, saveRule } from "./rules_state.js";

/** Fields of the form, at which their flaws are shown; those of effects stand below, with their path in the JSON. */
const CONDITIONS = ["station", "direction", "action", "nth", "payload", "expression", "state"].map((name) => `when.${name}`);
const FIELDS = [...CONDITIONS, "times", "probability", "priority", "ttl", "set", "id"];

export const RuleDialog = ({ rule: original, isNew, onClose }) => {
  const [draft, setDraft] = useState(() => draftOf(writtenRule(original)));
  const [flaws, setFlaws] = useState([]);
  const problem = otherFlaws(flaws, FIELDS);
  const changeRule = (rule) => setDraft(draftOf(rule));
  const changeText = (event) => {
    const text = event.target.value;
    setDraft({ rule: draft.rule, text, ...parseRule(text) });
  };
  const submit = async (event) => {
    event.preventDefault();
    try {
      await save(draft.rule, original, isNew);
      notify(isNew ? "The rule is added" : "The rule is changed; its counts begin anew", "good");
      onClose();
    } catch (error) {
      setFlaws(flawsIn(error.message));
    }
  };
  useEffect(() => setFlaws([]), [draft.text]);
  return html`
    <${Dialog} title=${isNew ? "Add a rule" : "Edit the rule"} wide onClose=${onClose}>
      <form class="rule-form" onSubmit=${submit}>
        <p class="rule-sentence"><bdi>${sentenceOf(draft.rule) || "Does nothing yet"}</bdi></p>
        <div class="rule-columns">
          <fieldset disabled=${Boolean(draft.error)}>
            <${ConditionFields} rule=${draft.rule} flaws=${flaws} onChange=${changeRule} />
            <${EffectFields} rule=${draft.rule} onChange=${changeRule} />
            <${LimitFields} rule=${draft.rule} flaws=${flaws} onChange=${changeRule} />
          </fieldset>
          <label class="field rule-json">
            <span>JSON</span>
            <textarea class="mono" rows="18" spellcheck=${false} value=${draft.text} aria-invalid=${Boolean(draft.error)} onInput=${changeText}></textarea>
          </label>
        </div>
        ${(draft.error || problem) && html`<p class="form-problem" role="alert">${draft.error || problem}</p>`}
        <div class="actions">
          <button type="button" onClick=${onClose}>Cancel</button>
          <button class="primary" disabled=${Boolean(draft.error)}>${isNew ? "Add the rule" : "Save the rule"}</button>
        </div>
      </form>
    <//>
  `;
};

const draftOf = (rule) => ({ rule, text: jsonOf(rule), error: "" });

/** A changed id is another rule, so that the one with the former id is deleted. */
const save = async (rule, original, isNew) => {
  const isNamedAnew = rule.id && (isNew || rule.id !== original.id);
  if (isNamedAnew && freeId(rule.id) !== rule.id) throw new Error("Another rule has this name; choose a name that no rule has");
  await saveRule(isNew ? rule : { id: original.id, ...rule }, original.scope);
  if (!isNew && rule.id && rule.id !== original.id) await deleteRule(original.id);
};
