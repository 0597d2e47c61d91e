// The settings of a station: their groups, names and controls, made from the schema of the API.

import { hasWords, wordsOf } from "../../search.js";

/** Groups of settings, in the order in which they are shown. */
export const SETTING_GROUPS = [
  ["Boot and answers", ["bootStatus", "bootStatusSequence", "heartbeatInterval", "bootRetryInterval", "clockSkew", "validation", "costPerKwh", "totalCost", "updatedTariff"]],
  ["Tokens", ["authMode", "unknownToken", "offline", "whitelist", "blacklist", "authGroupId", "authCacheExpiry", "concurrentTx", "refuseSecondToken", "masterPassGroup", "tokens"]],
  ["Automatic behaviour", ["chargingProfiles", "chargingLimit", "followUpDelay", "costUpdates", "afterInvalidId", "askForBoot", "requestInventory", "checkTransactions"]],
  ["Commands that are sent", ["command", "period", "delay", "commands", "start", "repeat", "payload", "callTimeout"]],
  ["Payloads of commands", ["triggerMessage", "resetType", "availabilityStatus", "getVariables", "setVariables", "idToken", "localListTokens", "reservationId", "reserveIdToken", "reserveEvseId", "installCertificate", "deleteCertificate", "hashAlgorithm", "firmware", "firmwareSignature", "getVariablesLimit", "setVariablesLimit", "getReportLimit"]],
  ["Security and certificates", ["securityProfile", "password", "certificates", "badCertificate", "certificateChain", "certificateDelay", "contractRoots", "ocsp", "ocspTimeout", "evCertificateStatus", "exiResponse"]],
  ["Faults", ["faults"]],
];

/** The settings of the schema by group; settings that no group has come last. */
export const groupedSettings = (properties) => {
  const grouped = new Set(SETTING_GROUPS.flatMap(([, names]) => names));
  const others = Object.keys(properties).filter((name) => !grouped.has(name));
  const groups = SETTING_GROUPS.map(([title, names]) => ({ title, names: names.filter((name) => name in properties) }));
  return [...groups, { title: "Others", names: others }].filter(({ names }) => names.length);
};

/** Name of a setting in words: "heartbeatInterval" is "Heartbeat interval". */
export const labelOf = (name) => {
  const words = name.replace(/[A-Z]/g, (letter) => ` ${letter.toLowerCase()}`);
  const text = words.charAt(0).toUpperCase() + words.slice(1);
  return text.replace(/\b(id|evse|ocsp|ev|exi|kwh)\b/gi, (word) => ({ kwh: "kWh", id: word === "Id" ? "Id" : "id" })[word.toLowerCase()] ?? word.toUpperCase());
};

/** Control of a setting by its schema: {kind, choices?}; kind is choice, switch, number, lines, json, password or text. */
export const controlOf = (name, schema) => {
  if (name === "password") return { kind: "password" };
  const types = variants(schema);
  const choices = types.find((type) => type.enum)?.enum;
  if (choices) return { kind: "choice", choices };
  if (types.some(({ type, $ref, additionalProperties }) => type === "object" || $ref || additionalProperties)) return { kind: "json" };
  const { type, items } = types[0] ?? {};
  if (type === "boolean") return { kind: "switch" };
  if (type === "integer" || type === "number") return { kind: "number" };
  if (type === "array") return items?.type === "string" ? { kind: "lines" } : { kind: "json" };
  return { kind: "text" };
};

const variants = (schema) => (schema.anyOf ? schema.anyOf.flatMap(variants) : schema.type === "null" ? [] : [schema]);

/** Whether the value of a setting differs from its default; false if the default is not known. */
export const differs = (value, schema) => "default" in schema && JSON.stringify(value) !== JSON.stringify(schema.default);

/** A value in a few words. */
export const valueText = (value) => {
  if (value === null || value === undefined) return "not set";
  if (typeof value === "boolean") return value ? "on" : "off";
  if (Array.isArray(value)) return value.length ? value.map(valueText).join(", ") : "empty";
  return typeof value === "object" ? (Object.keys(value).length ? JSON.stringify(value) : "empty") : String(value);
};

/** Settings that have all words of a text in their name or description; with `onlyOther`, only those that differ from the default. */
export const shownSettings = (groups, { properties, values, changed, text, onlyOther }) => {
  const words = wordsOf(text);
  const isShown = (name) => {
    const isOther = changed.includes(name) || differs(values[name], properties[name]);
    return hasWords(words, name, labelOf(name), properties[name].description) && (!onlyOther || isOther);
  };
  return groups.map(({ title, names }) => ({ title, names: names.filter(isShown) })).filter(({ names }) => names.length);
};

/** Lines of a text without empty ones. */
export const linesIn = (text) => text.split("\n").map((line) => line.trim()).filter(Boolean);

/** Name of the setting that the detail of a problem begins with, such as "tokens" of "tokens.A.status: ...". */
export const settingOf = (detail, names) => names.find((name) => new RegExp(`^${name}\\b`).test(detail)) ?? "";
