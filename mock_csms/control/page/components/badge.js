// Badges: a state by colour, icon and word, so that none of them is needed to understand it.

import { html } from "../html.js";
import { Icon } from "./icon.js";

const ICONS = { good: "check", warn: "alert", bad: "cross", info: "info", idle: "dot" };

/** A state; `kind` is good, warn, bad, info or idle. */
export const Badge = ({ kind = "idle", icon = ICONS[kind], title, children }) => html`
  <span class=${`badge ${kind}`} title=${title}><${Icon} name=${icon} />${children}</span>
`;

/** Kinds of badges by the severity of a finding, the worst first. */
export const SEVERITY_KINDS = { error: "bad", warning: "warn", hint: "info" };

/** The severity of a finding, or a count of findings of that severity. */
export const SeverityBadge = ({ severity, count }) => html`
  <${Badge} kind=${SEVERITY_KINDS[severity]} title=${`${severity}s`}>${count ?? ""} ${severity}${count > 1 ? "s" : ""}<//>
`;
