// @isolate: it needs tfjs without the kernels of @openset/wasm-kernels.
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describeBackend } from '@openset/core';
import * as tf from '@tensorflow/tfjs';
import { beforeAll, describe, expect, inject, it } from 'vitest';
import { losses } from '../packages/cli/src/losses.ts';
import { makeConformanceLoss } from '../packages/testkit/src/conformance-cases.ts';
import type { CaseResult } from './support/gradient-audit/audit-case.ts';
import { auditText } from './support/gradient-audit/audit-lines.ts';
import { readTables, withAuditTables } from './support/gradient-audit/audit-table.ts';
import {
  type AuditTarget,
  auditTarget,
  auditTargets,
  whyNotAudited,
} from './support/gradient-audit/audit-targets.ts';
import { inputTensors, runCase } from './support/gradient-audit/evaluate-case.ts';
import { caseName, type GradientCase } from './support/gradient-audit/gradient-case.ts';
import { gradientCases } from './support/gradient-audit/gradient-cases.ts';
import { caseOutcome, outcomeOf } from './support/gradient-audit/outcomes.ts';
import { backbones } from './support/matrix.ts';
import { rootFolder } from './support/workspace.ts';

const page = readFileSync(join(rootFolder, 'docs', 'backends.md'), 'utf8');
const rows = readTables(page);

/** Kernels with a gradient in tfjs that no case differentiates, with the reason. */
const withoutCase: Readonly<Record<string, string>> = {
  BroadcastTo: 'tf.broadcastTo runs Tile',
  ComplexAbs: 'no function from real numbers to complex ones has a gradient, so none reaches it',
  LogSoftmax: 'tf.logSoftmax has a gradient of its own',
};

describe('the cases', () => {
  it('have names of their own, which the tables can hold', () => {
    const names = gradientCases.map(caseName);
    expect(new Set(names).size).toBe(names.length);
    expect(names.filter((name) => /[|;]/.test(name))).toEqual([]);
  });

  it('differentiate every kernel that tfjs has a gradient for', async () => {
    await tf.setBackend('cpu');
    const registry = gradientRegistry();
    expect(registry.size).toBeGreaterThan(80);
    const used = new Set<string>();
    const originals = [...registry];
    for (const [kernel, config] of originals) {
      registry.set(kernel, {
        ...config,
        gradFunc: (...given) => {
          used.add(kernel);
          return config.gradFunc(...given);
        },
      });
    }
    try {
      for (const gradientCase of gradientCases) differentiate(gradientCase);
    } finally {
      for (const [kernel, config] of originals) registry.set(kernel, config);
    }
    const unused = [...registry.keys()].filter((kernel) => !used.has(kernel));
    expect(unused.sort()).toEqual(Object.keys(withoutCase).sort());
  });
});

it.each(Object.entries(backbones))('%s has no operation with a wrong gradient', async (_, create) => {
  await tf.setBackend('cpu');
  const backbone = create();
  const [height, width, channels] = backbone.inputShape as [number, number, number];
  const images = tf.zeros<tf.Rank.R4>([2, height, width, channels]);
  const forward = () => backbone.forward(images, { training: true, seed: 1 });
  expect(describeBackend([], forward).wrongGradients).toEqual([]);
  images.dispose();
  backbone.dispose();
});

it.each(
  losses.flatMap((descriptor) =>
    descriptor.conformance.map(
      (one) => [`${descriptor.name} ${one.name ?? ''}`.trim(), descriptor, one] as const,
    ),
  ),
)('%s has no operation with a wrong gradient', async (_, descriptor, one) => {
  await tf.setBackend('cpu');
  const loss = makeConformanceLoss(descriptor, one, { numClasses: 3, embeddingSize: 4 });
  const embeddings = tf.randomNormal<tf.Rank.R2>([3, 4], 0, 1, 'float32', 1);
  const labels = tf.tensor1d([0, 1, 2], 'int32');
  const forward = () => loss.forward(embeddings, labels, { epoch: one.epoch ?? 0 }).dispose();
  expect(describeBackend([], forward).wrongGradients).toEqual([]);
  tf.dispose([embeddings, labels]);
  loss.dispose();
});

