// Repeated work that neither overlaps nor comes too often.

const REST = 5; // after work, rest this many times as long as it took, so that long work does not fill the time

/**
 * A function that runs `work`, or, within `everyMs` of its last run or while it runs, once more afterwards. `wait`
 * returns a promise for a number of milliseconds, `clock` the time in milliseconds.
 */
export const throttled = (work, everyMs, wait = pause, clock = () => performance.now()) => {
  let isBusy = false;
  let isWanted = false;
  return async () => {
    isWanted = true;
    if (isBusy) return;
    isBusy = true;
    while (isWanted) {
      isWanted = false;
      const start = clock();
      await work();
      await wait(Math.max(everyMs, REST * (clock() - start)));
    }
    isBusy = false;
  };
};

const pause = (milliseconds) => new Promise((resolve) => setTimeout(resolve, milliseconds));
