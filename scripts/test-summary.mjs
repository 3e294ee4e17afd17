// Prints `N passed, N failed` from the json reports of vitest, and exits with 1 if anything failed.
// It is plain JavaScript, because it must run even if the installation failed.
import { readFileSync } from 'node:fs';

const paths = process.argv.slice(2);
if (paths.length === 0) throw new Error('Usage: test-summary.mjs REPORT...');

/**
 * @param {string} path
 * @returns {{ passed: number, failed: number }}
 */
function countTests(path) {
  let report;
  try {
    report = JSON.parse(readFileSync(path, 'utf8'));
  } catch {
    // No test ran, because an earlier step (installation, lint, types, build) failed and reported it.
    return { passed: 0, failed: 1 };
  }
  // A file that cannot be loaded has no tests, and therefore no failed ones.
  const brokenFiles = report.testResults.filter(
    ({ status, assertionResults }) =>
      status === 'failed' && !assertionResults.some((assertion) => assertion.status === 'failed'),
  );
  return { passed: report.numPassedTests, failed: report.numFailedTests + brokenFiles.length };
}

const counts = paths.map(countTests);
const passed = counts.reduce((sum, count) => sum + count.passed, 0);
const failed = counts.reduce((sum, count) => sum + count.failed, 0);
console.log(`${passed} passed, ${failed} failed`);
process.exit(failed === 0 ? 0 : 1);
