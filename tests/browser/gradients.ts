import '@tensorflow/tfjs-backend-webgpu';
import * as tf from '@tensorflow/tfjs';
import type { CaseResult } from '../support/gradient-audit/audit-case.ts';
import { auditGradients } from '../support/gradient-audit/audit-gradients.ts';
import type { CaseReference } from '../support/gradient-audit/reference.ts';

// A page of its own: @openset/wasm-kernels mends gradients of tfjs-core, which all backends share.

/** Audits the gradients of a backend; returns null if it does not start in this browser. */
async function audit(
  backend: string,
  references: Readonly<Record<string, CaseReference>>,
): Promise<CaseResult[] | null> {
  if (!(await tf.setBackend(backend))) return null;
  await tf.ready();
  return auditGradients(tf, references);
}

const functions = { audit };

declare global {
  /** The functions that tests call in the page `gradients.html`. */
  var gradientsInBrowser: typeof functions;
}
globalThis.gradientsInBrowser = functions;
