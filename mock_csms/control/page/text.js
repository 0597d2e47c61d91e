// Texts from stations, made safe to look at: what a station sends must not reorder or hide what is around it.

// Controls, invisible characters, and marks that change the direction of text (Unicode TR36).
const HIDDEN = /[\u0000-\u001f\u007f-\u009f\u00ad\u061c\u115f\u1160\u17b4\u17b5\u180b-\u180f\u200b-\u200f\u2028-\u202e\u2060-\u206f\u3164\ufe00-\ufe0f\ufeff\uffa0\ufff0-\uffff]|[\ud800-\udbff](?![\udc00-\udfff])|(?<![\ud800-\udbff])[\udc00-\udfff]/g;

/** Text in which invisible characters are escaped, as in JSON. */
export const visible = (text) => String(text).replace(HIDDEN, escaped);

/** Text of at most so many characters, with invisible ones escaped. */
export const short = (text, limit = 60) => {
  const whole = String(text);
  return whole.length > limit ? `${visible(whole.slice(0, limit - 1))}…` : visible(whole);
};

/** JSON text of a string, with invisible characters escaped. */
export const quoted = (text) => JSON.stringify(text).replace(HIDDEN, escaped);

const escaped = (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, "0")}`;
