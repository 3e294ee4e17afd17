import { fuzz } from './fuzz.ts';

// node --conditions=@openset/source --import tsx packages/data/src/sources/__fixtures__/run-fuzz.ts COUNT SEED
const [, , count = '100000', seed = '1'] = process.argv;
const report = await fuzz(Number(count), Number(seed));
process.stdout.write(`${JSON.stringify(report, null, 2)}\n`);
process.exitCode = report.bugs.length === 0 ? 0 : 1;
