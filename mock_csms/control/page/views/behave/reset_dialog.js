// Returns the mock, or some of its stations, to the state at the start.

import { useState } from "preact/hooks";
import { post } from "../../api.js";
import { plural } from "../../format.js";
import { html } from "../../html.js";
import { Dialog } from "../../components/dialog.js";
import { notify } from "../../components/toasts.js";
import { fetchAgain } from "./fetched.js";
import { deleteAllRules, refreshRules, rules } from "./rules_state.js";
import { StationField } from "./station_field.js";

export const ResetDialog = ({ station: initial, onClose }) => {
  const [choice, setChoice] = useState({ what: initial ? "some" : "all", station: initial, profiles: false, rules: false });
  const [problem, setProblem] = useState("");
  const change = (part) => (setChoice({ ...choice, ...part }), setProblem(""));
  const submit = async (event) => {
    event.preventDefault();
    try {
      await reset(choice);
      notify("Reset", "good");
      onClose();
    } catch (error) {
      setProblem(error.message);
    }
  };
  const isAll = choice.what === "all";
  return html`
    <${Dialog} title="Reset" onClose=${onClose}>
      <form class="reset-form" onSubmit=${submit}>
        <label><input type="radio" name="what" checked=${isAll} onChange=${() => change({ what: "all" })} /> <span><strong>Everything</strong>: what the mock knows of all stations, findings, journal, and all changes of profiles, tokens, ports and silenced findings</span></label>
        <label><input type="radio" name="what" checked=${!isAll} onChange=${() => change({ what: "some" })} /> <span><strong>Some stations</strong>: what the mock knows of them, their findings, and the counts of rules for them</span></label>
        ${!isAll && html`
          <div class="reset-stations">
            <${StationField} label="Identity or glob" value=${choice.station} required placeholder="CS001" onChange=${(station) => change({ station })} />
            <label><input type="checkbox" checked=${choice.profiles} onChange=${(event) => change({ profiles: event.target.checked })} /> also the changes of their profiles</label>
          </div>
        `}
        ${isAll && rules.value?.length > 0 && html`
          <label><input type="checkbox" checked=${choice.rules} onChange=${(event) => change({ rules: event.target.checked })} /> <span>Delete ${rules.value.length === 1 ? "the rule" : `all ${plural(rules.value.length, "rule")}`} too; otherwise, rules stay and count from 0</span></label>
        `}
        <p class="muted">Connections stay open, and stations that are not connected are forgotten.${isAll ? " The values of the settings apply again." : ""}</p>
        ${problem && html`<p class="form-problem" role="alert">${problem}</p>`}
        <div class="actions">
          <button type="button" onClick=${onClose}>Cancel</button>
          <button class="danger">${isAll ? "Reset everything" : "Reset these stations"}</button>
        </div>
      </form>
    <//>
  `;
};

const reset = async ({ what, station, profiles, rules: withRules }) => {
  await post("v1/reset", undefined, what === "all" ? {} : { params: { station, ...(profiles && { profiles }) } });
  if (what === "all" && withRules) await deleteAllRules();
  await refreshRules();
  fetchAgain();
};
