// What the server finds wrong with a rule or a token, by field.

const PHRASES = [
  [/a valid integer/g, "a whole number"],
  [/a valid datetime or date/g, "a date and time"],
  [/a valid (number|boolean)/g, "a $1"],
  [/a valid string/g, "a text"],
  [/^Input should be /, "must be "],
  [/^String should have /, "must have "],
];

/** Flaws {path, text} in the detail of a problem, such as "evseId.0: Input should be a valid integer; times: ...". */
export const flawsIn = (detail) =>
  detail.split(/; (?=[\w.-]+: )/).filter(Boolean).map((sentence) => {
    const [, path = "", text] = /^(?:([A-Za-z][\w.-]*): )?(.*)$/s.exec(sentence);
    return { path, text: PHRASES.reduce((words, [pattern, phrase]) => words.replace(pattern, phrase), text) };
  });

const isAt = (path, field) => path === field || path.startsWith(`${field}.`);

/** Text about a field, or about a part of it; empty if nothing is wrong with it. */
export const flawAt = (flaws, field) => flaws.filter(({ path }) => isAt(path, field)).map(({ text }) => text).join("; ");

/** Text about everything but these fields. */
export const otherFlaws = (flaws, fields) =>
  flaws.filter(({ path }) => !fields.some((field) => isAt(path, field))).map(({ path, text }) => (path ? `${path} ${text}` : text)).join("; ");
