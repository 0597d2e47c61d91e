// Searches by words.

/** The words of a search, in lower case. */
export const wordsOf = (text) => text.toLowerCase().split(/\s+/).filter(Boolean);

/** Whether every word occurs in one of the texts. */
export const hasWords = (words, ...texts) => {
  if (!words.length) return true;
  const whole = texts.join("\n").toLowerCase();
  return words.every((word) => whole.includes(word));
};
