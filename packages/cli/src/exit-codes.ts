/** Exit codes of the process. Scripts can tell the answer "different" from an error. */
export const exitCodes = {
  /** Done; `verify`: the same person; `identify`: everybody is known. */
  success: 0,
  /** Done, and the answer is no: different, unknown, something to mend, or a failed case of `conformance`. */
  no: 1,
  /** An error in the command line, a file or the data; the message names it. */
  problem: 2,
  /** A bug in openset. */
  bug: 3,
  /** Training was stopped and saved: 128 plus the number of SIGINT, as in shells. */
  interrupted: 130,
} as const;
