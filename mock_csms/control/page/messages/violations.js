// Where a message violates its schema: marks for JsonView.

const STEP = /[^\s.:[\]]+|\[\d+\]/;
const VIOLATION = new RegExp(`^((?:${STEP.source})(?:\\.?(?:${STEP.source}))*): ([^]+)$`);
const STEPS = new RegExp(STEP, "g");

/** Marks {path, text} for the `violation` of an entry, and for the errors that the schema has found besides. */
export const marksOf = (violation, errors = []) => {
  const own = violation && violationMark(violation);
  return own && !errors.some((error) => isSame(own, error)) ? [own, ...errors] : errors;
};

/** The mark of a violation such as "meterValue[0].timestamp: must be of type string (type)". */
export const violationMark = (violation) => {
  const [, path, text] = violation.match(VIOLATION) ?? [];
  if (path === undefined) return { path: [], text: violation };
  return { path: path === "payload" ? [] : path.match(STEPS).map(stepOf), text };
};

const stepOf = (text) => (text.startsWith("[") ? Number(text.slice(1, -1)) : text);

/** Whether an error is at the place of the violation; of a missing or unknown field, that is the object around it. */
const isSame = ({ path, text }, error) => {
  const isAboutField = /\((required|additionalProperties)\)/.test(text);
  const place = isAboutField ? error.path.slice(0, -1) : error.path;
  return place.length === path.length && path.every((step, index) => step === place[index]);
};
