// The view "Findings": what the stations do wrong, by kind or by station, and the kinds that are looked for.

import { useEffect, useMemo, useRef, useState } from "preact/hooks";
import { count, plural } from "../../format.js";
import { html } from "../../html.js";
import { useKeys } from "../../keys.js";
import { link, record, recorded, stations } from "../../live.js";
import { MAX_FINDINGS } from "../../record.js";
import { route, setParams } from "../../router.js";
import { saveText } from "../../components/buttons.js";
import { Icon } from "../../components/icon.js";
import { Tabs } from "../../components/tabs.js";
import { AllKinds } from "./all_kinds.js";
import { Filters } from "./filters.js";
import { Group } from "./group.js";
import { countsOf, filterOf, grouped, merged } from "./groups.js";
import { kinds, listed, load } from "./known.js";
import { NoFindings } from "./nothing.js";

const MORE_GROUPS = 100;
const DRAWN_EVERY_MS = 250;

export const FindingsView = () => {
  const { params } = route.value;
  const tab = params.tab ?? "kinds";
  const list = useRef(null);
  const isLive = link.value.state === "live";
  const [problem, setProblem] = useState("");
  const fetchLists = () => load().then(() => setProblem(""), ({ message }) => setProblem(message));
  useEffect(() => {
    if (isLive) fetchLists();
  }, [isLive]);
  const all = useFindings();
  const shown = useShown(all, params);
  const groups = useMemo(() => grouped(shown.findings, tab === "stations" ? "station" : "id"), [shown, tab]);
  useKeys({ j: () => moveFocus(list.current, 1), k: () => moveFocus(list.current, -1) });
  return html`
    <div class="view findings-view">
      <div class="view-head">
        <h1>Findings</h1>
        <${Filters} params=${params} counts=${shown.counts} isKinds=${tab === "all"} />
        <span class="spacer"></span>
        ${tab !== "all" && shown.findings.length > 0 && html`<${SaveButton} findings=${shown.findings} />`}
      </div>
      ${problem && isLive && html`
        <p class="bad-text" role="alert">Earlier findings cannot be fetched: ${problem}. <button type="button" onClick=${fetchLists}>Try again</button></p>
      `}
      <${Tabs} label="Findings" tabs=${tabsOf(shown.findings)} chosen=${tab} onChoose=${(id) => setParams({ tab: id === "kinds" ? "" : id })}>
        <div ref=${list} onKeyDown=${moveByArrow}><${Content} tab=${tab} params=${params} all=${all} groups=${groups} hasProblem=${problem !== ""} /></div>
      <//>
    </div>
  `;
};

const Content = ({ tab, params, all, groups, hasProblem }) => {
  if (!kinds.value) return hasProblem ? null : html`<p class="loading muted">Loading …</p>`;
  if (tab === "all") return html`<${AllKinds} params=${params} all=${all} />`;
  if (!groups.length) return html`<${NoFindings} params=${params} hasFindings=${all.length > 0} />`;
  return html`<${Groups} groups=${groups} tab=${tab} id=${params.id} station=${params.station} />`;
};

/** All known findings, the oldest first. */
const useFindings = () => {
  useRecorded();
  const live = record.findings;
  return useMemo(() => merged(listed.value, live, MAX_FINDINGS), [listed.value, live, live.length, live.at(-1)]);
};

/** Draw again when the record has changed, but not with each frame of the screen: lists of findings are long. */
const useRecorded = () => {
  const [, setChanges] = useState(0);
  useEffect(() => {
    let timer = null;
    const drawn = () => {
      timer = null;
      setChanges((changes) => changes + 1);
    };
    const stop = recorded.subscribe(() => {
      timer ??= setTimeout(drawn, DRAWN_EVERY_MS);
    });
    return () => (stop(), clearTimeout(timer));
  }, []);
};

/** The findings that pass the filters, and numbers by severity of those that pass the other filters. */
const useShown = (all, params) =>
  useMemo(() => {
    const ids = [...stations.value.keys(), ...new Set(all.map(({ station }) => station))];
    const filter = { station: params.station, id: params.id, text: params.text };
    const passing = all.filter(filterOf(filter, ids));
    const findings = params.severity ? passing.filter(({ severity }) => severity === params.severity) : passing;
    return { findings, counts: countsOf(passing) };
  }, [all, stations.value.size, params.station, params.id, params.text, params.severity]);

const tabsOf = (findings) => [
  { id: "kinds", label: "By kind", count: new Set(findings.map(({ id }) => id)).size },
  { id: "stations", label: "By station", count: new Set(findings.map(({ station }) => station)).size },
  { id: "all", label: "All kinds" },
];

const Groups = ({ groups, tab, id, station }) => {
  const [limit, setLimit] = useState(MORE_GROUPS);
  const kindOf = new Map(kinds.value?.map((kind) => [kind.id, kind]));
  return html`
    <ul class="finding-groups">
      ${groups.slice(0, limit).map(
        (group) => html`
          <${Group} key=${group.name} group=${group} by=${tab === "stations" ? "station" : "id"} kindOf=${kindOf}
            isOpenAtFirst=${group.name === (tab === "stations" ? station : id)} />
        `,
      )}
    </ul>
    ${groups.length > limit && html`<button type="button" class="more" onClick=${() => setLimit(limit + MORE_GROUPS)}>Show ${Math.min(MORE_GROUPS, groups.length - limit)} more of ${count(groups.length)}</button>`}
  `;
};

const SaveButton = ({ findings }) => html`
  <button type="button" onClick=${() => saveText("findings.json", JSON.stringify(findings.map(exported), null, 2), "application/json")}
    aria-label=${`Save ${plural(findings.length, "finding")} as JSON`} title="Save what is shown as JSON">
    <${Icon} name="download" /> Save ${count(findings.length)}
  </button>
`;

const exported = ({ key, ...finding }) => finding;

const moveByArrow = (event) => {
  const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
  if (!step || !event.target.matches(".finding-head")) return;
  event.preventDefault();
  moveFocus(event.currentTarget, step);
};

/** Move the focus to the next or previous group. */
const moveFocus = (list, step) => {
  const heads = [...list.querySelectorAll(".finding-head")];
  if (!heads.length) return;
  const index = heads.indexOf(document.activeElement.closest(".finding-group")?.querySelector(".finding-head"));
  heads[index < 0 ? 0 : Math.min(heads.length - 1, Math.max(0, index + step))].focus();
};
