// A rule as a card: what it does, how often it has, and what can be done with it.

import { useState } from "preact/hooks";
import { hashOf } from "../../address.js";
import { count, plural } from "../../format.js";
import { html } from "../../html.js";
import { route } from "../../router.js";
import { short } from "../../text.js";
import { Badge } from "../../components/badge.js";
import { CopyButton } from "../../components/buttons.js";
import { ConfirmDialog } from "../../components/dialog.js";
import { Icon } from "../../components/icon.js";
import { attempt } from "../../components/toasts.js";
import { act, RELEASE } from "./acts.js";
import { writtenRule } from "./rule_form.js";
import { conditionsOf, effectsOf, sentenceOf, usesOf } from "./rule_words.js";
import { deleteRule, enableRule, freeId, rulePath } from "./rules_state.js";
import { CopyAsToml } from "./toml_button.js";

/** Id of the element of a rule. */
export const cardId = (id) => `rule-${encodeURIComponent(id)}`;

export const RuleCard = ({ rule, onEdit }) => {
  const [isDeleting, setDeleting] = useState(false);
  const isOn = rule.enabled !== false;
  const name = short(rule.id, 80);
  const conditions = conditionsOf(rule);
  const classes = ["panel rule-card", !isOn && "is-off", route.value.params.rule === rule.id && "is-named"].filter(Boolean);
  return html`
    <li class=${classes.join(" ")} id=${cardId(rule.id)} tabindex="-1">
      <div class="rule-main">
        <h2><bdi>${sentenceOf(rule)}</bdi></h2>
        <p class="rule-facts">
          <code><bdi>${name}</bdi></code>
          ${rule.scope && html`<${Badge} icon="lock" title="The rule is deleted with this scope">scope <bdi>${short(rule.scope)}</bdi><//>`}
          ${effectsOf(rule).length > 1 && html`<${Badge} icon="list" title="Each time the rule applies to a station, the next effect; the last one repeats">${effectsOf(rule).length} effects in turn<//>`}
          ${conditions.map((text) => html`<span class="condition" key=${text}><bdi>${text}</bdi></span>`)}
        </p>
      </div>
      <${Uses} rule=${rule} />
      <div class="rule-actions">
        <label class="switch">
          <input type="checkbox" role="switch" checked=${isOn} aria-label=${`Rule ${name} is on`} onChange=${(event) => toggle(rule, event)} />
          <span>${isOn ? "On" : "Off"}</span>
        </label>
        ${holdsAnswers(rule) && html`
          <button type="button" class="quiet" onClick=${() => attempt(() => act(RELEASE, stationIn(rule)))}><${Icon} name="play" /> Release the held answers</button>
        `}
        <button type="button" class="quiet" aria-label=${`Edit rule ${name}`} onClick=${() => onEdit(rule, false)}><${Icon} name="edit" /> Edit</button>
        <button type="button" class="quiet" aria-label=${`Duplicate rule ${name}`} onClick=${() => onEdit({ ...writtenRule(rule), id: freeId(`${rule.id}-copy`) }, true)}><${Icon} name="plus" /> Duplicate</button>
        <${CopyButton} text=${() => JSON.stringify(writtenRule(rule), null, 2)}>Copy JSON<//>
        <${CopyAsToml} path=${rulePath(rule.id)}>Copy TOML<//>
        <a class="quiet button" href=${hashOf(["messages"], { expression: `rule == '${rule.id.replace(/[\\']/g, "\\$&")}'` })}><${Icon} name="messages" /> Messages</a>
        <button type="button" class="quiet" aria-label=${`Delete rule ${name}`} onClick=${() => setDeleting(true)}><${Icon} name="trash" /> Delete</button>
      </div>
      ${isDeleting && html`<${DeleteDialog} rule=${rule} onClose=${() => setDeleting(false)} />`}
    </li>
  `;
};

const holdsAnswers = (rule) => effectsOf(rule).some(({ fault }) => fault?.kind === "hold");
const stationIn = ({ when }) => (when?.station && when.station !== "*" ? when.station : "");

const toggle = async (rule, event) => {
  const { target } = event;
  const done = await attempt(() => enableRule(rule.id, target.checked));
  if (done === undefined) target.checked = rule.enabled !== false;
};

const DeleteDialog = ({ rule, onClose }) => html`
  <${ConfirmDialog} title="Delete the rule?" action="Delete the rule" onClose=${onClose}
    question=${html`<bdi>${sentenceOf(rule)}</bdi>. Its counts are lost. To keep it for later, switch it off instead.`}
    onConfirm=${() => attempt(() => deleteRule(rule.id), "The rule is deleted")} />
`;

const Uses = ({ rule }) => {
  const { hits, matches, stations, more } = usesOf(rule);
  const isShadowed = hits < matches && !rule.times && !rule.when?.nth && (rule.probability ?? 1) === 1;
  const total = html`<strong>${count(hits)}</strong> ${hits === 1 ? "hit" : "hits"} <span class="muted">of ${count(matches)} ${matches === 1 ? "match" : "matches"}</span>`;
  if (!stations.length) return html`<p class="rule-uses muted">no match yet</p>`;
  return html`
    <details class="rule-uses">
      <summary>${total}</summary>
      <table>
        <thead><tr><th scope="col">Station</th><th scope="col">Hits</th><th scope="col">Matches</th>${rule.times && html`<th scope="col">Left</th>`}</tr></thead>
        <tbody>
          ${stations.map((row) => html`
            <tr key=${row.id}>
              <td><a href=${hashOf(["stations", row.id])}><bdi>${short(row.id)}</bdi></a></td>
              <td>${count(row.hits)}</td><td>${count(row.matches)}</td>${rule.times && html`<td>${count(row.left)}</td>`}
            </tr>
          `)}
        </tbody>
      </table>
      ${isShadowed && html`<p class="muted">A rule above applied to the other ${plural(matches - hits, "message")}, or the rule was off.</p>`}
      ${more > 0 && html`<p class="muted">and ${plural(more, "further station")}</p>`}
    </details>
  `;
};
