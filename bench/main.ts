import { writeFile } from 'node:fs/promises';
import { parseArgs } from 'node:util';
import { conv } from './conv.ts';
import { data } from './data.ts';
import { dataMemory } from './data-memory.ts';
import { elementwise } from './elementwise.ts';
import { gemm } from './gemm.ts';
import { lossStep } from './loss-step.ts';
import { type Comparison, comparisonTable, machine } from './measure.ts';
import { metrics } from './metrics.ts';

const benchmarks: Readonly<Record<string, () => Promise<Comparison[]>>> = {
  conv,
  data,
  'data-memory': dataMemory,
  elementwise,
  gemm,
  'loss-step': lossStep,
  metrics,
};

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: { json: { type: 'string' }, help: { type: 'boolean', default: false } },
});
const [name] = positionals;
const benchmark = name === undefined ? undefined : benchmarks[name];

if (values.help || !benchmark) {
  const usage = `Usage: npm run bench -- NAME [--json FILE]\nNAME: ${Object.keys(benchmarks).join(', ')}`;
  if (!values.help) process.exitCode = 2;
  (values.help ? console.log : console.error)(usage);
} else {
  const rows = await benchmark();
  console.log(`${machine()}\n\n${comparisonTable(rows)}`);
  if (values.json) await writeFile(values.json, `${JSON.stringify({ machine: machine(), rows }, null, 2)}\n`);
}
