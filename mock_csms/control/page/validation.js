// Validation of payloads against the JSON schemas of OCPP, with errors in plain words.

import { Validator } from "./vendor/json-schema/index.js";

const MAX_ERRORS = 100;
const MAX_CHOICES = 12;

// OCPP has schemas of draft 6; draft 7 treats all of their keywords alike.
const DRAFT = "7";
const validators = new WeakMap();

/**
 * Violations of a schema as [{path, text}]: the names and indexes that lead to the value, and what is wrong with it. The
 * path of a missing field ends with its name. Times are not checked with `times: false`, nor those with a placeholder
 * such as `{{now}}`.
 */
export const validate = (schema, payload, { times = true } = {}) => {
  if (!validators.has(schema)) validators.set(schema, new Validator(schema, DRAFT, false));
  const errors = [];
  for (const error of validators.get(schema).validate(payload).errors) {
    const found = inWords(error, schema, payload);
    if (found && (times || error.keyword !== "format")) errors.push(found);
    if (errors.length === MAX_ERRORS) break;
  }
  return errors;
};

const inWords = ({ keyword, instanceLocation, keywordLocation, error }, schema, payload) => {
  const words = WORDS[keyword];
  if (!words) return null; // an error that only says that there is another one further inside
  const path = pathOf(instanceLocation, payload);
  if (keyword === "required") return { path: [...path, missingName(error)], text: words() };
  const value = valueAt(payload, path);
  if (keyword === "format" && String(value).includes("{{")) return null;
  return { path, text: words(ruleAt(schema, keywordLocation), value) };
};

const missingName = (error) => error.match(/required property "([^]*)"\.$/)[1];

const items = (count) => `${count} item${count === 1 ? "" : "s"}`;
const characters = (count) => `${count} character${count === 1 ? "" : "s"}`;

const TYPES = { object: "an object { }", array: "a list [ ]", string: "a text", number: "a number", integer: "a whole number", boolean: "true or false", null: "null" };

const choices = (names) => {
  if (names.length === 1) return `must be ${names[0]}`;
  const rest = names.length - MAX_CHOICES;
  return `must be one of ${names.slice(0, MAX_CHOICES).join(", ")}${rest > 0 ? ` and ${rest} more` : ""}`;
};

// Texts by keyword, of the value of the keyword and of the invalid value.
const WORDS = {
  required: () => "is missing",
  false: () => "is not a field of this message",
  type: (type) => `must be ${[type].flat().map((name) => TYPES[name]).join(" or ")}`,
  enum: choices,
  const: (expected) => `must be ${JSON.stringify(expected)}`,
  minLength: (limit, text) => `has ${characters([...text].length)}, but needs at least ${limit}`,
  maxLength: (limit, text) => `has ${characters([...text].length)}, but at most ${limit} are allowed`,
  minItems: (limit, list) => `has ${items(list.length)}, but needs at least ${limit}`,
  maxItems: (limit, list) => `has ${items(list.length)}, but at most ${limit} are allowed`,
  minimum: (limit) => `must be at least ${limit}`,
  maximum: (limit) => `must be at most ${limit}`,
  format: () => "must be a date and time with a zone, as in 2026-01-31T12:00:00Z",
  pattern: (pattern) => `must match ${pattern}`,
  uniqueItems: () => "has the same item twice",
};

const tokensOf = (location) => location.split("/").slice(1).map(unescaped);
const unescaped = (token) => token.replaceAll("~1", "/").replaceAll("~0", "~");

/** Names and indexes of a JSON pointer into a value; only in a list is a part an index. */
const pathOf = (location, value) => {
  const path = [];
  let here = value;
  for (const token of tokensOf(location)) {
    path.push(Array.isArray(here) ? Number(token) : token);
    here = here?.[path.at(-1)];
  }
  return path;
};

/** The value at a path, or undefined. */
export const valueAt = (value, path) => path.reduce((here, part) => here?.[part], value);

/** Value of the keyword at a location in the schema, through its references. */
const ruleAt = (schema, location) =>
  tokensOf(location).reduce((here, token) => (token === "$ref" ? resolved(schema, here.$ref) : here?.[token]), schema);

const resolved = (schema, reference) => tokensOf(reference).reduce((here, token) => here?.[token], schema);
