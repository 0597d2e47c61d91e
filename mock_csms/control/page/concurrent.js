// Requests about many stations, a few at once.

const AT_ONCE = 4; // a browser has six connections to a server, and the page needs some of them

/** Call `work` for each item, a few at once; it must not fail. */
export const forEach = async (items, work) => {
  const waiting = items.values();
  const workNext = async () => {
    for (const item of waiting) await work(item);
  };
  await Promise.all(Array.from({ length: AT_ONCE }, workNext));
};
