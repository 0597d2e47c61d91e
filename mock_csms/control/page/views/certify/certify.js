// The view "Certify": a run of the certification rehearsal, case by case, as it goes on.

import { useRef } from "preact/hooks";
import { hashOf } from "../../address.js";
import { dateTime, span } from "../../format.js";
import { html } from "../../html.js";
import { announced, areStationsKnown } from "../../live.js";
import { route, setParams } from "../../router.js";
import { short } from "../../text.js";
import { now } from "../../components/ago.js";
import { Badge } from "../../components/badge.js";
import { CaseDetails } from "./case_details.js";
import { Filters } from "./filters.js";
import { Mandatory } from "./mandatory.js";
import { Matrix } from "./matrix.js";
import { NoRun } from "./no_run.js";
import { NotPassed } from "./not_passed.js";
import { Prompt } from "./prompt.js";
import { ofProfile, ofVerdict, openPrompt, runningCase } from "./run.js";
import { run } from "./run_state.js";

export const CertifyView = () => html`
  <div class="view certify">
    <div class="view-head"><h1>Certify</h1>${run.value && html`<${RunState} run=${run.value} />`}</div>
    ${run.value ? html`<${Run} run=${run.value} />` : areStationsKnown.value && !announced.value?.run && html`<${NoRun} />`}
  </div>
`;

const RunState = ({ run: { station, startedAt, finishedAt } }) => {
  const seconds = (new Date(finishedAt ?? now.value) - new Date(startedAt)) / 1000;
  return html`
    <a href=${hashOf(["stations", station])}><bdi>${short(station)}</bdi></a>
    <${Badge} kind=${finishedAt ? "idle" : "info"} icon=${finishedAt ? "check" : "play"} title=${`Began on ${dateTime(startedAt)}`}>
      ${finishedAt ? `ended after ${span(seconds)}` : `running for ${span(seconds)}`}
    <//>
  `;
};

const Run = ({ run: shown }) => {
  const { params } = route.value;
  const inProfile = ofProfile(shown.cases, params.profile);
  const listed = ofVerdict(inProfile, params.verdict);
  const prompt = openPrompt(shown);
  const details = useRef(null);
  const choose = (id) => {
    setParams({ case: id });
    details.current.scrollIntoView({ block: "nearest" });
  };
  return html`
    ${prompt && html`<${Prompt} key=${prompt.id} prompt=${prompt} />`}
    <${Filters} cases=${shown.cases} inProfile=${inProfile} params=${params} />
    <${Mandatory} cases=${inProfile} />
    <div class="certify-columns">
      <section class="panel certify-cases" aria-label="Cases">
        ${listed.length ? html`<${Matrix} cases=${listed} chosen=${params.case} onChoose=${choose} />` : html`<${NoMatch} />`}
      </section>
      <div class="certify-side">
        <div class="certify-chosen" ref=${details}><${Chosen} cases=${shown.cases} id=${params.case} /></div>
        <${NotPassed} cases=${inProfile} />
      </div>
    </div>
  `;
};

const NoMatch = () => html`
  <p class="muted">No case matches. <button type="button" onClick=${() => setParams({ verdict: "", profile: "" })}>Show all cases</button></p>
`;

/** The chosen case, or the running one. */
const Chosen = ({ cases, id }) => {
  const running = runningCase(cases);
  const chosen = cases.find((testCase) => testCase.id === id);
  if (chosen) return html`<${CaseDetails} key=${id} testCase=${chosen} running=${running} onClose=${() => setParams({ case: "" })} />`;
  if (id) return html`<p class="panel muted">The run has no case <bdi class="mono">${short(id)}</bdi>.</p>`;
  return running && html`<${CaseDetails} key="running" testCase=${running} />`;
};
