import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DataError } from '@openset/core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { runConformance } from './run-conformance.ts';

const small = readFileSync(new URL('../__fixtures__/metrics.json', import.meta.url), 'utf8');

let folder: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'openset-metrics-'));
});
afterAll(() => rmSync(folder, { recursive: true }));

/** Runs the small file after a change. */
async function runChanged(change: (content: Content) => unknown) {
  const content = JSON.parse(small) as Content;
  return run(JSON.stringify(change(content) ?? content));
}

async function run(text: string) {
  const file = join(folder, 'metrics.json');
  writeFileSync(file, text);
  const lines: string[] = [];
  const report = await runConformance({ files: [file], kind: 'metrics', print: (line) => lines.push(line) });
  return { ...report, lines };
}

/** Damages a part of the file. */
const set = (part: unknown, key: string | number, value: unknown): void => {
  Object.assign(part as object, { [key]: value });
};

type Case = Record<string, unknown> & { expected: Record<string, unknown> };
interface Content {
  verification: Case[];
  identification: Case[];
  uniform: Case[];
}

describe('conformance of metrics', () => {
  it('passes the reference values, one line for each case', async () => {
    expect(await run(small)).toEqual({
      passed: 3,
      failed: 0,
      lines: [
        'pass  verification[0]  (10 values)',
        'pass  identification[0]  (4 values)',
        'pass  uniform[0]  (4 values)',
        '3 passed, 0 failed',
      ],
    });
  });

  it('needs only one of the lists', async () => {
    expect((await runChanged(({ uniform }) => ({ uniform }))).lines.at(-1)).toBe('1 passed, 0 failed');
  });

  it('reports a wrong value with the expected one', async () => {
    const { passed, failed, lines } = await runChanged(({ verification, identification, uniform }) => {
      verification[0]!.expected.auc = 0.75 + 1e-6;
      identification[0]!.expected.rank1 = 0.25;
      uniform[0]!.expected.uniformThresholdExample = 7;
    });
    expect([passed, failed]).toEqual([0, 3]);
    expect(lines[0]).toMatch(/^FAIL {2}verification\[0\] {2}\(10 values; auc 0.75, expected 0.750001\)$/);
    expect(lines[1]).toContain('rank1 0.5, expected 0.25');
    expect(lines[2]).toContain('uniformThresholdExample');
    expect(lines[3]).toBe('0 passed, 3 failed');
  });

  it('accepts rounding in areas, not in shares', async () => {
    const { lines } = await runChanged(({ verification, uniform }) => {
      verification[0]!.expected.auc = 0.75 + 1e-10;
      uniform[0]!.expected.uniformAccuracy = 0.5 + 1e-10;
    });
    expect(lines[0]).toMatch(/^pass/);
    expect(lines[2]).toMatch(/^FAIL .*uniformAccuracy 0.5, expected 0.5000000001/);
  });

  it('accepts both ends of the interval of best thresholds', async () => {
    for (const [example, word] of [
      [1, 'pass'],
      [2, 'pass'],
      [2.001, 'FAIL'],
    ] as const) {
      const { lines } = await runChanged(({ uniform }) => {
        uniform[0]!.expected.uniformThresholdExample = example;
      });
      expect(lines[2]).toMatch(new RegExp(`^${word}`));
    }
  });
});

describe('a damaged file', () => {
  it.each<[string, (content: Content) => unknown, RegExp]>([
    ['no cases', () => ({}), /no cases: expected a list verification, identification, uniform/],
    ['no list', () => ({ uniform: 3 }), /'uniform' must be a list/],
    ['no count', ({ verification }) => set(verification[0], 'pairs', 0), /verification\[0\]\.pairs/],
    [
      'a short array',
      ({ identification }) => void (identification[0]!.probes as number[]).pop(),
      /identification\[0\]\.probes has 7 values, not 8/,
    ],
    [
      'a missing array',
      ({ uniform }) => void delete uniform[0]!.scores,
      /uniform\[0\]\.scores must be a list, but is missing/,
    ],
    [
      'text in an array',
      ({ uniform }) => set(uniform[0]!.scores, 1, 'x'),
      /uniform\[0\]\.scores\[1\] must be a finite number, but is "x"/,
    ],
    [
      'no results',
      ({ uniform }) => void delete (uniform[0] as Partial<Case>).expected,
      /uniform\[0\]\.expected must be an object/,
    ],
    [
      'a missing result',
      ({ verification }) => void delete verification[0]!.expected.auc,
      /verification\[0\]\.expected\.auc must be a finite number, but is missing/,
    ],
    [
      'a rate that is not a number',
      ({ identification }) => set(identification[0]!.expected, 'dirAtFar', { often: 1 }),
      /identification\[0\]\.expected\.dirAtFar has the key 'often'/,
    ],
    [
      'a row without direction',
      ({ verification }) => set(verification[0], 'embeddings', Array(16).fill(0)),
      /verification\[0\]: pairSimilarities.* row 0 is all zeros/,
    ],
    [
      'a label out of range',
      ({ uniform }) => set(uniform[0], 'labels', [0, 9]),
      /uniform\[0\]: .*labels\[1\] is 9/,
    ],
  ])('with %s is a DataError that names case and key', async (_, change, message) => {
    const failure = runChanged(change);
    await expect(failure).rejects.toThrow(DataError);
    await expect(failure).rejects.toThrow(message);
    await expect(failure).rejects.toThrow(/metrics\.json: /);
  });

  it('that is not JSON is a DataError', async () => {
    await expect(run('{')).rejects.toThrow(/metrics\.json: The fixture file is not JSON/);
    await expect(
      runConformance({ files: ['missing.json'], kind: 'metrics', print: () => {} }),
    ).rejects.toThrow(/There is no file '.*missing\.json'/);
  });
});
