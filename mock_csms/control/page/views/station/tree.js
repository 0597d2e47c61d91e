// The device model as a tree: component, EVSE or connector, variable.

import { hasWords, wordsOf } from "../../search.js";

/**
 * Components in the order of the report: `[{name, places: [{label, variables}], count}]`. A variable is `{key, name,
 * component, variable, attributes, facts}`; `attributes` are pairs of type and value, `facts` are of `characteristicsOf`.
 */
export const treeOf = (deviceModel, characteristics = new Map()) => {
  const components = new Map();
  for (const [key, { component, variable, attributes }] of Object.entries(deviceModel)) {
    const name = titleOf(component);
    const branch = reached(components, name, () => ({ name, places: new Map(), count: 0 }));
    const label = placeOf(component.evse);
    const place = reached(branch.places, label, () => ({ label, variables: [] }));
    branch.count += 1;
    place.variables.push({
      key,
      name: titleOf(variable),
      component,
      variable,
      attributes: Object.entries(attributes),
      facts: characteristics.get(identityOf(component, variable)),
    });
  }
  return [...components.values()].map((branch) => ({ ...branch, places: [...branch.places.values()] }));
};

/** The part of a tree that has all words of a text in names, places or values, with at most so many variables. */
export const searched = (tree, text, limit = Infinity) => {
  const words = wordsOf(text);
  let left = limit;
  const found = [];
  for (const branch of tree) {
    const places = [];
    for (const { label, variables } of branch.places) {
      const matches = variables.filter((variable) => hasWords(words, branch.name, label, ...textsOf(variable))).slice(0, left);
      left -= matches.length;
      if (matches.length) places.push({ label, variables: matches });
    }
    if (places.length) found.push({ ...branch, places, count: sum(places) });
  }
  return found;
};

/** Number of variables of a tree. */
export const sizeOf = (tree) => tree.reduce((total, { count }) => total + count, 0);

/** What the reports say of variables, by identity: `{dataType, unit, values, mutability}`. */
export const characteristicsOf = (reports) => {
  const known = new Map();
  for (const { action, items } of reports) {
    if (action !== "NotifyReport") continue;
    for (const item of items) {
      if (!item?.component || !item.variable) continue;
      const { dataType, unit, valuesList } = item.variableCharacteristics ?? {};
      const mutability = item.variableAttribute?.[0]?.mutability;
      known.set(identityOf(item.component, item.variable), { dataType, unit, values: valuesList?.split(",") ?? [], mutability });
    }
  }
  return known;
};

/** Name of a component or variable with its instance. */
export const titleOf = ({ name, instance }) => (instance ? `${name}[${instance}]` : name);

/** The EVSE or connector of a component in words; empty for the station. */
export const placeOf = (evse) => {
  if (!evse) return "";
  return evse.connectorId == null ? `EVSE ${evse.id}` : `EVSE ${evse.id}, connector ${evse.connectorId}`;
};

// Names of components and variables are compared without regard to case (OCPP 2.0.1 part 2, B06).
const identityOf = ({ name, instance = "", evse }, variable) =>
  JSON.stringify([name, instance, evse?.id, evse?.connectorId, variable.name, variable.instance ?? ""]).toLowerCase();

const reached = (map, key, make) => {
  if (!map.has(key)) map.set(key, make());
  return map.get(key);
};

const textsOf = ({ name, attributes }) => [name, ...attributes.map(([, value]) => value ?? "")];

const sum = (places) => places.reduce((total, { variables }) => total + variables.length, 0);