testAudit('cpu', gradientCases);
// Nothing of stock is ours. It comes before wasm, because the kernels of @openset/wasm-kernels stay registered.
if (inject('long')) testAudit('stock', gradientCases);
testAudit('wasm', gradientCases);

for (const target of ['webgl', 'webgpu'] as const) {
  // All cases take about a minute in software.
  testAudit(target, inject('long') ? gradientCases : casesOfWrongFunctions(target));
}

testAudit('node', gradientCases);

function testAudit(target: AuditTarget, cases: readonly GradientCase[]): void {
  const obstacle = whyNotAudited(target);
  if (obstacle) console.warn(`The gradients on ${target} are not tested: ${obstacle}.`);
  // Continuous integration has a browser, but not @tensorflow/tfjs-node.
  const isRequired = process.env.CI && target !== 'node';
  describe.runIf(obstacle === null || isRequired)(`the gradients on ${target}`, () => {
    let results: readonly CaseResult[];
    beforeAll(async () => {
      results = await auditTarget(target, cases);
    }, 240_000);

    it('are those in docs/backends.md', () => {
      expect(results).toHaveLength(cases.length);
      expect(withAuditTables(page, { [target]: results })).toBe(page);
    });

    it('are wrong only where describeBackend says so', () => {
      const isWrong = ({ gradients }: CaseResult) =>
        Object.values(gradients).some((finding) => outcomeOf(finding) === 'wrong');
      const unnamed = results.filter((result) => isWrong(result) && !result.isNamed);
      // A conversion to whole numbers mostly makes indices.
      expect(unnamed.filter(({ op }) => op !== 'cast').map(caseName)).toEqual([]);
      // A function that is right in all variants is never named.
      const faulty = new Set(results.filter((result) => caseOutcome(result) !== 'ok').map(({ op }) => op));
      expect(results.filter(({ op, isNamed }) => isNamed && !faulty.has(op)).map(caseName)).toEqual([]);
    });

    if (target !== 'wasm') return;
    it('are nowhere wrong with our kernels', () => {
      const { lines, counts } = auditText(results);
      expect(lines.filter((line) => line.startsWith('wrong'))).toEqual([]);
      expect(counts.ok).toBeGreaterThan(110);
    });
  });
}

/**
 * Returns the cases of the functions with a wrong gradient or value on a target. All of their variants, because a program that
 * webgpu has compiled for one variant computes another one wrongly.
 */
function casesOfWrongFunctions(target: AuditTarget): readonly GradientCase[] {
  const column = auditTargets.indexOf(target);
  const isWrong = (gradientCase: GradientCase) =>
    rows.get(caseName(gradientCase))?.[column]?.includes('wrong') ?? false;
  const ops = new Set(gradientCases.filter(isWrong).map(({ op }) => op));
  return gradientCases.filter(({ op }) => ops.has(op));
}

/** Runs the backward pass of a case; what cannot be differentiated is passed over. */
function differentiate(gradientCase: GradientCase): void {
  const names = Object.keys(gradientCase.inputs);
  try {
    tf.tidy(() => {
      const gradients = tf.grads((...tensors) =>
        tf.sum(
          runCase(tf, gradientCase, Object.fromEntries(names.map((name, index) => [name, tensors[index]!]))),
        ),
      );
      gradients(Object.values(inputTensors(tf, gradientCase)));
    });
  } catch {
    // Refused on cpu.
  }
}

/** Returns where tfjs keeps its gradients, by kernel. */
function gradientRegistry(): Map<string, tf.GradConfig> {
  const { _tfGlobals: globals } = globalThis as unknown as {
    _tfGlobals: Map<string, Map<string, tf.GradConfig>>;
  };
  return globals.get('gradRegistry')!;
}
