// The part "Coverage": the requirements that the station met, those it broke, and those not exercised yet.

import { useEffect, useRef, useState } from "preact/hooks";
import { get, stationPath } from "../../api.js";
import { hashOf } from "../../address.js";
import { count } from "../../format.js";
import { html } from "../../html.js";
import { useKeys } from "../../keys.js";
import { route, setParams } from "../../router.js";
import { Badge } from "../../components/badge.js";
import { Empty } from "../../components/empty.js";
import { Icon } from "../../components/icon.js";
import { kinds, load } from "../findings/known.js";
import { countsInWords, matchingBlocks, sizeOf, STATES } from "./coverage_words.js";
import { Disclosure } from "./disclosure.js";

/** `state` is the state of the station; whenever it changes, the coverage is fetched again. */
export const CoverageTab = ({ state }) => {
  const { coverage, error } = useCoverage(state);
  if (!coverage) return html`<p class="muted">${error ? error.message : "Loading the coverage …"}</p>`;
  const { covered = "", search = "" } = route.value.params;
  const blocks = matchingBlocks(coverage.blocks, { state: covered, text: search });
  return html`
    <div class="station-parts coverage">
      <p class="muted">A requirement is met once a check has applied and found nothing wrong; it stays broken after a violation. Those not exercised yet show what to try next.${coverage.observed ? "" : " The mock does not look for findings now, so nothing changes here."}</p>
      <${Tools} counts=${coverage.counts} covered=${covered} search=${search} />
      ${blocks.map((block) => html`<${Block} key=${`${block.id} ${covered} ${search}`} block=${block} isOpen=${covered === "broken" || search !== ""} />`)}
      ${!blocks.length && html`<${Empty} icon="search" title="No requirement matches"><button type="button" onClick=${() => setParams({ covered: "", search: "" })}>Clear the filters</button><//>`}
    </div>
  `;
};

const useCoverage = (state) => {
  const [found, setFound] = useState({ coverage: null, error: null });
  useEffect(() => {
    const abort = new AbortController();
    get(stationPath(state.id, "/coverage"), {}, { signal: abort.signal })
      .then((coverage) => setFound({ coverage, error: null }))
      .catch((error) => abort.signal.aborted || setFound((known) => ({ ...known, error })));
    return () => abort.abort();
  }, [state]);
  useEffect(() => {
    if (!kinds.value) load().catch(() => {}); // without the kinds, their descriptions are missing
  }, []);
  return found;
};

const Tools = ({ counts, covered, search }) => {
  const input = useRef(null);
  useKeys({ "/": () => input.current.focus() });
  return html`
    <div class="toolbar">
      <div class="coverage-states" role="group" aria-label="State">
        <button type="button" aria-pressed=${!covered} onClick=${() => setParams({ covered: "" })}>All <span class="number">${count(sizeOf(counts))}</span></button>
        ${STATES.map(({ id, label, key }) => html`
          <button type="button" key=${id} aria-pressed=${id === covered} onClick=${() => setParams({ covered: id })}>${label} <span class="number">${count(counts[key])}</span></button>
        `)}
      </div>
      <label class="search">
        <${Icon} name="search" />
        <span class="visually-hidden">Search requirements</span>
        <input ref=${input} type="search" placeholder="Number or finding" value=${search} onInput=${(event) => setParams({ search: event.target.value })} />
      </label>
    </div>
  `;
};

const Block = ({ block, isOpen }) => html`
  <${Disclosure} class="panel coverage-block" isOpenAtFirst=${isOpen} summary=${html`
      <h2>${block.id} ${block.name}</h2>
      <${Bar} counts=${block.counts} />
      <span class="muted">${countsInWords(block.counts)}</span>
    `}>
    ${() => html`<ul class="coverage-requirements">${block.requirements.map((one) => html`<${Requirement} key=${one.id} requirement=${one} />`)}</ul>`}
  <//>
`;

const Bar = ({ counts }) => html`
  <span class="coverage-bar" aria-hidden="true">
    ${STATES.map(({ kind, key }) => html`<span key=${key} class=${kind} style=${{ flexGrow: counts[key] }}></span>`)}
  </span>
`;

const Requirement = ({ requirement: { id, state, findings, cases } }) => {
  const { label, kind } = STATES.find((one) => one.id === state);
  return html`
    <li>
      <strong class="mono">${id}</strong>
      <${Badge} kind=${kind}>${label}<//>
      <div class="coverage-findings">
        ${findings.map((finding) => html`<${Finding} key=${finding} id=${finding} state=${state} />`)}
        ${cases.length > 0 && html`<span class="muted">Certification: ${cases.join(", ")}</span>`}
      </div>
    </li>
  `;
};

const Finding = ({ id, state }) => {
  const known = kinds.value?.find((kind) => kind.id === id);
  const name = state === "broken" ? html`<a class="mono" href=${hashOf(["findings"], { id })}>${id}</a>` : html`<span class="mono">${id}</span>`;
  return html`
    <span>${name}${known ? html`: ${known.description}` : ""}${known?.condition && state === "not exercised" ? html` <span class="muted">(the mock must know: ${known.condition})</span>` : ""}</span>
  `;
};
