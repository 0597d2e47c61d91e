// The state of the page's connection to the server.

import { useEffect, useState } from "preact/hooks";
import { ago } from "../format.js";
import { html } from "../html.js";
import { link } from "../live.js";
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

/** A banner while the connection is lost. */
export const LostBanner = () => (link.value.state === "lost" ? html`<${Lost} ...${link.value} />` : null);

const Lost = ({ reason, since }) => {
  const [now, setNow] = useState(Date.now());
  useEffect(() => {
    const timer = setInterval(() => setNow(Date.now()), 1_000);
    return () => clearInterval(timer);
  }, []);
  return html`
    <div class="lost" role="alert">
      <strong>No connection:</strong> ${reason}. What you see is ${ago(since, now)} old. The page tries again, and then
      fetches what it has missed.
    </div>
  `;
};
