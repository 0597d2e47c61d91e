// Repeated work that neither overlaps nor comes too often.

/**
 * A function that runs `work`, or, within `everyMs` of its last run or while it runs, once more afterwards. `wait` is
 * a function that returns a promise for a number of milliseconds.
 */
export const throttled = (work, everyMs, wait = pause) => {
  let isBusy = false;
  let isWanted = false;
  return async () => {
    isWanted = true;
    if (isBusy) return;
    isBusy = true;
    while (isWanted) {
      isWanted = false;
      await work();
      await wait(everyMs);
    }
    isBusy = false;
  };
};

const pause = (milliseconds) => new Promise((resolve) => setTimeout(resolve, milliseconds));
