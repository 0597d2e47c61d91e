// The commands that were sent, with the answer of each station.

import { useEffect, useState } from "preact/hooks";
import { Badge } from "../../components/badge.js";
import { CopyButton } from "../../components/buttons.js";
import { Icon } from "../../components/icon.js";
import { JsonView } from "../../components/json_view.js";
import { clock, latency } from "../../format.js";
import { html } from "../../html.js";
import { hashOf } from "../../address.js";
import { schemasOf, validate } from "../../schemas.js";
import { short, visible } from "../../text.js";
import { countsOf, outcomeOfAnswer, rowsByNeed } from "./runs.js";
import { forgetRuns, runs, stopWaiting } from "./sending.js";

const MAX_ROWS = 50;

export const Answers = () => {
  const list = runs.value;
  if (!list.length) return null;
  return html`
    <section class="panel send-answers" aria-labelledby="send-answers-title">
      <div class="send-form-head">
        <h3 id="send-answers-title">Answers</h3><span class="spacer"></span>
        <button type="button" class="quiet" onClick=${forgetRuns}><${Icon} name="trash" /> Clear</button>
      </div>
      <p class="visually-hidden" role="status">${announced(list[0])}</p>
      <div class="send-runs" tabindex="0" role="group" aria-label="Answers, the newest first">
        ${list.map((run, index) => html`<${Run} key=${run.key} run=${run} isNewest=${index === 0} />`)}
      </div>
    </section>
  `;
};

const announced = (run) => `${run.action}: ${countsOf(run).map(({ text, count }) => (run.rows.length > 1 ? `${text}: ${count}` : text)).join(", ")}`;

const Run = ({ run, isNewest }) => {
  const [limit, setLimit] = useState(MAX_ROWS);
  const { action, rows, time, isPending, failure, key } = run;
  return html`
    <article class="send-run" aria-label=${`${visible(action)}, ${clock(time)}`}>
      <header>
        <strong><bdi>${short(action, 40)}</bdi></strong>
        <span class="muted">${clock(time)}</span>
        ${rows.length > 1 && countsOf(run).map(({ kind, text, count }) => html`<${Badge} key=${text} kind=${kind}><span><bdi>${short(text, 30)}</bdi>: ${count}</span><//>`)}
        ${isPending && html`<button type="button" class="quiet" onClick=${() => stopWaiting(key)}><${Icon} name="close" /> Stop waiting</button>`}
      </header>
      ${failure && html`<p class="bad-text">⚠ Not sent: <bdi>${visible(failure)}</bdi></p>`}
      ${rowsByNeed(run).slice(0, limit).map((row) => html`<${Row} key=${row.id} action=${action} row=${row} isOpen=${isNewest && rows.length === 1} />`)}
      ${rows.length > limit && html`<button type="button" class="quiet" onClick=${() => setLimit(Infinity)}>Show ${rows.length - limit} more</button>`}
    </article>
  `;
};

const Row = ({ action, row, isOpen }) => {
  const { id, answer, problem, entry } = row;
  const { kind, text } = outcomeOfAnswer(row);
  const head = html`
    <bdi class="send-row-id">${short(id, 40)}</bdi> <${Badge} kind=${kind} icon=${kind === "idle" ? "clock" : undefined}><bdi>${short(text, 40)}</bdi><//>
    ${answer?.elapsed !== undefined && html`<span class="muted nowrap">${latency(answer.elapsed)}</span>`}
    ${answer?.parts && html`<span class="muted">in ${answer.parts.length} parts</span>`}
  `;
  const link = entry !== undefined && html`<a class="send-frame" href=${hashOf(["messages"], { station: id, entry })} title="Show the frame in Messages">#${entry}<span class="visually-hidden"> in Messages</span></a>`;
  if (!answer || problem) {
    return html`<div class="send-row"><div class="send-row-head">${head}${link}</div>${problem && html`<p class="bad-text"><bdi>${visible(problem)}</bdi></p>`}</div>`;
  }
  return html`
    <div class="send-row">
      <details open=${isOpen}>
        <summary class="send-row-head">${head}</summary>
        <${Answer} action=${action} id=${id} answer=${answer} />
      </details>
      ${link}
    </div>
  `;
};

/** What the station has answered, as JSON, with the violations of the schema at their places. */
const Answer = ({ action, id, answer }) => {
  const [marks, setMarks] = useState([]);
  const shown = shownOf(answer);
  useEffect(() => {
    if (!answer.violation) return;
    schemasOf(action, id).then((schemas) => schemas && setMarks(validate(schemas.response, answer.payload, { times: false })), () => {});
  }, [answer]);
  return html`
    ${answer.detail && html`<p class="bad-text"><bdi>${visible(answer.detail)}</bdi></p>`}
    ${answer.violation && html`<p class="bad-text">⚠ The answer breaks its schema: <bdi>${visible(answer.violation)}</bdi></p>`}
    ${shown !== undefined && html`
      <div class="send-answer"><${JsonView} value=${shown} marks=${marks} label=${`Answer of ${visible(id)}`} />
        <${CopyButton} text=${() => JSON.stringify(shown, null, 2)}>Copy<//></div>
    `}
  `;
};

const shownOf = ({ outcome, payload, parts, errorCode, errorDescription, errorDetails }) => {
  if (parts) return parts;
  if (outcome === "result") return payload;
  return errorCode === undefined ? undefined : { errorCode, errorDescription, errorDetails };
};
