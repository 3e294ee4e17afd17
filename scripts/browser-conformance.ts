// Runs files of losses' reference values in Chromium, as `npm run conformance` runs them in Node:
//
//   npm run browser-conformance -- BACKEND FILE…      BACKEND: cpu, wasm, webgl or webgpu
import { readFileSync } from 'node:fs';
import { readLossFixtures } from '@openset/testkit';
import { resultLine } from '../packages/cli/src/conformance/run-conformance.ts';
import type {} from '../tests/browser/page.ts';
import { findChromium } from '../tests/support/browser.ts';
import { openPage } from '../tests/support/open-page.ts';

const [backend, ...files] = process.argv.slice(2);
const chromium = findChromium();
if (!backend || files.length === 0) fail('Usage: npm run browser-conformance -- BACKEND FILE…');
if (!chromium) fail('No Chromium found. Install it, or set OPENSET_CHROMIUM to its path.');

const { page, close } = await openPage(chromium, 'index.html');
const counts = { passed: 0, failed: 0 };
for (const file of files) {
  for (const fixture of readLossFixtures(readFileSync(file, 'utf8'))) {
    // One case at a time, so that each line appears when its case has run.
    const text = JSON.stringify({ cases: [fixture] });
    const results = await page.evaluate(([name, cases]) => inBrowser.conformanceOn(name, cases), [
      backend,
      text,
    ] as const);
    if (!results) fail(`The backend '${backend}' does not start in this browser.`);
    for (const result of results) {
      counts[result.passed ? 'passed' : 'failed']++;
      console.log(resultLine(result));
    }
  }
}
await close();
console.log(`${counts.passed} passed, ${counts.failed} failed`);
process.exit(counts.failed === 0 ? 0 : 1);

function fail(message: string): never {
  console.error(message);
  process.exit(2);
}
