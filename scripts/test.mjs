// Runs the steps of `npm test`, and prints how long each took. Passes further options to vitest.
// With `--long`, runs only the tests, at full strength. With OPENSET_TEST_SITE=1, also builds the documentation site, whose tests then fail
// without it.
import { spawn } from 'node:child_process';
import { once } from 'node:events';

const [isLong, options] = [
  process.argv.includes('--long'),
  process.argv.slice(2).filter((it) => it !== '--long'),
];
const report = [
  '--reporter=default',
  '--reporter=json',
  '--outputFile.json=.cache/vitest.json',
  '--reporter=./tests/support/stall-reporter.ts',
];
const run = `vitest run ${[...report, ...options].join(' ')}`;

/** @param {number} milliseconds */
function durationText(milliseconds) {
  const seconds = Math.round(milliseconds / 1000);
  return seconds < 60 ? `${seconds} s` : `${Math.floor(seconds / 60)} min ${seconds % 60} s`;
}

const env = { ...process.env, ...(isLong && { OPENSET_TEST_LONG: '1' }) };
const start = performance.now();
const durations = [];
let status = 0;

/**
 * Runs commands one after another, up to the first that fails.
 * @param {[name: string, command: string][]} steps
 */
async function runSteps(steps) {
  for (const [name, command] of steps) {
    const stepStart = performance.now();
    // npm adds node_modules/.bin to the path.
    const child = spawn(command, { shell: true, stdio: 'inherit', env });
    const [code] = await once(child, 'close');
    durations.push(`${name} ${durationText(performance.now() - stepStart)}`);
    if (code !== 0) status = code ?? 1;
    if (status !== 0) return;
  }
}

if (!isLong) {
  // The compiler of TypeScript and the build of the site use one processor each. Sites of projects on GitHub have such an address, too.
  const site = [['site', 'npm run --silent docs:build -- --base /openset/']];
  await Promise.all([
    runSteps(env.OPENSET_TEST_SITE === '1' ? site : []),
    runSteps([['types', 'npm run --silent typecheck']]),
    runSteps([
      ['lint', 'npm run --silent lint'],
      ['build', 'npm run --silent build'],
      ['check', 'npm run --silent check'],
    ]),
  ]);
}
if (status === 0) await runSteps([['tests', run]]);
console.log(`${durations.join(', ')}; total ${durationText(performance.now() - start)}`);
process.exit(status);
