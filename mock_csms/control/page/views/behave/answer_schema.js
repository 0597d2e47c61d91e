// Fields of an answer that a rule changes most often, found in the schema of the answer.

const MAX_FIELDS = 6;

/** Enumerations and numbers of an answer, and each status in an object of it: a list of {path, choices?}. */
export const answerFields = (schema) => {
  const found = Object.entries(schema?.properties ?? {}).flatMap(([name, part]) => fieldsAt(resolved(part, schema), [name], schema));
  return found.sort((one, other) => Boolean(other.choices) - Boolean(one.choices)).slice(0, MAX_FIELDS);
};

const fieldsAt = (part, path, schema) => {
  if (part.enum) return [{ path, choices: part.enum }];
  if (part.type === "integer" || part.type === "number") return [{ path }];
  const status = path.length === 1 && part.properties?.status;
  return status ? fieldsAt(resolved(status, schema), [...path, "status"], schema) : [];
};

const resolved = (part, schema) => (part.$ref ? (schema.definitions?.[part.$ref.split("/").pop()] ?? {}) : part);

/** An answer with another value at a path; undefined removes it, and objects that are then empty. */
export const withValueAt = (answer, [name, ...rest], value) => {
  const { [name]: former, ...others } = answer ?? {};
  const next = rest.length ? withValueAt(former, rest, value) : value;
  const isGone = next === undefined || (rest.length > 0 && !Object.keys(next).length);
  if (isGone) return others;
  return former === undefined ? { ...others, [name]: next } : { ...answer, [name]: next };
};
