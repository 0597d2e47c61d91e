// The rules as cards, in the order in which they are tried.

import { useEffect, useState } from "preact/hooks";
import { html } from "../../html.js";
import { go, route } from "../../router.js";
import { plural } from "../../format.js";
import { useKeys } from "../../keys.js";
import { Empty } from "../../components/empty.js";
import { Icon } from "../../components/icon.js";
import { globMatches } from "./glob.js";
import { RuleCard, cardId } from "./rule_card.js";
import { RuleDialog } from "./rule_dialog.js";
import { rules, rulesProblem } from "./rules_state.js";
import { CopyAsToml } from "./toml_button.js";

/** Rules that can apply to a station; all of them without one. */
const rulesFor = (list, station) => list.filter(({ when = {} }) => !station || globMatches(when.station ?? "*", station));

export const RulesTab = ({ station }) => {
  const [edited, setEdited] = useState(null);
  useKeys({ n: () => setEdited({ rule: newRule(station), isNew: true }) });
  const list = rules.value;
  useRevealed(route.value.params.rule, list !== null);
  const add = () => setEdited({ rule: newRule(station), isNew: true });
  const shown = rulesFor(list ?? [], station);
  return html`
    <div class="toolbar rules-toolbar">
      <p class="muted">Tried from top to bottom; only the first rule that applies to a message takes effect.</p>
      <span class="spacer"></span>
      ${list?.length > 0 && html`<${CopyAsToml} path="v1/rules">Copy all as TOML<//>`}
      <button type="button" class="primary" onClick=${add}><${Icon} name="plus" /> Add a rule</button>
    </div>
    ${rulesProblem.value && html`<p role="alert" class="bad-text">The rules cannot be fetched: ${rulesProblem.value}</p>`}
    ${list?.length === 0 && html`<${NoRules} station=${station} />`}
    ${list?.length > 0 && shown.length < list.length && html`
      <p class="muted">${plural(list.length - shown.length, "rule")} for other stations not shown.</p>
    `}
    <ol class="rule-cards" aria-label="Rules">
      ${shown.map((rule) => html`<${RuleCard} key=${rule.id} rule=${rule} onEdit=${(draft, isNew) => setEdited({ rule: draft, isNew })} />`)}
    </ol>
    ${edited && html`<${RuleDialog} ...${edited} onClose=${() => setEdited(null)} />`}
  `;
};

const newRule = (station) => ({
  when: { ...(station && { station }), action: "Heartbeat" },
  then: { fault: { kind: "no-answer" } },
});

const NoRules = ({ station }) => html`
  <${Empty} icon="wand" title="There are no rules: the mock behaves as it should">
    <p>A rule changes, delays or breaks the answers of the mock. Begin with one of the gallery.</p>
    <button type="button" onClick=${() => go(["behave", "gallery"], { station })}>Open the gallery</button>
  <//>
`;

/** Scroll to the rule that the address names, once the rules are there. */
const useRevealed = (id, isThere) => {
  useEffect(() => {
    const card = id && isThere && document.getElementById(cardId(id));
    if (!card) return;
    card.scrollIntoView({ block: "center" });
    card.focus();
  }, [id, isThere]);
};
