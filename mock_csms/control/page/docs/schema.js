// What the page shows of a JSON schema: the name of its type, its fields, its examples.

const REFERENCE = "#/components/schemas/";
const RESPONSE_REFERENCE = "#/components/responses/";

/** Name of the component that a schema refers to, or undefined. */
const referencedName = (schema) => schema.$ref?.replace(REFERENCE, "");

/** The schema itself, with what it refers to; both may say something of the same field. */
export const resolved = (openapi, schema) => {
  if (!schema.$ref) return schema;
  const { $ref, properties = {}, ...others } = schema;
  const referenced = openapi.components.schemas[referencedName(schema)];
  const names = Object.keys({ ...referenced.properties, ...properties });
  const fields = names.map((name) => [name, { ...referenced.properties?.[name], ...properties[name] }]);
  return { ...referenced, ...others, ...(names.length ? { properties: Object.fromEntries(fields) } : {}) };
};

/** The alternatives of a schema, without null. */
const alternatives = (schema) => (schema.anyOf ?? schema.oneOf ?? [schema]).filter(({ type }) => type !== "null");

/** Type in words, such as `list of Upload` or `"call" | "answer"`. */
export const typeName = (schema) => {
  if (schema.const !== undefined) return JSON.stringify(schema.const);
  if (schema.enum) return schema.enum.map((value) => JSON.stringify(value)).join(" | ");
  if (schema.$ref) return referencedName(schema);
  if (schema.anyOf || schema.oneOf) {
    const names = (schema.anyOf ?? schema.oneOf).map(typeName);
    return [...new Set(names)].join(" | ");
  }
  if (schema.type === "array") return `list of ${schema.items ? typeName(schema.items) : "any"}`;
  if (schema.additionalProperties?.$ref) return `object of ${referencedName(schema.additionalProperties)}`;
  return schema.type ?? "any";
};

/** Bounds of a value in words, such as `at most 36 characters`. */
export const boundsOf = (schema) => {
  const [simple = {}] = alternatives(schema);
  const bounds = [
    [simple.minimum, (limit) => `from ${limit}`],
    [simple.exclusiveMinimum, (limit) => `above ${limit}`],
    [simple.maximum, (limit) => `up to ${limit}`],
    [simple.minLength, (limit) => `at least ${limit} characters`],
    [simple.maxLength, (limit) => `at most ${limit} characters`],
    [simple.default ?? schema.default, (value) => `default ${JSON.stringify(value)}`],
  ];
  return bounds.filter(([limit]) => limit !== undefined && limit !== null).map(([limit, text]) => text(limit)).join(", ");
};

/** Components that a schema leads to: of its alternatives, its items and its values. */
export const innerNames = (schema) =>
  [...new Set(alternatives(schema).flatMap((one) => {
    if (one.$ref) return [referencedName(one)];
    const inner = [one.items, one.additionalProperties].filter((part) => part && typeof part === "object");
    return inner.flatMap(innerNames);
  }))];

/** Fields of an object: {name, isRequired, type, bounds, description, schema}. */
export const fieldsOf = (openapi, schema) => {
  const object = resolved(openapi, schema);
  const required = new Set(object.required ?? []);
  return Object.entries(object.properties ?? {}).map(([name, field]) => ({
    name,
    isRequired: required.has(name),
    type: typeName(field),
    bounds: boundsOf(field),
    description: field.description ?? "",
    schema: field,
  }));
};

/** Examples of the content of a request or an answer: {name, value}. */
export const examplesOf = (openapi, content) => {
  if (content.examples) return Object.entries(content.examples).map(([name, { value }]) => ({ name, value }));
  if (content.example !== undefined) return [{ name: "example", value: content.example }];
  const schema = content.schema ?? {};
  const names = [schema, ...alternatives(schema)].map((one) => resolved(openapi, one)).find(({ examples }) => examples);
  return (names?.examples ?? []).map((value, index) => ({ name: `example ${index + 1}`, value }));
};

/** Whether an operation contains all words of a search, in its path, texts, tag or statuses. */
export const matches = (operation, words) => {
  const { path, method, summary, description, tags, operationId, responses } = operation;
  const text = [path, method, summary, description, ...tags, operationId, ...Object.keys(responses)].join(" ").toLowerCase();
  return words.toLowerCase().split(/\s+/).every((word) => text.includes(word));
};

const METHODS = ["get", "post", "put", "patch", "delete"];
const byPath = (one, other) =>
  one.path.localeCompare(other.path) || METHODS.indexOf(one.method) - METHODS.indexOf(other.method);

/** Responses of an operation by status, with those that several operations share. */
const responsesOf = (openapi, { responses }) =>
  Object.fromEntries(Object.entries(responses).map(([status, response]) =>
    [status, response.$ref ? openapi.components.responses[response.$ref.replace(RESPONSE_REFERENCE, "")] : response]));

/** Operations of a document by group: [{name, description, operations}]. */
export const groupsOf = (openapi) => {
  const operations = Object.entries(openapi.paths).flatMap(([path, methods]) =>
    Object.entries(methods).map(([method, operation]) => ({ path, method, ...operation, responses: responsesOf(openapi, operation) })));
  return openapi.tags
    .map((tag) => ({ ...tag, operations: operations.filter(({ tags }) => tags[0] === tag.name).sort(byPath) }))
    .filter((group) => group.operations.length);
};
