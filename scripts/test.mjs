// Runs the steps of `npm test` one after another, and prints how long each took. Passes further options to vitest.
// With `--long`, runs only the tests, at full strength.
import { spawnSync } from 'node:child_process';

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
const tests = ['tests', `vitest run ${[...report, ...options].join(' ')}`];
const steps = isLong
  ? [tests]
  : [
      ['lint', 'npm run --silent lint'],
      ['types', 'npm run --silent typecheck'],
      ['build', 'turbo run build check'],
      tests,
    ];

/** @param {number} milliseconds */
function durationText(milliseconds) {
  const seconds = Math.round(milliseconds / 1000);
  return seconds < 60 ? `${seconds} s` : `${Math.floor(seconds / 60)} min ${seconds % 60} s`;
}

const env = { ...process.env, ...(isLong && { OPENSET_TEST_LONG: '1' }) };
const start = performance.now();
const durations = [];
let status = 0;
for (const [name, command] of steps) {
  const stepStart = performance.now();
  // npm adds node_modules/.bin to the path.
  status = spawnSync(command, { shell: true, stdio: 'inherit', env }).status ?? 1;
  durations.push(`${name} ${durationText(performance.now() - stepStart)}`);
  if (status !== 0) break;
}
console.log(`${durations.join(', ')}; total ${durationText(performance.now() - start)}`);
process.exit(status);
