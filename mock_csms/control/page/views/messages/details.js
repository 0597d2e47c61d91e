// The details of an entry: its facts, what was found about it, and its JSON beside that of its answer or its call.

import { html } from "../../html.js";
import { hashOf } from "../../address.js";
import { dateTime, latency } from "../../format.js";
import { record } from "../../live.js";
import { factsOf } from "../../messages/facts.js";
import { OutcomeBadge } from "../../messages/row.js";
import { short, visible } from "../../text.js";
import { SeverityBadge } from "../../components/badge.js";
import { Icon } from "../../components/icon.js";
import { CopyMenu } from "./copy_menu.js";
import { Frame } from "./frame.js";
import { HandshakeFacts } from "./handshake.js";

/** `entries` are those on the screen, in which the answer or the call of an entry may be found too. */
export const Details = ({ entry, entries, onClose, onJump }) => {
  const facts = factsOf(entry);
  const partner = partnerOf(entry, entries);
  return html`
    <aside class="panel message-details" aria-label="Details of the message">
      <header>
        <h2><bdi>${facts.title}</bdi></h2>
        ${facts.isFrame && facts.outcome.text && html`<${OutcomeBadge} ...${facts.outcome} />`}
        <span class="spacer"></span>
        <button type="button" class="quiet" aria-label="Close the details" title="Esc" onClick=${onClose}><${Icon} name="close" /></button>
      </header>
      <${Facts} entry=${entry} />
      <${Findings} findings=${record.findingsAbout(entry.number)} />
      ${entry.handshake && html`<${HandshakeFacts} handshake=${entry.handshake} />`}
      ${facts.isFrame && html`<${CopyMenu} entry=${entry} partner=${partner} />`}
      ${facts.isFrame && html`
        <div class="message-exchange">
          <${Frame} entry=${entry} />
          ${partner
            ? html`<${Frame} entry=${partner} onJump=${() => onJump(partner.number)} />`
            : html`<${NoPartner} entry=${entry} onJump=${onJump} />`}
        </div>
      `}
    </aside>
  `;
};

const partnerOf = (entry, entries) => {
  if (entry.partner) return record.entry(entry.partner) ?? entries.find(({ number }) => number === entry.partner);
  return record.answerTo(entry.number) ?? entries.find(({ partner }) => partner === entry.number);
};

const NoPartner = ({ entry, onJump }) => {
  if (entry.partner) {
    return html`<p class="muted">The message that it answers is no longer loaded. <button type="button" class="quiet" onClick=${() => onJump(entry.partner)}>Show entry ${entry.partner}</button></p>`;
  }
  if (entry.type === "call") return html`<p class="muted">There is no answer yet.</p>`;
  return null;
};

const Facts = ({ entry }) => {
  const { isFrame } = factsOf(entry);
  const rows = [
    ["Entry", entry.number],
    ["Time", html`<span title=${entry.time}>${dateTime(entry.time)}</span>`],
    entry.station && ["Station", html`<a href=${hashOf(["stations", entry.station])}><bdi>${short(entry.station, 120)}</bdi></a>`],
    isFrame && ["Direction", entry.direction === "received" ? "from the station to the server" : "from the server to the station"],
    entry.messageId !== undefined && ["Message id", html`<bdi class="mono">${short(entry.messageId, 120)}</bdi>`],
    entry.elapsed !== undefined && ["Answered", `after ${latency(entry.elapsed)}`],
    entry.rule && ["Rule", html`<a href=${hashOf(["behave", "rules"], { rule: entry.rule })}><bdi>${short(entry.rule, 120)}</bdi></a>${entry.injected ? " has injected a fault here" : ""}`],
    entry.note && [noteLabel(entry), html`<bdi>${visible(entry.note)}</bdi>`],
    entry.violation && ["Violation", html`<span class="bad-text"><bdi>${visible(entry.violation)}</bdi></span>`],
  ].filter(Boolean);
  return html`<dl class="facts">${rows.map(([name, value]) => html`<dt key=${name}>${name}</dt><dd>${value}</dd>`)}</dl>`;
};

const noteLabel = ({ type }) => ({ note: "Text", connected: "Remote", disconnected: "Reason", refused: "Reason" })[type] ?? "Fault";

const Findings = ({ findings }) => {
  if (!findings.length) return null;
  return html`
    <ul class="message-findings">
      ${findings.map(
        ({ key, id, severity, sentence, section, station }) => html`
          <li key=${key}>
            <${SeverityBadge} severity=${severity} />
            <p><bdi>${visible(sentence)}</bdi></p>
            <p class="muted">${section} · ${id} · <a href=${hashOf(["findings"], { station, id })}>Show all of this kind</a></p>
          </li>
        `,
      )}
    </ul>
  `;
};
