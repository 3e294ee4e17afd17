import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { commandParameters } from './support/built-packages.ts';
import { runCommand } from './support/run-command.ts';
import { rootFolder } from './support/workspace.ts';

const fixturePath = join(rootFolder, 'packages', 'cli', 'src', '__fixtures__', 'losses.json');
const metricsPath = join(rootFolder, 'packages', 'metrics', 'src', '__fixtures__', 'metrics.json');

let folder: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'openset-conformance-'));
});
afterAll(() => rmSync(folder, { recursive: true }));

/** Runs `openset conformance …`. */
function conformance(...parameters: string[]) {
  return runCommand(process.execPath, [...commandParameters, 'conformance', ...parameters], {
    folder: rootFolder,
  });
}

/** Runs `npm run conformance -- …` as a user of the repository does. */
function conformanceByNpm(...parameters: string[]) {
  return runCommand('npm', ['run', '--silent', 'conformance', '--', ...parameters], { folder: rootFolder });
}

function writeFixture(name: string, content: string): string {
  const path = join(folder, name);
  writeFileSync(path, content);
  return path;
}

describe.each(['cpu', 'wasm'])('on the %s backend', (backend) => {
  it('every case agrees with the reference values', async () => {
    const { exitCode, stdout, output } = await conformanceByNpm('--backend', backend, fixturePath);
    const lines = stdout.trimEnd().split('\n');
    expect(lines.at(-1), output).toBe('52 passed, 0 failed');
    expect(lines).toHaveLength(53);
    expect(exitCode).toBe(0);
  });

  it('a wrong reference value is reported', async () => {
    const { cases } = JSON.parse(readFileSync(fixturePath, 'utf8'));
    // 2e-4 is twice the tolerance.
    const tampered = { ...cases[1], expectedLoss: cases[1].expectedLoss * (1 + 2e-4) };
    const path = writeFixture(`tampered-${backend}.json`, JSON.stringify({ cases: [cases[0], tampered] }));
    const { exitCode, stdout, output } = await conformance('--backend', backend, path);
    const lines = stdout.trimEnd().split('\n');
    expect(lines[0], output).toMatch(/^pass {2}/);
    expect(lines[1]).toContain(`FAIL  ${tampered.name}  `);
    expect(lines[2]).toBe('1 passed, 1 failed');
    expect(exitCode).toBe(1);
  });
});

describe('on wasm with threads', () => {
  it.each(['on', 'off'])('and relaxed SIMD %s every case agrees', async (relaxed) => {
    const flags = ['--backend', 'wasm', '--threads', '2', '--relaxed-simd', relaxed];
    const { exitCode, stdout, output } = await conformance(...flags, fixturePath);
    expect(stdout.trimEnd().split('\n').at(-1), output).toBe('52 passed, 0 failed');
    expect(exitCode).toBe(0);
  });

  it.each([
    [['--backend', 'wasm', '--threads', '0'], /threads must be a whole number from 1 up to 64, but is 0/],
    [['--backend', 'cpu', '--threads', '2'], /--threads and --relaxed-simd need --backend wasm/],
  ])('%s is refused', async (flags, message) => {
    const result = await conformance(...flags, fixturePath);
    expectOneLine(result.stderr, message);
    expect(result.exitCode).toBe(2);
  });
});

