// The state of the page's connection to the server.

import { needsToken } from "../api.js";
import { ago } from "../format.js";
import { html } from "../html.js";
import { link } from "../live.js";
import { now } from "../components/ago.js";
import { Badge } from "../components/badge.js";

const STATES = {
  connecting: { kind: "idle", text: "Connecting" },
  live: { kind: "good", text: "Live" },
  lost: { kind: "bad", text: "Connection lost" },
};

export const LinkState = () => {
  const { kind, text } = STATES[link.value.state];
  return html`<span class="link-state" data-state=${link.value.state}><${Badge} kind=${kind}>${text}<//></span>`;
};

/** A banner while the connection is lost; a server that asks for a token is there. */
export const LostBanner = () => (link.value.state === "lost" && !needsToken.value ? html`<${Lost} ...${link.value} />` : null);

// The age is no part of the alert, because a screen reader would read it every second.
const Lost = ({ reason, since }) => html`
  <div class="lost">
    <span role="alert"><strong>No connection:</strong> ${reason}.</span> What you see is ${ago(since, now.value)} old. The page
    tries again, and then fetches the messages that it has missed.
  </div>
`;
