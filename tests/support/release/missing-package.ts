/**
 * Returns whether npm failed because the registry does not give out a package, or not in this version. Other failures, such as one of the
 * connection, are none of the registry's content.
 * @param output of `npm install`
 */
export function isMissingInRegistry(output: string): boolean {
  return /^npm (error|ERR!) code (E403|E404|ETARGET)$/m.test(output);
}
