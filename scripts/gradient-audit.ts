// Compares the gradients of tfjs with finite differences, backend by backend:
//
//   npm run gradient-audit -- --backend wasm [--stock] [--page docs/backends.md]
//
// --backend: cpu, wasm, webgl, webgpu, node or all; --stock: wasm without @openset/wasm-kernels; --page: the page whose
// tables to bring up to date. The exit code is 1 if a gradient is wrong on wasm with our kernels.
import { readFileSync, writeFileSync } from 'node:fs';
import { parseArgs } from 'node:util';
import * as tf from '@tensorflow/tfjs';
import type { CaseResult } from '../tests/support/gradient-audit/audit-case.ts';
import { auditText } from '../tests/support/gradient-audit/audit-lines.ts';
import { withAuditTables } from '../tests/support/gradient-audit/audit-table.ts';
import {
  type AuditTarget,
  auditTarget,
  auditTargets,
  targetNames,
  whyNotAudited,
} from '../tests/support/gradient-audit/audit-targets.ts';

const { values: options } = parseArgs({
  options: {
    backend: { type: 'string', default: 'all' },
    stock: { type: 'boolean', default: false },
    page: { type: 'string' },
  },
});

const results: Partial<Record<AuditTarget, readonly CaseResult[]>> = {};
tf.enableProdMode();
for (const target of chosenTargets()) {
  const obstacle = whyNotAudited(target);
  if (obstacle) {
    console.log(`${targetNames[target]}: skipped, ${obstacle}.`);
    continue;
  }
  const result = await auditTarget(target);
  results[target] = result;
  const { lines, counts } = auditText(result);
  console.log(`${targetNames[target]}: ${lines.length} functions in ${result.length} variants`);
  for (const line of lines) console.log(line);
  console.log(`${counts.ok} ok, ${counts.refused} refused, ${counts.wrong} wrong`);
  if (target === 'wasm' && counts.wrong > 0) process.exitCode = 1;
}
if (options.page) writeFileSync(options.page, withAuditTables(readFileSync(options.page, 'utf8'), results));

function chosenTargets(): readonly AuditTarget[] {
  const { backend, stock } = options;
  if (backend === 'all') return auditTargets;
  if (stock && backend === 'wasm') return ['stock'];
  const target = auditTargets.find((name) => name === backend && name !== 'stock');
  if (!target) {
    const known = auditTargets.filter((name) => name !== 'stock').join(', ');
    throw new Error(`--backend must be ${known} or all, but is '${backend}'.`);
  }
  return [target];
}
