// The coverage of a station as the page shows it: counts, looks of states, and the requirements that match.

/** States in the order of the page, with their colour, and the key of their number in `counts`. */
export const STATES = [
  { id: "broken", label: "Broken", kind: "bad", key: "broken" },
  { id: "met", label: "Met", kind: "good", key: "met" },
  { id: "not exercised", label: "Not exercised yet", kind: "idle", key: "notExercised" },
];

/** Blocks that have requirements in a state and with a text in their number or in a kind of finding; "" matches all. */
export const matchingBlocks = (blocks, { state, text }) =>
  blocks
    .map((block) => ({ ...block, requirements: block.requirements.filter((one) => (!state || one.state === state) && hasText(one, text)) }))
    .filter(({ requirements }) => requirements.length > 0);

const hasText = ({ id, findings }, text) => {
  const wanted = text.trim().toLowerCase();
  return [id, ...findings].some((name) => name.toLowerCase().includes(wanted));
};

/** Number of requirements in a block or in the whole coverage. */
export const sizeOf = ({ met, broken, notExercised }) => met + broken + notExercised;

/** Counts in words, such as "2 broken, 3 met, 4 of 9 not exercised yet". */
export const countsInWords = (counts) => `${counts.broken} broken, ${counts.met} met, ${counts.notExercised} of ${sizeOf(counts)} not exercised yet`;
