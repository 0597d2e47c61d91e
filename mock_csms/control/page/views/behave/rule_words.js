// A rule in words.

import { plural } from "../../format.js";
import { short, visible } from "../../text.js";
import { HANDSHAKE_FAULTS, MESSAGE_FAULTS, TLS_FAULTS } from "./faults.js";

const MAX_FIELDS = 3;
const JSON_LIMIT = 120;

/** Sentence of a rule, such as "Answers BootNotification of CS* with Pending". */
export const sentenceOf = (rule) => {
  const when = rule.when ?? {};
  const effects = effectsOf(rule);
  const clauses = withoutRepetition(effects.map((effect) => clauseOf(when, effect)), `${verbOf(when)} ${messageOf(when)} `);
  if (rule.set != null) clauses.push(stateClause(rule, when, clauses.length > 0));
  return capital(clauses.join("; then "));
};

const stateClause = ({ set }, when, isSecond) => {
  const state = `in the rule state ${visible(set)}`;
  return isSecond ? `puts the station ${state}` : `puts ${stationOf(when)} ${state} after ${when.action ? visible(when.action) : "every message"}`;
};

/** Clauses of which only the first has the beginning that they share. */
const withoutRepetition = (clauses, beginning) =>
  clauses.map((clause, index) => (index && clauses[0].startsWith(beginning) && clause.startsWith(beginning) ? clause.slice(beginning.length) : clause));

/** The effects of a rule as a list, however they are written. */
export const effectsOf = ({ then, fault }) => {
  if (fault !== undefined) return [{ fault }];
  if (then == null) return [];
  return Array.isArray(then) ? then : [then];
};

/** Conditions of a rule that the sentence does not have, and its limits, as short texts. */
export const conditionsOf = (rule) => {
  const when = rule.when ?? {};
  return [
    when.nth && `only the ${ordinal(when.nth)} message of each station`,
    when.payload && `payload contains ${short(JSON.stringify(when.payload), JSON_LIMIT)}`,
    when.expression && `if ${short(when.expression, JSON_LIMIT)}`,
    when.state && `while in the rule state ${short(when.state)}`,
    rule.probability != null && rule.probability < 1 && `with a probability of ${percent(rule.probability)}`,
    rule.times && (rule.times === 1 ? "once per station" : `at most ${rule.times} times per station`),
    rule.ttl && `expires ${rule.ttl} s after it was added`,
    rule.priority && rule.priority !== 5 && `priority ${rule.priority}`,
    rule.validate === false && "its answer may break the schema",
  ].filter(Boolean);
};

/** Totals and the stations with the most hits: {hits, matches, stations: [{id, hits, matches, left}], more}. */
export const usesOf = (rule, limit = 50) => {
  const rows = Object.entries(rule.uses ?? {}).map(([id, { hits, matches }]) => ({
    id,
    hits,
    matches,
    left: rule.times ? Math.max(0, rule.times - hits) : null,
  }));
  const total = (name) => rows.reduce((sum, row) => sum + row[name], 0);
  rows.sort((one, other) => other.hits - one.hits || other.matches - one.matches || (one.id < other.id ? -1 : 1));
  return { hits: total("hits"), matches: total("matches"), stations: rows.slice(0, limit), more: Math.max(0, rows.length - limit) };
};

const stationOf = ({ station = "*" }) => (station === "*" ? "every station" : short(station));

const clauseOf = (when, effect) => {
  const main = mainClause(when, effect);
  if (!effect.command) return main ?? "does nothing";
  const { action, delay } = effect.command;
  const command = `sends ${visible(action)}${delay ? ` ${delay} s later` : ""}`;
  return main ? `${main}, and ${command}` : `${command} after ${messageOf(when)}`;
};

const mainClause = (when, effect) => {
  const fault = asTable(effect.fault);
  if (!fault && effect.answer == null && !effect.error) return null;
  if (fault && fault.kind in TLS_FAULTS) return `${TLS_FAULTS[fault.kind]} at the TLS handshake`;
  if (fault && when.action === "handshake") return handshakeClause(when, fault);
  const instead = MESSAGE_FAULTS[fault?.kind]?.instead;
  if (instead) return insteadClause(when, instead(fault));
  if (when.direction === "answer" && !fault) return `reads ${fieldsText(effect.answer ?? {})} in ${messageOf(when)}`;
  const content = contentOf(effect);
  const manner = fault && (MESSAGE_FAULTS[fault.kind]?.manner(fault) ?? `with the fault ${visible(fault.kind)}`);
  return [verbOf(when), messageOf(when), content, manner].filter(Boolean).join(" ");
};

