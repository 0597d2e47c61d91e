// One case: its verdict with the reason, its steps, and the frame that decided it.

import { useLayoutEffect, useRef } from "preact/hooks";
import { hashOf } from "../../address.js";
import { latency } from "../../format.js";
import { html } from "../../html.js";
import { setParams } from "../../router.js";
import { short, visible } from "../../text.js";
import { Badge } from "../../components/badge.js";
import { Facts } from "../../components/facts.js";
import { Icon } from "../../components/icon.js";
import { BLOCKS, lookOf, verdictOf } from "./run.js";

const NEAR_END_PX = 40;
const OUTCOMES = {
  running: { icon: "play", kind: "info", word: "running" },
  ok: { icon: "check", kind: "good", word: "ok" },
  failed: { icon: "cross", kind: "bad", word: "failed" },
  note: { icon: "info", kind: "note", word: "note" },
};

/** `running` is the case that runs now, if it is another one. Without `onClose`, the case follows the run. */
export const CaseDetails = ({ testCase, running, onClose }) => {
  const { id, title, reason, steps = [] } = testCase;
  const { kind, label } = lookOf(testCase);
  return html`
    <section class="panel certify-case" aria-label=${`Case ${visible(id)}`}>
      <header>
        <h2 class="mono"><bdi>${short(id)}</bdi></h2>
        <${Badge} kind=${kind === "open" ? "idle" : kind} icon=${kind === "injected" ? "alert" : undefined}>${label}<//>
        <span class="spacer"></span>
        ${onClose && running && running.id !== id && html`<button type="button" onClick=${() => setParams({ case: "" })}>Follow the run</button>`}
        ${onClose && html`<button type="button" class="quiet" aria-label="Close the case" onClick=${onClose}><${Icon} name="close" /></button>`}
      </header>
      <p><bdi>${visible(title)}</bdi></p>
      ${reason && html`<p class="certify-reason ${kind}"><bdi>${visible(reason)}</bdi></p>`}
      <${Facts} facts=${factsOf(testCase)} />
      ${steps.length > 0 && html`
        <h3>Steps</h3>
        <${Steps} steps=${steps} isRunning=${verdictOf(testCase) === "RUNNING"} />
      `}
    </section>
  `;
};

const factsOf = ({ block, profiles, mandatory, skipped, known, seconds, frame }) =>
  [
    ["Block", html`<bdi>${short(block)}</bdi>${BLOCKS[block] ? `, ${BLOCKS[block].toLowerCase()}` : ""}`],
    profiles.length > 0 && ["Profiles", html`<bdi>${profiles.map((profile) => short(profile)).join(", ")}</bdi>${mandatory ? "; mandatory" : ""}`],
    skipped !== undefined && ["Skipped because", html`<bdi>${visible(skipped)}</bdi>`],
    known !== undefined && ["Known", html`<bdi>${visible(known)}</bdi>`],
    seconds !== undefined && ["Took", latency(seconds)],
    frame !== undefined && ["Decided by", html`<${FrameLink} number=${frame} />`],
  ].filter(Boolean);

const FrameLink = ({ number }) => html`<a href=${hashOf(["messages"], { entry: number })}>frame ${number}</a>`;

/** The steps; while the case runs, the newest ones stay in view unless the user scrolls back. */
const Steps = ({ steps, isRunning }) => {
  const list = useRef(null);
  const isAtEnd = useRef(true);
  const scrolled = ({ currentTarget: { scrollTop, clientHeight, scrollHeight } }) => {
    isAtEnd.current = scrollHeight - scrollTop - clientHeight < NEAR_END_PX;
  };
  useLayoutEffect(() => {
    if (isRunning && isAtEnd.current) list.current.scrollTop = list.current.scrollHeight;
  }, [steps, isRunning]);
  return html`
    <ol class=${`certify-steps ${isRunning ? "running" : ""}`} ref=${list} onScroll=${scrolled} tabindex=${isRunning ? 0 : undefined} aria-label="Steps">
      ${steps.map((step, index) => html`<${Step} key=${index} step=${step} />`)}
    </ol>
  `;
};

const Step = ({ step: { text, outcome, frame, seconds } }) => {
  const { icon, kind, word } = OUTCOMES[outcome];
  return html`
    <li class=${kind}>
      <${Icon} name=${icon} /><span class="visually-hidden">${word}:</span>
      <span class="certify-step-text"><bdi>${visible(text)}</bdi></span>
      <span class="certify-step-facts">${frame !== undefined && html`<${FrameLink} number=${frame} />`} ${seconds !== undefined && html`<span class="muted nowrap" title="since the case began">${latency(seconds)}</span>`}</span>
    </li>
  `;
};
