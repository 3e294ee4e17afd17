import * as tf from '@tensorflow/tfjs';
import { isInstalled, useBackend } from '../../../packages/cli/src/backends.ts';
import type {} from '../../browser/gradients.ts';
import { findChromium } from '../browser.ts';
import { openPage } from '../open-page.ts';
import type { CaseResult } from './audit-case.ts';
import { auditGradients } from './audit-gradients.ts';
import { loadFloat64Tfjs } from './float64-tfjs.ts';
import { caseName, type GradientCase, type Tfjs } from './gradient-case.ts';
import { gradientCases } from './gradient-cases.ts';
import { type CaseReference, referenceOf } from './reference.ts';

/**
 * What can be audited, in the order of the table's columns. `stock` is the backend wasm without `@openset/wasm-kernels`. In one
 * process it must come before `wasm`.
 */
export const auditTargets = ['cpu', 'stock', 'wasm', 'webgl', 'webgpu', 'node'] as const;

/** A column of the table. */
export type AuditTarget = (typeof auditTargets)[number];

/** Headings of the targets, for people. */
export const targetNames: Readonly<Record<AuditTarget, string>> = {
  cpu: 'cpu',
  stock: 'wasm, stock',
  wasm: 'wasm with @openset/wasm-kernels',
  webgl: 'webgl',
  webgpu: 'webgpu',
  node: 'node',
};

let float64: Tfjs | undefined;
const known = new Map<GradientCase, CaseReference>();

/** Returns the references of cases by name. Each is computed once in a process. */
function referencesOf(cases: readonly GradientCase[]): Record<string, CaseReference> {
  float64 ??= loadFloat64Tfjs();
  for (const gradientCase of cases) {
    if (!known.has(gradientCase)) known.set(gradientCase, referenceOf(float64, gradientCase));
  }
  return Object.fromEntries(cases.map((gradientCase) => [caseName(gradientCase), known.get(gradientCase)!]));
}

/** Returns the reason why a target cannot be audited on this machine; null if it can. */
export function whyNotAudited(target: AuditTarget): string | null {
  if (target === 'node' && !isInstalled('node'))
    return '@tensorflow/tfjs-node is not installed, see docs/node-backend.md';
  const needsBrowser = target === 'webgl' || target === 'webgpu';
  if (needsBrowser && !findChromium()) return 'no Chromium found, set OPENSET_CHROMIUM to its path';
  return null;
}

/**
 * Audits cases on a target; default: all.
 * @throws Error if its backend does not start
 */
export async function auditTarget(
  target: AuditTarget,
  cases: readonly GradientCase[] = gradientCases,
): Promise<CaseResult[]> {
  const references = referencesOf(cases);
  if (target === 'webgl' || target === 'webgpu') return auditInBrowser(target, references);
  if (target === 'stock') {
    await import('@tensorflow/tfjs-backend-wasm');
    await tf.setBackend('wasm');
  } else await useBackend(target);
  return auditGradients(tf, references);
}

async function auditInBrowser(
  backend: 'webgl' | 'webgpu',
  references: Readonly<Record<string, CaseReference>>,
): Promise<CaseResult[]> {
  const { page, close } = await openPage(findChromium()!, 'gradients.html');
  try {
    const audit = ([name, expected]: readonly [string, typeof references]) =>
      gradientsInBrowser.audit(name, expected);
    const results = await page.evaluate(audit, [backend, references] as const);
    if (!results) throw new Error(`The browser has no ${backend}.`);
    return results;
  } finally {
    await close();
  }
}