const VERBS = { call: "answers", command: "sends", answer: "changes" };
const verbOf = ({ direction = "call" }) => VERBS[direction];

const messageOf = (when) => {
  const { direction = "call", action } = when;
  if (action === "handshake") return `the handshake of ${stationOf(when)}`;
  if (direction === "command") return `${action ? visible(action) : "every command"} to ${stationOf(when)}`;
  if (direction === "answer") return `the answer of ${stationOf(when)} to ${action ? visible(action) : "every command"}`;
  return `${action ? visible(action) : "every message"} of ${stationOf(when)}`;
};

const insteadClause = (when, [verb, rest]) => {
  if (verb === "leaves" && when.direction === "answer") return `ignores ${messageOf(when)}`;
  const message = verb.endsWith(" at") ? messageOf(when).replace(/^every /, "any ") : messageOf(when);
  return [verb, message, rest].filter(Boolean).join(" ");
};

const handshakeClause = (when, fault) => {
  const connection = `the connection of ${stationOf(when)}`;
  if (/^\d+$/.test(fault.kind)) return `refuses ${connection} with HTTP ${fault.kind}`;
  const known = HANDSHAKE_FAULTS[fault.kind];
  if (known) {
    const [verb, rest] = known.instead(fault);
    return `${verb} ${connection} ${rest}`.replace(" ,", ",");
  }
  const other = MESSAGE_FAULTS[fault.kind];
  if (other?.instead) return insteadClause(when, other.instead(fault));
  return `answers ${messageOf(when)} ${other?.manner(fault) ?? `with the fault ${visible(fault.kind)}`}`;
};

const contentOf = ({ answer, error }) => {
  if (error) return `with the error ${visible(error.code ?? "InternalError")}`;
  return answer == null ? "" : Object.keys(answer).length ? `with ${fieldsText(answer)}` : "as usual";
};

const fieldsText = (answer) => {
  const fields = leavesOf(answer, []);
  const texts = fields.slice(0, MAX_FIELDS).map(({ path, value }) => fieldText(path, value));
  const more = fields.length - texts.length;
  return `${texts.join(", ")}${more ? ` and ${plural(more, "more field")}` : ""}`;
};

const fieldText = (path, value) => {
  const name = path.join(".");
  if (value === null) return `no ${visible(name)}`;
  const text = short(typeof value === "string" ? value : JSON.stringify(value), 40);
  return name === "status" ? text : `${visible(name)} ${text}`;
};

const leavesOf = (value, path) => {
  if (value === null || typeof value !== "object" || Array.isArray(value)) return [{ path, value }];
  return Object.keys(value).flatMap((name) => leavesOf(value[name], [...path, name]));
};

/** A fault as a table; "delay=2" is one as text. */
const asTable = (fault) => {
  if (typeof fault !== "string") return fault;
  const [head, ...options] = fault.split(":");
  const [kind, value] = head.split("=");
  const first = MESSAGE_FAULTS[kind]?.fields[0]?.name ?? HANDSHAKE_FAULTS[kind]?.fields[0]?.name;
  const given = value === undefined ? [] : [[first ?? "value", numberOr(value)]];
  return Object.fromEntries([["kind", kind], ...given, ...options.map((option) => option.split("=")).map(([name, text]) => [name, numberOr(text)])]);
};

const numberOr = (text) => (text !== "" && Number.isFinite(Number(text)) ? Number(text) : text);
const capital = (text) => text.charAt(0).toUpperCase() + text.slice(1);
const percent = (share) => `${+(share * 100).toFixed(2)}%`;

const ordinal = (number) => {
  const teens = number % 100 > 10 && number % 100 < 14;
  return `${number}${(!teens && { 1: "st", 2: "nd", 3: "rd" }[number % 10]) || "th"}`;
};
