import { writeFile } from 'node:fs/promises';
import { parseArgs } from 'node:util';
import { align } from './align.ts';
import { conv } from './conv.ts';
import { data } from './data.ts';
import { dataMemory } from './data-memory.ts';
import { elementwise } from './elementwise.ts';
import { engine } from './engine.ts';
import { engineStart } from './engine-start.ts';
import { gallery } from './gallery.ts';
import { galleryPostgres } from './gallery-postgres.ts';
import { gemm } from './gemm.ts';
import { inference } from './inference.ts';
import { lossStep } from './loss-step.ts';
import { lossUpdate } from './loss-update.ts';
import { type Comparison, comparisonTable, describeMachine, type Table, tableText } from './measure.ts';
import { metrics } from './metrics.ts';
import { millionClasses } from './million-classes.ts';
import { moreLosses } from './more-losses.ts';
import { PyTorch } from './pytorch.ts';
import { realRun } from './real-run.ts';
import { replaceTable } from './replace-table.ts';
import { scaling } from './scaling.ts';
import { scalingModel } from './scaling-model.ts';
import { server } from './server.ts';
import type { BenchmarkOptions } from './side-by-side.ts';
import { soak } from './soak.ts';
import { trainStep } from './train-step.ts';
import { verify } from './verify.ts';

type Benchmark = (options: BenchmarkOptions) => Promise<Comparison[] | Table>;

const benchmarks: Readonly<Record<string, Benchmark>> = {
  align,
  conv,
  data: async () => [...(await data()), ...(await dataMemory())],
  elementwise,
  engine,
  'engine-start': engineStart,
  gallery,
  'gallery-postgres': galleryPostgres,
  gemm,
  inference,
  'loss-step': lossStep,
  'loss-update': lossUpdate,
  metrics,
  'million-classes': millionClasses,
  'more-losses': moreLosses,
  'real-run': realRun,
  scaling,
  'scaling-model': scalingModel,
  server,
  soak,
  'train-step': trainStep,
  verify,
};

/** Benchmarks that run others after themselves. */
const followedBy: Readonly<Record<string, readonly string[]>> = {
  gallery: ['gallery-postgres'],
  'loss-step': ['more-losses'],
};

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    json: { type: 'string' },
    threads: { type: 'string', default: '1' },
    size: { type: 'string' },
    only: { type: 'string' },
    network: { type: 'string' },
    page: { type: 'string' },
    python: { type: 'string' },
    help: { type: 'boolean', default: false },
  },
});
const [name] = positionals;

if (values.help || name === undefined || !benchmarks[name]) {
  const usage = `Usage: npm run bench -- NAME [options]
NAME            ${Object.keys(benchmarks).join(', ')}; loss-step also runs more-losses,
                and gallery gallery-postgres
--json FILE     also writes the results to a file
--threads N     threads of the wasm kernels and of PyTorch, workers of align and server; default 1
--size N        measures only this size: classes of loss-step, loss-update and million-classes, rows of gemm, steps of soak, image side of train-step,
                real-run and scaling, people of gallery, images of inference
--only TEXT     measures only the losses of more-losses, the stores of gallery, the networks of real-run, or photos or memory of server, whose name contains the text
--network NAME  r18 or r50, for train-step; default r18. r18, r50 or mobile, for inference; default all
--page FILE     replaces the table of the same benchmark and threads in a Markdown file
--python PATH   also measures PyTorch with this interpreter, if the benchmark supports it`;
  if (!values.help) process.exitCode = 2;
  (values.help ? console.log : console.error)(usage);
} else {
  const threads = Number(values.threads);
  const size = values.size === undefined ? undefined : Number(values.size);
  const pytorch = values.python === undefined ? null : await findPyTorch(values.python, threads);
  const options = { threads, size, only: values.only, network: values.network, pytorch };
  const description = `${describeMachine()}, ${threads} ${threads === 1 ? 'thread' : 'threads'}`;
  const results: (Comparison | Table)[] = [];
  for (const each of [name, ...(followedBy[name] ?? [])]) {
    const result = await benchmarks[each]!(options);
    if ((Array.isArray(result) ? result : result.rows).length === 0) continue;
    const table = Array.isArray(result) ? comparisonTable(result) : tableText(result);
    results.push(...(Array.isArray(result) ? result : [result]));
    console.log(`${description}\n\n${table}\n`);
    if (values.page) {
      const marks = [each, values.network, `${threads}`].filter((part) => part !== undefined);
      await replaceTable(values.page, marks.join(' '), `${description}\n\n${table}`);
    }
  }
  if (values.json)
    await writeFile(values.json, `${JSON.stringify({ machine: description, rows: results }, null, 2)}\n`);
}

async function findPyTorch(python: string, threads: number): Promise<PyTorch | null> {
  const pytorch = new PyTorch(python, threads);
  if (await pytorch.isAvailable()) return pytorch;
  console.warn(`No comparison with PyTorch: ${python} is missing or cannot import torch.`);
  return null;
}
