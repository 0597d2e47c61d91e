// A port for stations in words.

/** The security profiles, as choices. */
export const SECURITY_PROFILES = [
  { value: "0", label: "0: none" },
  { value: "1", label: "1: password" },
  { value: "2", label: "2: password over TLS" },
  { value: "3", label: "3: TLS with client certificate" },
];

const NEEDS = [
  "needs no credentials",
  "needs a password",
  "needs a password, over TLS",
  "needs a client certificate, over TLS",
];

/** Sentence of a port, such as "Accepts plain text and TLS. A station needs a password." */
export const portSentence = ({ tls, plain, securityProfile, certificate, tlsFault }) => {
  const transport = tls ? (plain ? "plain text and TLS" : "only TLS") : "only plain text";
  const shown = tls && certificate !== "both" ? `, with the certificate ${certificate}` : "";
  const fault = tlsFault ? ` The TLS of ${faultSpan(tlsFault)} has the fault ${faultIn(tlsFault).kind}.` : "";
  return `Accepts ${transport}${shown}. A station ${NEEDS[securityProfile]}.${fault}`;
};

const faultSpan = (text) => {
  const { times } = faultIn(text);
  if (times === undefined) return "every connection";
  return times === 1 ? "the next connection" : `the next ${times} connections`;
};

/** Kind and number of connections of a TLS fault, such as "expired=2". */
export const faultIn = (text) => {
  const [kind, times] = (text ?? "").split("=");
  return { kind, times: times === undefined ? undefined : Number(times) };
};

/** A TLS fault as text; null without a kind. */
export const faultText = (kind, times) => (kind ? `${kind}${times === undefined ? "" : `=${times}`}` : null);
