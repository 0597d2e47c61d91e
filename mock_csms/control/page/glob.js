// Globs of identities, as rules have them.

/** Whether an identity matches a glob, in which * is any text, ? a character and [ab] one of several. */
export const globMatches = (glob, identity) => expressionOf(glob)?.test(identity) ?? false;

/** Whether a text is a glob rather than an identity. */
export const isGlob = (text) => /[*?[]/.test(text);

/** The expression of a glob; null for one that matches nothing, such as `[z-a]`. */
const expressionOf = (glob) => {
  try {
    return new RegExp(`^${sourceOf(glob)}$`, "su");
  } catch {
    return null;
  }
};

const sourceOf = (glob) => {
  let source = "";
  for (let index = 0; index < glob.length; index += 1) {
    const end = glob[index] === "[" ? glob.indexOf("]", index + (glob[index + 1] === "!" ? 3 : 2)) : -1;
    if (end > 0) {
      source += classOf(glob.slice(index + 1, end));
      index = end;
    } else source += { "*": ".*", "?": "." }[glob[index]] ?? escaped(glob[index]);
  }
  return source;
};

const classOf = (characters) => {
  const isNegated = characters.startsWith("!");
  const members = characters.slice(isNegated ? 1 : 0).replace(/[\\\]^[]/g, "\\$&");
  return `[${isNegated ? "^" : ""}${members}]`;
};

const escaped = (character) => character.replace(/[\\^$.*+?()[\]{}|/]/, "\\$&");
