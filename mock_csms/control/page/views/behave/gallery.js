// The gallery: ready rules and acts as data. `expect` says what a good station does about it.
//
// An entry has either a `rule`, for all stations unless one is chosen, or an `act`, a request about one station.

import { hasWords, wordsOf } from "../../search.js";

const call = (action, then, others = {}) => ({ when: { action }, then, ...others });
const fault = (action, kind, others = {}) => call(action, { fault: typeof kind === "string" ? { kind } : kind }, others);
const anyMessage = (kind, others = {}) => ({ when: {}, then: { fault: kind }, ...others });
const tokenStatus = (status) => ({
  when: { expression: "idToken && idToken.type != 'NoAuthorization'" },
  then: { answer: { idTokenInfo: { status } } },
});
const refusesTokens = (status) => `Answers each idToken in Authorize and TransactionEvent with ${status}`;
const command = (kind, others = {}) => ({ when: { direction: "command" }, then: { fault: { kind } }, ...others });
const offline = (refuse, seconds) => ({ method: "POST", path: "/offline", body: { refuse, for: seconds }, needs: "station" });
const tls = (kind) => ({ when: { action: "handshake" }, then: { fault: { kind } }, times: 2 });

const BOOT = [
  { id: "boot-pending", title: "Boot: Pending", rule: call("BootNotification", { answer: { status: "Pending", interval: 10 } }),
    expect: "It answers commands, sends nothing of its own, and repeats its boot after the interval." },
  { id: "boot-pending-first", title: "Boot: Pending, then Accepted", rule: call("BootNotification", [{ answer: { status: "Pending", interval: 10 } }, { answer: { status: "Accepted" } }]),
    expect: "It repeats its boot after the interval, not earlier, and then works as usual." },
  { id: "boot-rejected", title: "Boot: Rejected", rule: call("BootNotification", { answer: { status: "Rejected", interval: 10 } }),
    expect: "It sends nothing until the interval is over, and then repeats its boot." },
  { id: "boot-error", title: "Boot: CALLERROR", rule: call("BootNotification", { error: { code: "InternalError" } }, { times: 2 }),
    expect: "It tries again after a pause, and does not act as if it were accepted." },
  { id: "boot-unanswered", title: "Boot: no answer", rule: fault("BootNotification", "no-answer", { times: 1 }),
    expect: "It gives up waiting after its time-out, and boots again." },
  { id: "heartbeat-often", title: "Heartbeat every 5 s", rule: call("BootNotification", { answer: { interval: 5 } }),
    expect: "From its next boot on, it sends a Heartbeat after 5 s without other messages." },
  { id: "clock-ahead", title: "Clock one hour ahead", rule: call("Heartbeat", { answer: { currentTime: "{{now+3600}}" } }),
    expect: "It sets its clock by the answer; the timestamps of running transactions stay plausible." },
];

const SLOW = [
  { id: "heartbeat-silent", title: "Silent Heartbeat", rule: fault("Heartbeat", "no-answer"),
    expect: "It gives up waiting after its time-out and keeps working; at some point it reconnects." },
  { id: "transaction-unanswered", title: "TransactionEvent unanswered once", rule: fault("TransactionEvent", "no-answer", { times: 1 }),
    expect: "It sends the event again with the same seqNo, and no later event before it." },
  { id: "answers-delayed", title: "Slow answers", rule: anyMessage({ kind: "delay", min: 1, max: 5 }),
    expect: "It waits for each answer before its next message, and loses none." },
  { id: "answers-late", title: "Answer after the time-out", rule: fault("StatusNotification", { kind: "late-answer", seconds: 35 }),
    expect: "It ignores the late answer, because it has given up waiting." },
  { id: "answers-lost", title: "Every tenth answer is lost", rule: anyMessage({ kind: "no-answer" }, { probability: 0.1 }),
    expect: "It repeats important messages, such as transaction events, and stays connected." },
  { id: "answers-held", title: "Hold the answers to TransactionEvent", rule: fault("TransactionEvent", "hold"),
    expect: "It waits, while it still answers commands. Release the answers with the next entry." },
  { id: "release", title: "Release held answers", does: "Sends the answers that a rule holds, in their order",
    act: { method: "POST", path: "/release", needs: "connection", verb: "Release" }, expect: "It continues where it waited." },
];

