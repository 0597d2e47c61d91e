// The form of a rule: reads and changes parts of the rule itself, so that form and JSON are always in step.

import { effectsOf } from "./rule_words.js";

/** A rule as one would write it: without its counts, and with a single effect instead of a list of one. */
export const writtenRule = ({ uses, scope, enabled, ...rule }) =>
  withEffects(enabled === false ? { ...rule, enabled } : rule, effectsOf(rule));

/** Rule in a JSON text: {rule} or {error}, which says what to write instead. */
export const parseRule = (text) => {
  let rule;
  try {
    rule = JSON.parse(text);
  } catch (error) {
    return { error: `This is not valid JSON: ${error.message}` };
  }
  return isTable(rule) && isTable(rule.when ?? {}) && effectsOf(rule).every(isTable)
    ? { rule }
    : { error: 'A rule is an object, as in {"when": {"action": "Heartbeat"}, "then": {"fault": {"kind": "no-answer"}}}' };
};

export const jsonOf = (value) => JSON.stringify(value, null, 2);

/** A table with a key; an empty value removes the key. */
export const withKey = (table, name, value) => {
  const { [name]: _, ...others } = table;
  return isEmpty(value) ? others : { ...table, [name]: value };
};

/** A rule with a condition; an empty value removes it. */
export const withCondition = (rule, name, value) => {
  const { when, ...others } = rule;
  return { ...(rule.id !== undefined && { id: rule.id }), when: withKey(when ?? {}, name, value), ...others };
};

/** A rule with these effects; one effect is not a list. */
const withEffects = (rule, effects) => {
  const { then: _, fault: __, ...others } = rule;
  if (!effects.length) return others;
  const then = effects.length === 1 ? effects[0] : effects;
  const isPlaced = "then" in rule;
  return isPlaced ? { ...rule, then } : { ...others, then };
};

/** Effects with another one in the place of an index; an index past the end adds it. */
export const withEffect = (rule, index, effect) => {
  const effects = [...effectsOf(rule)];
  effects[index] = effect;
  return withEffects(rule, effects);
};

export const withoutEffect = (rule, index) => withEffects(rule, effectsOf(rule).filter((_, place) => place !== index));

/** How an effect answers: "usual", "answer" or "error". */
export const contentKind = (effect) => (effect.error ? "error" : effect.answer != null ? "answer" : "usual");

/** An effect that answers in another way; fault and command stay. */
export const withContent = (effect, kind) => {
  const { answer, error, ...others } = effect;
  if (kind === "answer") return { answer: answer ?? {}, ...others };
  if (kind === "error") return { error: error ?? { code: "InternalError" }, ...others };
  return others;
};

/** An effect with a fault of a kind, with the default values of its parameters; without a kind, without a fault. */
export const withFault = (effect, kind, fields = []) => {
  if (!kind) return withKey(effect, "fault", undefined);
  const parameters = fields.filter(({ value }) => value !== "").map(({ name, value }) => [name, value]);
  return { ...effect, fault: { kind, ...Object.fromEntries(parameters) } };
};

/** A number in a field, or undefined for an empty one; what is not a number stays text, which the server refuses. */
export const numberIn = (text) => {
  if (text.trim() === "") return undefined;
  return Number.isFinite(Number(text)) ? Number(text) : text;
};

const isTable = (value) => value !== null && typeof value === "object" && !Array.isArray(value);
const isEmpty = (value) => value === undefined || value === null || value === "";
