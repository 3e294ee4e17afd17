/** What a process ends with. Scripts can tell "different" from "something is wrong". */
export const exitCodes = {
  /** Done; for `verify`: the same, for `identify`: everybody is known. */
  success: 0,
  /** Done, and the answer is no: different, unknown, a case of `conformance` failed. */
  no: 1,
  /** The command line, a file or the data are wrong: a sentence says what. */
  problem: 2,
  /** A mistake in openset. */
  bug: 3,
  /** Training was stopped and saved: 128 and the number of SIGINT, as shells have it. */
  interrupted: 130,
} as const;