const BROKEN = [
  { id: "wrong-id", title: "Wrong message id", rule: fault("Heartbeat", "wrong-id"),
    expect: "It ignores the answer, and does not use it as the answer to another message." },
  { id: "malformed", title: "Malformed JSON", rule: fault("Heartbeat", "malformed"),
    expect: "It ignores the frame, neither crashes nor restarts, and gives up waiting." },
  { id: "error-internal", title: "CALLERROR InternalError", rule: call("TransactionEvent", { error: { code: "InternalError" } }, { times: 1 }),
    expect: "It tries the event again a limited number of times, and then goes on with the next." },
  { id: "error-not-implemented", title: "CALLERROR NotImplemented", rule: call("NotifyEvent", { error: { code: "NotImplemented" } }),
    expect: "It works without this function, and does not repeat the message endlessly." },
  { id: "wrong-type", title: "Undefined message type", rule: fault("Heartbeat", "wrong-type"),
    expect: "It ignores the message, which has neither of the types 2, 3 and 4." },
  { id: "answer-twice", title: "The same answer twice", rule: anyMessage({ kind: "duplicate" }),
    expect: "It uses the first one, and ignores the second." },
  { id: "answer-against-schema", title: "Answer against the schema", rule: call("BootNotification", { answer: { interval: "soon" } }, { validate: false }),
    expect: "It rejects the answer, and boots again." },
  { id: "answer-custom-data", title: "Unknown customData (legal)", rule: call("Heartbeat", { answer: { customData: { vendorId: "org.example", more: [1, 2, 3] } } }),
    expect: "It ignores the customData and uses the rest of the answer." },
  { id: "answer-fragmented", title: "Fragmented frames (legal)", rule: anyMessage({ kind: "fragmented", parts: 3 }),
    expect: "It joins the fragments; nothing else changes." },
  { id: "answer-oversized", title: "Answer of 1 MiB", rule: fault("Heartbeat", { kind: "oversized", size: 1048576 }, { times: 1 }),
    expect: "It closes the connection with code 1009 or ignores the answer, and does not run out of memory." },
  { id: "answer-truncated", title: "Connection ends inside a frame", rule: fault("Heartbeat", "truncated", { times: 1 }),
    expect: "It drops the half frame, and reconnects." },
];

const TOKENS = [
  { id: "token-unknown", title: "Unknown token", does: refusesTokens("Unknown"), rule: tokenStatus("Unknown"), expect: "It does not start to charge, and shows why." },
  { id: "token-blocked", title: "Blocked token", does: refusesTokens("Blocked"), rule: tokenStatus("Blocked"),
    expect: "It does not start to charge; a running transaction ends if StopTxOnInvalidId is true." },
  { id: "token-expired", title: "Expired token", does: refusesTokens("Expired"), rule: tokenStatus("Expired"), expect: "It does not start to charge, and keeps no other status in its cache." },
  { id: "token-concurrent", title: "Concurrent transactions", does: refusesTokens("ConcurrentTx"), rule: tokenStatus("ConcurrentTx"), expect: "It does not start a second transaction for the token." },
  { id: "authorize-error", title: "Token database not available", rule: call("Authorize", { error: { code: "InternalError" } }),
    expect: "It decides by its cache and its local list, or refuses the driver." },
  { id: "token-withdrawn", title: "Token refused while charging",
    rule: { when: { action: "TransactionEvent", payload: { eventType: "Started" } }, then: { answer: { idTokenInfo: { status: "Invalid" } } } },
    expect: "It stops the flow of energy, and the transaction too if StopTxOnInvalidId is true." },
  { id: "cost-at-end", title: "A cost of 99.50 at the end",
    rule: { when: { action: "TransactionEvent", payload: { eventType: "Ended" } }, then: { answer: { totalCost: 99.5 } } },
    expect: "It shows the total cost to the driver." },
  { id: "stop-remotely", title: "Remote stop 10 s after the start",
    rule: { when: { action: "TransactionEvent", payload: { eventType: "Started" } },
      then: { command: { action: "RequestStopTransaction", payload: { transactionId: "{{request.transactionInfo.transactionId}}" }, delay: 10 } } },
    expect: "It accepts the command, and ends the transaction with the reason Remote." },
];

const COMMANDS = [
  { id: "command-twice", title: "Duplicate commands", rule: command("duplicate"), expect: "It answers twice or once, and carries the command out only once." },
  { id: "command-malformed", title: "Malformed commands", rule: command("malformed"), expect: "It ignores the frame or answers with a CALLERROR, and stays connected." },
  { id: "command-binary", title: "Commands as binary frames", rule: command("binary"), expect: "It ignores the frame or closes the connection with code 1003, and does not crash." },
  { id: "command-cut", title: "Connection lost at a command", rule: command("reset", { times: 1 }), expect: "It reconnects, and does not send its answer on the new connection." },
];

const CONNECTION = [
  { id: "close-now", title: "Close now", does: "Closes the connection with a close frame (1001, going away)",
    act: { method: "DELETE", path: "/connection", params: { code: 1001, reason: "going away" }, needs: "connection", verb: "Close" },
    expect: "It reconnects after a pause that grows and is partly random; no second boot is needed." },
  { id: "drop-now", title: "Drop TCP now", does: "Drops the TCP connection without a close frame",
    act: { method: "DELETE", path: "/connection", params: { abort: true }, needs: "connection", verb: "Drop" },
    expect: "It notices the loss, keeps its transactions, and reconnects." },
  { id: "offline-minute", title: "Offline for 60 s", does: "Ends the connection, and refuses new ones with HTTP 503 for 60 s",
    act: { ...offline(503, 60), verb: "Go offline" }, expect: "It queues its transaction events, and sends them in order, with offline set, once it is connected." },
  { id: "offline-hang", title: "No response for 60 s", does: "Ends the connection, and leaves new handshakes unanswered for 60 s",
    act: { ...offline("hang", 60), verb: "Go silent" }, expect: "Its own time-out ends each attempt, and it tries again." },
  { id: "online", title: "Back online", does: "Accepts connections again, before the time is over",
    act: { method: "DELETE", path: "/offline", needs: "station", verb: "Accept" }, expect: "It connects at its next attempt." },
  { id: "close-at-transaction", title: "Close at a TransactionEvent", rule: fault("TransactionEvent", { kind: "close", code: 1011 }, { times: 1 }),
    expect: "It reconnects, and sends the event again with the same seqNo." },
  { id: "stall", title: "Stall for 60 s", rule: anyMessage({ kind: "stall", seconds: 60 }, { times: 1 }),
    expect: "Its WebSocket pings stay unanswered, so that it reconnects." },
];