describe('of metrics', () => {
  it('every case agrees with the reference values', async () => {
    const { exitCode, stdout, output } = await conformance('--kind', 'metrics', metricsPath);
    const lines = stdout.trimEnd().split('\n');
    expect(
      lines.slice(0, -1).filter((line) => !line.startsWith('pass  ')),
      output,
    ).toEqual([]);
    for (const kind of ['verification', 'identification', 'uniform']) {
      expect(stdout).toContain(`pass  ${kind}[0]  `);
    }
    expect(lines.at(-1)).toBe(`${lines.length - 1} passed, 0 failed`);
    expect(exitCode).toBe(0);
  });

  it('the operating-point inconsistency agrees with the reference values', async () => {
    const path = join(rootFolder, 'packages', 'metrics', 'src', '__fixtures__', 'opis.json');
    for (const kind of ['metrics', 'losses']) {
      const { exitCode, stdout, output } = await conformance('--kind', kind, '--backend', 'cpu', path);
      expect(stdout.trimEnd().split('\n').at(-1), output).toBe('3 passed, 0 failed');
      expect(exitCode).toBe(0);
    }
  });

  it('a wrong count is reported by name', async () => {
    const { uniform } = JSON.parse(readFileSync(metricsPath, 'utf8'));
    const [first] = uniform;
    // One sample too many.
    const accuracy = first.expected.uniformAccuracy;
    first.expected.uniformAccuracy = (Math.round(accuracy * first.samples) + 1) / first.samples;
    const path = writeFixture('tampered-metrics.json', JSON.stringify({ uniform: [first] }));
    const { exitCode, stdout, output } = await conformance('--kind', 'metrics', path);
    const [line, summary] = stdout.trimEnd().split('\n');
    const difference = `uniformAccuracy ${accuracy}, expected ${first.expected.uniformAccuracy}`;
    expect(line, output).toBe(`FAIL  uniform[0]  (4 values; ${difference})`);
    expect(summary).toBe('0 passed, 1 failed');
    expect(exitCode).toBe(1);
  });
});

it('prints JSON, and the cases on standard error', async () => {
  const { stdout, stderr, exitCode } = await conformance('--backend', 'cpu', '--json', fixturePath);
  const report = JSON.parse(stdout) as { passed: number; failed: number };
  expect(report.passed).toBeGreaterThan(0);
  expect(report).toMatchObject({ failed: 0 });
  expect(stderr.trimEnd().split('\n').at(-1)).toBe(`${report.passed} passed, 0 failed`);
  expect(exitCode).toBe(0);
});

describe('errors of the user', () => {
  it.each([
    ['a file that is missing', 'missing.json', null, /^openset: .*missing\.json/],
    ['a file that is not JSON', 'text.json', 'not JSON', /^openset: .*text\.json: .*not JSON/],
    ['a file without cases', 'empty.json', '{}', /^openset: .*empty\.json: .*cases/],
  ])('%s', async (_, name, content, message) => {
    const path = content === null ? join(folder, name) : writeFixture(name, content);
    const result = await conformance('--backend', 'cpu', path);
    expectOneLine(result.stderr, message);
    expect(result.stdout).toBe('');
    expect(result.exitCode).toBe(2);
  });

  it('a backend that does not exist', async () => {
    const result = await conformance('--backend', 'abacus', fixturePath);
    expectOneLine(result.stderr, /'abacus' is invalid.*cpu, wasm, node, webgpu/);
    expect(result.exitCode).toBe(2);
  });

  it('no file', async () => {
    const result = await conformance('--backend', 'cpu');
    expectOneLine(result.stderr, /missing required argument 'files'/);
    expect(result.exitCode).toBe(2);
  });
});

function expectOneLine(text: string, message: RegExp): void {
  const lines = text.trimEnd().split('\n');
  expect(lines, text).toHaveLength(1);
  expect(lines[0]).toMatch(message);
}

describe('networks', () => {
  it('agree with the reference values on wasm', async () => {
    const path = join(rootFolder, 'packages', 'cli', 'src', '__fixtures__', 'backbone.json');
    const { exitCode, stdout, output } = await conformance('--kind', 'backbone', '--backend', 'wasm', path);
    const lines = stdout.trimEnd().split('\n');
    expect(lines[0], output).toMatch(/^pass {2}networks\[0\] LResNetE-IR 2-2-2-2, 3×112×112/);
    expect(lines.at(-1)).toBe('1 passed, 0 failed');
    expect(exitCode).toBe(0);
  }, 300_000);
});
