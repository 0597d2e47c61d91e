// JSON as it is typed: its value, the places of its parts, and what is wrong with it in plain words.

const MAX_DEPTH = 100;
const SCALAR = /-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?|true|false|null/y;
const WORD = /[\w.+-]+/y;
const STRING = /"(?:[^"\\\u0000-\u001f]|\\(?:["\\/bfnrt]|u[0-9a-fA-F]{4}))*"/y;
const SPACE = /[ \t\r\n]*/y;
const IN_JSON = { True: "true", False: "false", None: "null", TRUE: "true", FALSE: "false", NULL: "null", undefined: "null", nil: "null" };

class JsonFault extends Error {
  constructor(offset, text) {
    super(text);
    this.offset = offset;
  }
}

/** Parse a text: {value, places} or {error: {offset, line, column, text}, places}; `places` serve `placeOf`. */
export const readJson = (text) => {
  const reader = new Reader(text);
  try {
    reader.readWhole();
  } catch (fault) {
    if (!(fault instanceof JsonFault)) throw fault;
    return { error: { ...lineAt(text, fault.offset), offset: fault.offset, text: fault.message }, places: reader.places };
  }
  return { value: JSON.parse(text), places: reader.places };
};

/** Range {start, end} of the value at a path, with its name; that of the object around it if it is missing. */
export const placeOf = (places, path) => {
  for (let length = path.length; length >= 0; length -= 1) {
    const place = places.get(keyOf(path.slice(0, length)));
    if (place) return place;
  }
  return { start: 0, end: 0 };
};

/** Line and column of an offset, both from 1. */
export const lineAt = (text, offset) => {
  const before = text.slice(0, offset).split("\n");
  return { line: before.length, column: before.at(-1).length + 1 };
};

const keyOf = (path) => JSON.stringify(path);

class Reader {
  places = new Map();
  #at = 0;

  constructor(text) {
    this.text = text;
  }

  readWhole() {
    this.#skipSpace();
    if (this.#isAtEnd()) this.#fail("there is no JSON yet; { } is a payload without fields");
    this.#readValue([], this.#at);
    this.#skipSpace();
    if (!this.#isAtEnd()) this.#fail(`nothing may follow the end of the JSON, but ${this.#found()} does`);
  }

  #readValue(path, start) {
    if (path.length > MAX_DEPTH) this.#fail(`there are more than ${MAX_DEPTH} levels`);
    const character = this.text[this.#at];
    if (character === "{") this.#readObject(path);
    else if (character === "[") this.#readList(path);
    else if (character === '"') this.#readString();
    else this.#readScalar();
    this.places.set(keyOf(path), { start, end: this.#at });
  }

  #readObject(path) {
    const names = new Set();
    this.#readMembers("}", () => {
      const start = this.#at;
      if (this.text[start] !== '"') this.#fail(`a name in double quotes is expected here, not ${this.#found()}`);
      const name = this.#readString();
      if (names.has(name)) this.#fail(`"${name}" is there twice; remove one of them`, start);
      names.add(name);
      this.#skipSpace();
      if (this.text[this.#at] !== ":") this.#fail(`a colon is missing after "${name}"`);
      this.#at += 1;
      this.#skipSpace();
      if (",}".includes(this.text[this.#at] ?? "}")) this.#fail(`the value of "${name}" is missing`);
      this.#readValue([...path, name], start);
    });
  }

  #readList(path) {
    this.#readMembers("]", (index) => this.#readValue([...path, index], this.#at));
  }

  /** Read what is between two brackets: members, with commas between them. */
  #readMembers(bracket, readMember) {
    const opening = this.#at;
    this.#at += 1;
    for (let index = 0; ; index += 1) {
      this.#skipSpace();
      if (!index && this.#takes(bracket)) return;
      this.#failAtEnd(opening, bracket);
      if (this.text[this.#at] === bracket) this.#fail(`remove the comma before ${bracket}`);
      readMember(index);
      this.#skipSpace();
      if (this.#takes(bracket)) return;
      this.#failAtEnd(opening, bracket);
      if (!this.#takes(",")) this.#fail(`a comma or ${bracket} is missing before ${this.#found()}`);
    }
  }

  #failAtEnd(opening, bracket) {
    if (!this.#isAtEnd()) return;
    const { line } = lineAt(this.text, opening);
    this.#fail(`${bracket} is missing at the end: the ${this.text[opening]} of line ${line} is still open`);
  }

  #readString() {
    const text = this.#match(STRING);
    if (text === undefined) this.#failInString();
    return JSON.parse(text);
  }

  #failInString() {
    const start = this.#at;
    for (let at = start + 1; at < this.text.length && this.text[at] !== "\n"; at += 1) {
      if (this.text[at] === '"') break;
      if (this.text[at] < " ") this.#fail("a tab or another invisible character must be written as an escape, such as \\t", at);
      if (this.text[at] !== "\\") continue;
      if (!/["\\/bfnrt]|u[0-9a-fA-F]{4}/y.test(this.text.slice(at + 1, at + 6))) {
        this.#fail(`${this.text.slice(at, at + 2)} is not a valid JSON escape; a backslash is written as \\\\`, at);
      }
      at += 1;
    }
    this.#fail('the closing " is missing; a line break in a text is written as \\n', start);
  }

  #readScalar() {
    const start = this.#at;
    const found = this.#match(SCALAR);
    const next = this.text[this.#at] ?? "";
    if (found !== undefined && !/[\w.+-]/.test(next)) return;
    this.#at = start;
    const word = this.#match(WORD) ?? "";
    if (word in IN_JSON) this.#fail(`write ${IN_JSON[word]} instead of ${word}`, start);
    if (/^[\d.+-]/.test(word)) this.#fail(`${word} is not a valid JSON number`, start);
    this.#at = start;
    this.#fail(this.#found().startsWith("'") || word ? `a text is written in double quotes, not as ${this.#found()}` : `a value is missing before ${this.#found()}`);
  }

  #match(pattern) {
    pattern.lastIndex = this.#at;
    const found = pattern.exec(this.text)?.[0];
    if (found !== undefined) this.#at += found.length;
    return found;
  }

  #takes(character) {
    const isThere = this.text[this.#at] === character;
    if (isThere) this.#at += 1;
    return isThere;
  }

  #skipSpace() {
    this.#match(SPACE);
  }

  #isAtEnd() {
    return this.#at >= this.text.length;
  }

  #found() {
    if (this.#isAtEnd()) return "the end";
    return this.text.slice(this.#at).match(/^[\w.+-]{1,30}|^['"][^\n]{0,20}|^[^]/u)[0].trim();
  }

  #fail(text, offset = this.#at) {
    throw new JsonFault(offset, text);
  }
}