const HANDSHAKE = [
  { id: "handshake-401", title: "Refuse with 401", rule: fault("handshake", "401", { times: 3 }),
    expect: "It keeps its password, and tries again with growing pauses." },
  { id: "handshake-403", title: "Refuse with 403", rule: fault("handshake", "403", { times: 3 }), expect: "It tries again with growing pauses, or its next network profile." },
  { id: "handshake-404", title: "Refuse with 404", rule: fault("handshake", "404", { times: 3 }), expect: "It tries again with growing pauses, or its next network profile." },
  { id: "handshake-503", title: "Refuse with 503", rule: fault("handshake", "503", { times: 3 }), expect: "It tries again with growing pauses that are partly random." },
  { id: "handshake-subprotocol", title: "Wrong subprotocol", rule: fault("handshake", "wrong-subprotocol", { times: 1 }),
    expect: "It closes the connection, because it has not offered the subprotocol." },
  { id: "handshake-hang", title: "Silence after the handshake", rule: fault("handshake", { kind: "hang", seconds: 120 }, { times: 1 }),
    expect: "It gives up waiting for the answer to its boot, and reconnects." },
];

const REFUSES = "It refuses the connection, and reports a security event once it is connected.";

const TLS = [
  { id: "tls-expired", title: "Expired certificate", rule: tls("expired"), expect: REFUSES },
  { id: "tls-not-yet-valid", title: "Certificate not valid yet", rule: tls("not-yet-valid"), expect: REFUSES },
  { id: "tls-wrong-name", title: "Certificate of another host", rule: tls("wrong-name"), expect: REFUSES },
  { id: "tls-unknown-ca", title: "Unknown authority", rule: tls("unknown-ca"), expect: REFUSES },
  { id: "tls-self-signed", title: "Self-signed certificate", rule: tls("self-signed"), expect: REFUSES },
  { id: "tls-1.1", title: "TLS 1.1 only", rule: tls("tls1.1"), expect: "It refuses the connection: OCPP needs TLS 1.2 or later." },
  { id: "tls-weak-cipher", title: "Weak cipher suites", rule: tls("weak-cipher"), expect: "It refuses the connection, because OCPP does not allow these cipher suites." },
  { id: "tls-no-client-ca", title: "Client certificate refused", rule: tls("no-client-ca"), expect: "It tries again with growing pauses, and keeps its certificate." },
];

/** Groups of entries, in the order in which they are shown. `about` is a sentence for all of them. */
export const GROUPS = [
  { id: "boot", title: "Boot and clock", about: "Most act at the next boot of a station: send it a Reset to see them now.", entries: BOOT },
  { id: "slow", title: "Slow and missing answers", entries: SLOW },
  { id: "broken", title: "Broken and unusual answers", entries: BROKEN },
  { id: "tokens", title: "Tokens and transactions", entries: TOKENS },
  { id: "commands", title: "Commands of the mock", entries: COMMANDS },
  { id: "connection", title: "Connection", entries: CONNECTION },
  { id: "handshake", title: "Opening handshake", about: "They act at the next connection of a station: drop its TCP connection to see them now.", entries: HANDSHAKE },
  { id: "tls", title: "TLS", about: "They act on the next two TLS connections of any station: its identity is not known yet at that time.", entries: TLS, needsTls: true },
];

/** Id of the rule that an entry adds for a station, a glob or (empty) for all stations. */
export const ruleIdOf = (entry, station) => (station && !isTlsEntry(entry) ? `${entry.id}@${station}` : entry.id);

/** The rule that an entry adds. */
export const galleryRule = (entry, station) => {
  const { when, ...others } = entry.rule;
  const about = station && !isTlsEntry(entry) ? { station, ...when } : when;
  return { id: ruleIdOf(entry, station), when: about, ...others };
};

const isTlsEntry = ({ id }) => id.startsWith("tls-");

/** Entries that have a text in their words, by group; groups without one are left out. */
export const searched = (text, textOf) => {
  const words = wordsOf(text);
  const matches = (entry) => hasWords(words, textOf(entry));
  return GROUPS.map((group) => ({ ...group, entries: group.entries.filter(matches) })).filter(({ entries }) => entries.length);
};
