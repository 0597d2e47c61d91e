// The facts of an opening handshake.

import { html } from "../../html.js";
import { short } from "../../text.js";

const NAMES = {
  listener: "Listener",
  path: "Path",
  subprotocols: "Subprotocols",
  origin: "Origin",
  authorization: "Authorization",
  tlsOffered: "TLS offered",
  ciphersOffered: "Ciphers offered",
  serverName: "Host name asked for",
};
const TLS_NAMES = { version: "TLS", cipher: "Cipher suite", serverName: "Host name asked for", fault: "Injected TLS fault" };
const CERTIFICATE_NAMES = {
  subject: "Client certificate",
  issuer: "Its issuer",
  serialNumber: "Its serial number",
  notBefore: "Valid from",
  notAfter: "Valid until",
  flaw: "Client certificate",
};
const LONGEST = 500;

export const HandshakeFacts = ({ handshake }) => html`
  <section class="message-handshake">
    <h3>Opening handshake</h3>
    <dl class="facts">
      ${[...factsIn(handshake, NAMES), ...factsIn(handshake.tls, TLS_NAMES), ...factsIn(handshake.tls?.clientCertificate, CERTIFICATE_NAMES)]}
    </dl>
  </section>
`;

const factsIn = (facts = {}, names) =>
  Object.entries(names)
    .filter(([name]) => facts[name] !== undefined)
    .map(([name, label]) => html`<dt key=${label}>${label}</dt><dd><bdi>${short(facts[name], LONGEST)}</bdi></dd>`);
