// The faults that a rule can inject, as data: where each is possible, its parameters, and how it reads in a sentence.

const seconds = (label, value) => ({ name: "seconds", label, type: "number", value });

/**
 * By kind: `label` of the choice, `fields` {name, label, type, value} of its parameters, and either `manner(fault)`,
 * which follows "Answers Heartbeat of CS1", or `instead(fault)`, the verb that takes its place.
 */
export const MESSAGE_FAULTS = {
  delay: { label: "delay", fields: [seconds("Seconds", 5)], manner: (fault) => delayed(fault) },
  "late-answer": {
    label: "late answer, after most stations have given up",
    fields: [seconds("Seconds", 35)],
    manner: ({ seconds: time = 35 }) => `${time} s later, after most stations have given up`,
  },
  hold: { label: "hold until released", fields: [], manner: () => "only when the answer is released" },
  "no-answer": { label: "no answer", fields: [], instead: () => ["leaves", "unanswered"] },
  duplicate: {
    label: "send more than once",
    fields: [{ name: "count", label: "Times", type: "number", value: 2 }],
    manner: ({ count = 2 }) => (count === 2 ? "twice" : `${count} times`),
  },
  "wrong-id": { label: "wrong message id", fields: [], manner: () => "under a message id that was never used" },
  malformed: { label: "malformed JSON", fields: [], manner: () => "without the last bracket" },
  truncated: { label: "truncated frame", fields: [], manner: () => "in a frame that breaks off, and drops the connection" },
  "wrong-type": {
    label: "undefined message type",
    fields: [{ name: "type", label: "Message type", type: "number", value: 9 }],
    manner: ({ type = 9 }) => `with the message type ${type}`,
  },
  binary: { label: "binary frame", fields: [], manner: () => "in a binary frame" },
  fragmented: {
    label: "WebSocket fragments (legal)",
    fields: [{ name: "parts", label: "Parts", type: "number", value: 3 }],
    manner: ({ parts = 3 }) => `in ${parts} fragments`,
  },
  oversized: {
    label: "oversized",
    fields: [{ name: "size", label: "Bytes", type: "number", value: 1048576 }],
    manner: ({ size = 1048576 }) => `padded to ${size} bytes`,
  },
  close: {
    label: "close the WebSocket",
    fields: [
      { name: "code", label: "Close code", type: "number", value: 1011 },
      { name: "reason", label: "Reason", type: "text", value: "" },
    ],
    instead: ({ code = 1011 }) => [`closes the connection with ${code} at`, ""],
  },
  reset: { label: "reset the TCP connection", fields: [], instead: () => ["resets the TCP connection at", ""] },
  stall: {
    label: "stop reading and answering",
    fields: [seconds("Seconds (empty: for ever)", "")],
    instead: ({ seconds: time }) => [`stops reading and answering${time ? ` for ${time} s` : ""} at`, ""],
  },
};

const delayed = ({ seconds: time, min = 0, max, median }) => {
  if (time != null) return `${time} s later`;
  if (max != null) return `${min} to ${max} s later`;
  return `about ${median} s later`;
};

const HTTP_LABELS = {
  400: "Bad Request",
  401: "Unauthorized",
  403: "Forbidden",
  404: "Not Found",
  429: "Too Many Requests",
  500: "Internal Server Error",
  503: "Service Unavailable",
};

const refused = (status) => [
  status,
  { label: `refuse with HTTP ${status} ${HTTP_LABELS[status]}`, fields: [], instead: () => ["refuses", `with HTTP ${status}`] },
];

/** Faults of the opening handshake. */
export const HANDSHAKE_FAULTS = {
  ...Object.fromEntries(Object.keys(HTTP_LABELS).map(refused)),
  "wrong-subprotocol": {
    label: "accept with a subprotocol that was not offered",
    fields: [{ name: "subprotocol", label: "Subprotocol", type: "text", value: "ocpp0.0" }],
    instead: ({ subprotocol = "ocpp0.0" }) => ["accepts", `with the subprotocol ${subprotocol}, which was not offered`],
  },
  hang: {
    label: "accept, then neither read nor send",
    fields: [seconds("Seconds (empty: for ever)", "")],
    instead: ({ seconds: time }) => ["accepts", `, then stays silent${time ? ` for ${time} s` : ""}`],
  },
};

/** Faults of the TLS handshake, and how each reads. */
export const TLS_FAULTS = {
  expired: "presents an expired certificate",
  "not-yet-valid": "presents a certificate that is not valid yet",
  "wrong-name": "presents a certificate for another host",
  "unknown-ca": "presents a certificate of an unknown authority",
  "self-signed": "presents a self-signed certificate",
  "tls1.1": "speaks only TLS 1.1",
  "weak-cipher": "offers only cipher suites that OCPP does not allow",
  "no-client-ca": "trusts no client certificate",
};

/** Faults that are possible on the commands of the mock, and on the answers of stations. */
const NOT_ON_COMMANDS = new Set(["no-answer", "late-answer", "hold", "wrong-id"]);
const ON_ANSWERS = new Set(["no-answer", "close", "reset", "stall"]);

/** Choices of a fault for a direction and an action: a list of {kind, label, fields}. */
export const faultChoices = (direction, action) => {
  if (action === "handshake") {
    const tls = Object.entries(TLS_FAULTS).map(([kind, text]) => ({ kind, label: `TLS: ${text}`, fields: [] }));
    return [...listed(HANDSHAKE_FAULTS), ...tls];
  }
  return listed(MESSAGE_FAULTS).filter(({ kind }) => {
    if (direction === "command") return !NOT_ON_COMMANDS.has(kind);
    return direction !== "answer" || ON_ANSWERS.has(kind);
  });
};

const listed = (faults) => Object.entries(faults).map(([kind, { label, fields }]) => ({ kind, label, fields }));
