// A run of the certification rehearsal as plain data: its cases by block, their verdicts, and what is left.

/** Verdicts in the order in which they are counted, each with its letter in the matrix and the kind of its badge. */
export const VERDICTS = [
  { id: "PASS", label: "Passed", letter: "P", kind: "good" },
  { id: "FAIL", label: "Failed", letter: "F", kind: "bad" },
  { id: "INCONCLUSIVE", label: "Inconclusive", letter: "I", kind: "warn" },
  { id: "ERROR", label: "Error", letter: "E", kind: "injected" },
  { id: "SKIPPED", label: "Skipped", letter: "S", kind: "idle" },
  { id: "RUNNING", label: "Running", letter: "▸", kind: "info" },
  { id: "PENDING", label: "Not run", letter: "·", kind: "open" },
];

/** Names of the functional blocks of OCPP 2.0.1. */
export const BLOCKS = {
  A: "Security",
  B: "Provisioning",
  C: "Authorization",
  D: "Local authorization list",
  E: "Transactions",
  F: "Remote control",
  G: "Availability",
  H: "Reservation",
  I: "Tariff and cost",
  J: "Meter values",
  K: "Smart charging",
  L: "Firmware",
  M: "Certificates",
  N: "Diagnostics",
  O: "Display messages",
  P: "Data transfer",
};

const NOT_PASSED = new Set(["FAIL", "INCONCLUSIVE", "ERROR"]);

/** Verdict of a case; "PENDING" for one that has not run. */
export const verdictOf = ({ verdict, applies, skipped }) => verdict ?? (applies && skipped === undefined ? "PENDING" : "SKIPPED");

/** Letter, label and kind of the verdict of a case. */
export const lookOf = (testCase) => VERDICTS.find(({ id }) => id === verdictOf(testCase)) ?? VERDICTS.at(-1);

/** The run after an answer with the cases that have changed; null if it is about another run than the known one. */
export const updated = (known, answer) => {
  if (!known || known.run !== answer.run) return null;
  const changes = new Map(answer.cases.map((testCase) => [testCase.id, testCase]));
  return { ...answer, cases: known.cases.map((testCase) => changes.get(testCase.id) ?? testCase) };
};

/** A run as it is shown: a case that ran when the run was aborted counts as one that has not run. */
export const settled = (run) =>
  run.finishedAt ? { ...run, cases: run.cases.map((testCase) => (testCase.verdict === "RUNNING" ? { ...testCase, verdict: null } : testCase)) } : run;

/** The prompt that waits for an answer; null without one. */
export const openPrompt = (run) => (run?.prompt && run.prompt.answer === null ? run.prompt : null);

/** Number of cases by the id of their verdict. */
export const countsOf = (cases) => {
  const counts = Object.fromEntries(VERDICTS.map(({ id }) => [id, 0]));
  for (const testCase of cases) counts[verdictOf(testCase)] += 1;
  return counts;
};

/** Profiles of all cases, in their alphabetical order. */
export const profilesOf = (cases) => [...new Set(cases.flatMap(({ profiles }) => profiles))].sort();

/** Cases of a profile (empty for all). */
export const ofProfile = (cases, profile) => (profile ? cases.filter(({ profiles }) => profiles.includes(profile)) : cases);

/** Cases with a verdict (empty for all). */
export const ofVerdict = (cases, verdict) => (verdict ? cases.filter((testCase) => verdictOf(testCase) === verdict) : cases);

/** Cases by block: `[{block, name, cases}]`, in the order in which the blocks first come. */
export const rowsOf = (cases) => {
  const rows = new Map();
  for (const testCase of cases) {
    const row = rows.get(testCase.block) ?? { block: testCase.block, name: BLOCKS[testCase.block] ?? "", cases: [] };
    row.cases.push(testCase);
    rows.set(testCase.block, row);
  }
  return [...rows.values()];
};

/** Of the mandatory cases that apply: how many have passed, have not passed, were skipped, and are left. */
export const mandatoryOf = (cases) => {
  const counts = { all: 0, passed: 0, notPassed: 0, skipped: 0, left: 0 };
  for (const testCase of cases) {
    if (!testCase.mandatory || !testCase.applies) continue;
    const verdict = verdictOf(testCase);
    counts.all += 1;
    if (verdict === "PASS") counts.passed += 1;
    else if (NOT_PASSED.has(verdict)) counts.notPassed += 1;
    else if (verdict === "SKIPPED") counts.skipped += 1;
    else counts.left += 1;
  }
  return counts;
};

/** The cases that have not passed, in the order of the run. */
export const notPassed = (cases) => cases.filter((testCase) => NOT_PASSED.has(verdictOf(testCase)));

/** The case that runs now; undefined without one. */
export const runningCase = (cases) => cases.findLast((testCase) => verdictOf(testCase) === "RUNNING");

/** "87/424": cases that are done and cases that are not skipped; "?" while a prompt waits; empty without a run. */
export const progressText = (run) => {
  if (!run) return "";
  if (openPrompt(run)) return "?";
  const { SKIPPED, RUNNING, PENDING } = countsOf(run.cases);
  const all = run.cases.length - SKIPPED;
  return run.finishedAt ? "" : `${all - RUNNING - PENDING}/${all}`;
};

/** Index of the cell that an arrow key leads to, in rows with these numbers of cells; up and down keep the column. */
export const nextCell = (lengths, index, key) => {
  const starts = lengths.map((_, row) => lengths.slice(0, row).reduce((sum, length) => sum + length, 0));
  const row = starts.findLastIndex((start) => start <= index);
  const last = starts.at(-1) + lengths.at(-1) - 1;
  if (key === "ArrowRight") return Math.min(last, index + 1);
  if (key === "ArrowLeft") return Math.max(0, index - 1);
  const target = row + (key === "ArrowDown" ? 1 : -1);
  if (target < 0 || target >= lengths.length) return index;
  return starts[target] + Math.min(index - starts[row], lengths[target] - 1);
};

/** The commands that describe a station in a file and start a run; of one of these stations, or of CS001. */
export const commandsFor = (stations, control) => {
  const station = stations.find((id) => /^[\w.-]+$/.test(id) && !/^[-.]/.test(id)) ?? "CS001";
  return [`mock-csms certify init ${station} --against ${control}`, `mock-csms certify ${station}.toml --against ${control}`];
};
