// The form of a payload: its fields by the JSON schema of a request, and the payload that each change of a field makes.

const LONG_TEXT = 255;

// Vendors may add anything there; most people never need it.
const HIDDEN = new Set(["customData"]);

/**
 * The fields of a payload as a tree.
 *
 * Each field has its `kind` (object, list, choice, boolean, integer, number, time, text or any), `path`, `name`,
 * `description`, `isRequired` and `value`; `isUnknown` if the schema does not allow it. An object also has `fields`, and
 * `absent`: the fields that can be added. A list has `items`. A value of another type than the schema has is a field of
 * the kind `any`.
 */
export const formOf = (schema, payload) => fieldOf(schema, schema, payload, [], true);

const fieldOf = (schema, node, value, path, isRequired) => {
  const rule = ruleOf(schema, node);
  const kind = kindOf(rule, value);
  const field = { kind, path, name: path.at(-1), description: cleaned(rule.description), isRequired, value };
  return { ...field, ...(DETAILS[kind]?.(schema, rule, value, path) ?? {}) };
};

/** The rule of a field; references have no other keywords in the schemas of OCPP. */
const ruleOf = (schema, { $ref, ...rule }) =>
  $ref ? ruleOf(schema, $ref.split("/").slice(1).reduce((here, part) => here[part], schema)) : rule;

const kindOf = (rule, value) => {
  const kind = ruleKind(rule);
  return FITS[kind](value) ? kind : "any";
};

const ruleKind = ({ type, enum: choices, format }) => {
  if (choices) return "choice";
  if (format === "date-time") return "time";
  return { string: "text", array: "list" }[type] ?? type ?? "any";
};

const isObject = (value) => value !== null && typeof value === "object" && !Array.isArray(value);
const isText = (value) => typeof value === "string";
const isTyped = (value) => isText(value) || typeof value === "number"; // also a number that is not typed to its end

const FITS = { object: isObject, list: Array.isArray, choice: isText, boolean: (value) => typeof value === "boolean", integer: isTyped, number: isTyped, time: isText, text: isText, any: () => true };

const objectDetails = (schema, rule, value, path) => {
  const required = new Set(rule.required ?? []);
  const properties = Object.entries(rule.properties ?? {});
  const known = properties.filter(([name]) => name in value);
  const fields = known.map(([name, node]) => fieldOf(schema, node, value[name], [...path, name], required.has(name)));
  const extras = Object.keys(value).filter((name) => !Object.hasOwn(rule.properties ?? {}, name));
  const absent = properties
    .filter(([name]) => !(name in value) && !HIDDEN.has(name))
    .map(([name, node]) => ({ name, node, isRequired: required.has(name), description: cleaned(ruleOf(schema, node).description) }));
  fields.sort((one, other) => other.isRequired - one.isRequired);
  absent.sort((one, other) => other.isRequired - one.isRequired);
  const isUnknown = rule.additionalProperties === false;
  const others = extras.map((name) => ({ ...fieldOf(schema, {}, value[name], [...path, name], false), isUnknown }));
  return { fields: [...fields, ...others], absent };
};

const listDetails = (schema, rule, value, path) => ({
  items: value.map((item, index) => fieldOf(schema, rule.items ?? {}, item, [...path, index], false)),
  itemNode: rule.items ?? {},
  minItems: rule.minItems ?? 0,
  maxItems: rule.maxItems ?? Infinity,
});

const bounds = (_schema, { minimum, maximum }) => ({ minimum, maximum });

const DETAILS = {
  object: objectDetails,
  list: listDetails,
  choice: (_schema, rule) => ({ choices: rule.enum }),
  integer: bounds,
  number: bounds,
  text: (_schema, { maxLength = Infinity }, value) => ({ maxLength, isLong: maxLength > LONG_TEXT || value.includes("\n") }),
};

/** The value that a new field or item begins with: as little as its schema allows. */
export const emptyOf = (schema, node, now = new Date()) => {
  const rule = ruleOf(schema, node);
  const kind = ruleKind(rule);
  if (rule.default !== undefined && kind !== "any" && kindOf(rule, rule.default) === kind) return rule.default;
  return EMPTY[kind](schema, rule, now);
};

const emptyObject = (schema, { properties = {}, required = [] }, now) =>
  Object.fromEntries(required.map((name) => [name, emptyOf(schema, properties[name] ?? {}, now)]));

const smallest = (_schema, { minimum = 0 }) => minimum;

const EMPTY = {
  object: emptyObject,
  list: (schema, { items = {} }, now) => [emptyOf(schema, items, now)],
  choice: (_schema, rule) => rule.enum[0],
  boolean: () => false,
  integer: smallest,
  number: smallest,
  time: (_schema, _rule, now) => timeText(now),
  text: () => "",
  any: () => "",
};

/** A time as OCPP writes it, in whole seconds. */
export const timeText = (time) => `${time.toISOString().slice(0, 19)}Z`;

/** A payload with another value at a path. */
export const withValue = (payload, path, value) => {
  if (!path.length) return value;
  const [part, ...rest] = path;
  const copy = Array.isArray(payload) ? [...payload] : { ...payload };
  copy[part] = withValue(copy[part] ?? (typeof rest[0] === "number" ? [] : {}), rest, value);
  return copy;
};

/** A payload without the field or item at a path. */
export const without = (payload, path) => {
  const [part, ...rest] = path;
  if (rest.length) return withValue(payload, [part], without(payload[part], rest));
  if (Array.isArray(payload)) return payload.filter((_, index) => index !== part);
  const { [part]: _removed, ...kept } = payload;
  return kept;
};

/** The text of a field as it is typed. */
export const textOf = ({ kind, value }) => {
  if (kind !== "any" || typeof value !== "string") return typeof value === "string" ? value : JSON.stringify(value);
  return isJson(value) ? JSON.stringify(value) : value;
};

/** The value of a text that is typed into a field; what is not a number remains a text, which the schema refuses. */
export const parsed = ({ kind }, text) => {
  const isNumber = kind === "integer" || kind === "number";
  if (isNumber) return /^-?(0|[1-9]\d*)(\.\d+)?([eE][+-]?\d+)?$/.test(text.trim()) ? Number(text) : text;
  return kind === "any" && isJson(text) ? JSON.parse(text) : text;
};

const isJson = (text) => {
  try {
    JSON.parse(text);
    return true;
  } catch {
    return false;
  }
};

/** A description of OCPP without the names and the URN of its data model, without its markup, in one line. */
const cleaned = (description = "") => {
  const lines = description.split(/\r?\n/).map((line) => line.trim());
  const text = lines.slice(lines.findIndex((line) => line.startsWith("urn:")) + 1).filter(Boolean).join(" ");
  const decoded = text.replace(/&(lt|gt|amp|quot);/g, (_, name) => ENTITIES[name]);
  return decoded.replace(/<<(?:[^<>]*?,)?\s*([^<>]*)>>/g, "$1").replace(/(?<!\w)_(\w+?)_(?!\w)/g, "$1");
};

const ENTITIES = { lt: "<", gt: ">", amp: "&", quot: '"' };

/** Errors at a field itself, not at its parts. */
export const errorsAt = (errors, path) => errors.filter((error) => isSamePath(error.path, path));

const isSamePath = (one, other) => one.length === other.length && one.every((part, index) => part === other[index]);
