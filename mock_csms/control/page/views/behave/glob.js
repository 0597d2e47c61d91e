// Globs of identities, as rules have them.

/** Whether an identity matches a glob, in which * is any text, ? a character and [ab] one of several. */
export const globMatches = (glob, identity) => expressionOf(glob).test(identity);

/** Whether a text is a glob rather than an identity. */
export const isGlob = (text) => /[*?[]/.test(text);

const expressionOf = (glob) => {
  let source = "";
  for (let index = 0; index < glob.length; index += 1) {
    const end = glob[index] === "[" ? glob.indexOf("]", index + 2) : -1;
    if (end > 0) {
      source += classOf(glob.slice(index + 1, end));
      index = end;
    } else source += { "*": ".*", "?": "." }[glob[index]] ?? escaped(glob[index]);
  }
  return new RegExp(`^${source}$`, "su");
};

const classOf = (characters) => {
  const isNegated = characters.startsWith("!");
  const members = characters.slice(isNegated ? 1 : 0).replace(/[\\\]^[]/g, "\\$&");
  return `[${isNegated ? "^" : ""}${members}]`;
};

const escaped = (character) => character.replace(/[\\^$.*+?()[\]{}|/]/, "\\$&");
