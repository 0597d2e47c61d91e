// The newest journal entries and findings, with the links between them.

export const MAX_ENTRIES = 10_000;
export const MAX_FINDINGS = 5_000;
const SLACK = 1_000; // entries are dropped in batches, because each batch copies the list

/** Entries in the order of their numbers, their answers, and the findings about them. */
export class JournalRecord {
  entries = [];
  findings = [];
  #byNumber = new Map();
  #answers = new Map();
  #findings = new Map();

  /** Add an entry; one that is already there is ignored. */
  addEntry(entry) {
    if (this.#byNumber.has(entry.number)) return false;
    this.entries.push(entry);
    this.#byNumber.set(entry.number, entry);
    if (entry.partner) this.#answers.set(entry.partner, entry);
    if (this.entries.length >= MAX_ENTRIES + SLACK) this.#dropOldest(this.entries.length - MAX_ENTRIES);
    return true;
  }

  /** Add a finding with its event id, such as "412.1". */
  addFinding(finding, id) {
    const listed = { ...finding, key: id };
    this.findings.push(listed);
    for (const number of finding.frames) {
      const about = this.#findings.get(number);
      if (about) about.push(listed);
      else this.#findings.set(number, [listed]);
    }
    if (this.findings.length >= MAX_FINDINGS + SLACK) {
      const first = this.findings.length - MAX_FINDINGS;
      this.keepFindings((_, index) => index >= first);
    }
  }

  /** Note that the server no longer has some or all of these entries; those that it has are added after the gap. */
  addGap(from, to) {
    this.addEntry({ number: from - 0.5, type: "gap", from, to, station: "", connection: 0, time: "" });
  }

  entry(number) {
    return this.#byNumber.get(number);
  }

  /** The answer to a CALL, if there is one. */
  answerTo(number) {
    return this.#answers.get(number);
  }

  /** The findings about an entry. */
  findingsAbout(number) {
    return this.#findings.get(number) ?? [];
  }

  /** Drop the other findings, for example because the server has forgotten them. */
  keepFindings(isKept) {
    this.findings = this.findings.filter(isKept);
    this.#findings = new Map();
    for (const finding of this.findings) {
      for (const number of finding.frames) {
        this.#findings.set(number, [...(this.#findings.get(number) ?? []), finding]);
      }
    }
  }

  #dropOldest(count) {
    for (const entry of this.entries.splice(0, count)) {
      this.#byNumber.delete(entry.number);
      this.#answers.delete(entry.number);
      this.#answers.delete(entry.partner);
    }
  }
}
