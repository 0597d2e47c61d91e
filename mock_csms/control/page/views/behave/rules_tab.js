// The rules as cards, in the order in which they are tried.

import { useEffect, useRef, useState } from "preact/hooks";
import { html } from "../../html.js";
import { go, route } from "../../router.js";
import { plural } from "../../format.js";
import { useKeys } from "../../keys.js";
import { Empty } from "../../components/empty.js";
import { Icon } from "../../components/icon.js";
import { globMatches } from "../../glob.js";
import { RuleCard, cardId } from "./rule_card.js";
import { RuleDialog } from "./rule_dialog.js";
import { conditionsOf, sentenceOf } from "./rule_words.js";
import { rules, rulesProblem } from "./rules_state.js";
import { CopyAsToml } from "./toml_button.js";

const MAX_CARDS = 100;

/** Rules that can apply to a station (to any without one) and have a text in their words. */
const searchedRules = (list, station, text) => {
  const isAbout = ({ when = {} }) => !station || globMatches(when.station ?? "*", station) || when.station === station;
  const words = (rule) => [rule.id, sentenceOf(rule), ...conditionsOf(rule)].join(" ").toLowerCase();
  return list.filter((rule) => isAbout(rule) && words(rule).includes(text.trim().toLowerCase()));
};

export const RulesTab = ({ station }) => {
  const [edited, setEdited] = useState(null);
  const [text, setText] = useState("");
  const search = useRef(null);
  const add = () => setEdited({ rule: newRule(station), isNew: true });
  useKeys({ n: add, "/": () => search.current?.focus() });
  const list = rules.value;
  const shown = searchedRules(list ?? [], station, text);
  return html`
    <div class="toolbar rules-toolbar">
      ${list?.length > 0 && html`
        <label class="search"><${Icon} name="search" /><span class="visually-hidden">Search the rules</span>
          <input type="search" ref=${search} placeholder="Search" value=${text} onInput=${(event) => setText(event.target.value)} />
        </label>
        <span class="muted">${plural(shown.length, "rule")}${shown.length < list.length ? ` of ${list.length}` : ""}</span>
      `}
      <span class="spacer"></span>
      ${list?.length > 0 && html`<${CopyAsToml} path="v1/rules">Copy all as TOML<//>`}
      <button type="button" class="primary" onClick=${add}><${Icon} name="plus" /> Add a rule</button>
    </div>
    ${rulesProblem.value && html`<p role="alert" class="form-problem">The rules cannot be fetched: ${rulesProblem.value}</p>`}
    ${list?.length === 0 && html`<${NoRules} station=${station} />`}
    ${list?.length > 0 && html`<p class="muted">Tried from top to bottom; only the first rule that applies to a message takes effect.</p>`}
    ${list && html`<${Cards} list=${shown} onEdit=${(rule, isNew) => setEdited({ rule, isNew })} />`}
    ${edited && html`<${RuleDialog} ...${edited} onClose=${() => setEdited(null)} />`}
  `;
};

const Cards = ({ list, onEdit }) => {
  const [limit, setLimit] = useState(MAX_CARDS);
  const named = route.value.params.rule;
  const isNamedPast = list.findIndex(({ id }) => id === named) >= limit;
  useEffect(() => {
    const card = named && document.getElementById(cardId(named));
    if (!card) return;
    card.scrollIntoView({ block: "center" });
    card.focus();
  }, [named]);
  const cards = isNamedPast ? list : list.slice(0, limit);
  return html`
    <ol class="rule-cards" aria-label="Rules">${cards.map((rule) => html`<${RuleCard} key=${rule.id} rule=${rule} onEdit=${onEdit} />`)}</ol>
    ${list.length > cards.length && html`<button type="button" onClick=${() => setLimit(Infinity)}>Show ${plural(list.length - cards.length, "more rule")}</button>`}
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
