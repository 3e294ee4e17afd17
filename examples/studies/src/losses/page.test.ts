import { readFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { expect, it } from 'vitest';
import { judgedAt } from '../strangers/__fixtures__/example-run.ts';
import { exampleRun, exampleTimes } from './__fixtures__/example-run.ts';
import { lossesFigure, lossesPage } from './page.ts';
import { type LossesStudy, readStudy, starts } from './results.ts';

const learned = { ...judgedAt(0.6), between: 'embeddings' } as const;
const uss = (seed: number, accuracy: number) => {
  const run = exampleRun({ loss: 'uss', seed }, accuracy);
  return { ...run, measured: { ...run.measured!, learned, priorShift: judgedAt(0.89), inconsistency: 0.04 } };
};
const runs = [exampleRun(), exampleRun({ seed: 2 }, 0.91), uss(1, 0.92), uss(2, 0.94)];
const counts = { images: 4980, people: 982, pairs: 1102, others: 810 };
const study: LossesStudy = { runs, times: [exampleTimes()], counts };
const flat = (page: string) => page.replaceAll(/\s+/g, ' ');

it('shows the mean of each loss over the seeds, its time and what it gains', () => {
  const page = lossesPage(study);
  expect(page).toContain(
    '| `cosface` | 91.5 % (91.0 %–92.0 %) | 90.5 % (90.0 %–91.0 %) | – | – | 0.030 (0.030–0.030) | 8.0 | 700 |',
  );
  expect(page).toContain(
    '| `uss` | 94.0 % (93.0 %–95.0 %) | 93.0 % (92.0 %–94.0 %) | 60.0 % | 89.0 % | 0.040 (0.040–0.040) | 10.0 | 700 |',
  );
  expect(flat(page)).toContain(
    'between 90.5 % (`cosface`) and 93.0 % (`uss`). The seeds of one loss lie within 1.5 points',
  );
  expect(flat(page)).toContain(
    'Better than `cosface` with every seed: 1 (`uss`). Worse with every seed: none.',
  );
  expect(flat(page)).toContain(
    'loses 1.0 points against the best one, 1.0 at most. A threshold learned between embeddings loses 34.0 points, and 5.0 with',
  );
  expect(flat(page)).toContain(
    'OPIS lies between 0.030 and 0.040. Its rank correlation with the best accuracy is 1.00',
  );
  expect(flat(page)).toContain('A step with `epl`, the slowest loss, takes 2.0 times');
  expect(flat(page)).toContain(
    'With CosFace, these are 700 steps, or 20 passes over the images. The trainings took 6.1',
  );
  expect(page).not.toMatch(/NaN|undefined|Infinity|# Networks/);
});

it('marks thresholds that are not for pairs', () => {
  const run = exampleRun({ loss: 'uss' });
  const measured = { ...run.measured!, learned: { ...learned, between: 'embedding and class' } as const };
  expect(lossesPage({ ...study, runs: [exampleRun(), { ...run, measured }] })).toContain('| 60.0 % * | – |');
});

it('never drops a loss whose runs failed', () => {
  const failed = { loss: 'epl', measured: null, cpuSeconds: null, failure: 'The loss is NaN.' };
  const page = lossesPage({
    ...study,
    runs: [...runs, exampleRun(failed), exampleRun({ loss: 'epl', seed: 2 })],
  });
  expect(page).toContain('| `epl` | **1 of 2 failed** | – | – | – | – | 16.0 | 700 |');
  expect(page).toContain('- `epl`, seed 1: The loss is NaN.');
  const all = lossesPage({ ...study, runs: [...runs, exampleRun(failed)] });
  expect(all).toContain('**1 of 1 failed**');
  expect(all).not.toMatch(/NaN %|undefined|Infinity/);
});

it('draws what each other loss gains from each start', () => {
  const networks = runs.map((run) => ({ ...run, start: 'nothing' as const }));
  const figure = lossesFigure({ ...study, runs: [...runs, ...networks] });
  expect(figure.match(/<circle/g)).toHaveLength(2);
  expect(figure).toContain('networks from nothing');
});

it('remakes the page and the figure in docs/studies from the stored runs', async () => {
  const folder = new URL('../../../../docs/studies/', import.meta.url);
  const read = (name: string) => readFile(new URL(name, folder), 'utf8');
  const stored = await readStudy(fileURLToPath(new URL('results/losses', folder)));
  expect(lossesPage(stored)).toBe(await read('losses.md'));
  expect(lossesFigure(stored)).toBe(await read('losses.svg'));
  // Every loss has three seeds of each start.
  for (const { loss } of stored.times[0]!.times) {
    const own = stored.runs.filter((run) => run.loss === loss);
    expect(own.map(({ start, seed }) => `${start} ${seed}`)).toEqual(
      starts.flatMap((start) => [1, 2, 3].map((seed) => `${start} ${seed}`)),
    );
  }
});
