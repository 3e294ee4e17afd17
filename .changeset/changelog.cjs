// The text of a change, without its commit. All packages have one version, so a list of updated packages says nothing.
exports.getReleaseLine = async ({ summary }) => {
  const [first, ...others] = summary.trim().split('\n');
  return [`- ${first}`, ...others.map((line) => (line === '' ? '' : `  ${line}`))].join('\n');
};
exports.getDependencyReleaseLine = async () => '';
