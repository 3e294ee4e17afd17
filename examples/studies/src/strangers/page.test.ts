import { expect, it } from 'vitest';
import { exampleRun, judgedAt } from './__fixtures__/example-run.ts';
import type { StrangersRun } from './measure.ts';
import { type StrangersStudy, strangersFigure, strangersPage } from './page.ts';
import { runsPage } from './runs-page.ts';

const training = { steps: 6000, epochs: 64, seconds: 1500, threads: 1 };
const whole = { people: 982, heldOut: 98, training, best: { threshold: 0.2, accuracy: 0.8 } } as const;
const rules = { ...exampleRun().rules, 'held out': judgedAt(0.77), learned: judgedAt(0.7) };
const runs: StrangersRun[] = [
  exampleRun(),
  exampleRun({ seed: 2, rules: { ...rules, 'held out': judgedAt(0.96) } }),
  exampleRun({ ...whole, start: 'nothing', loss: 'USS', rules }),
  exampleRun({ ...whole, start: 'fine-tuned', loss: 'USS', training: { ...training, steps: 1500 }, rules }),
];
const study: StrangersStudy = {
  runs,
  crossFits: [
    {
      loss: 'CosFace',
      people: 100,
      seed: 1,
      best: { threshold: 0.3, accuracy: 0.97 },
      judged: judgedAt(0.96),
    },
  ],
  recipe: {
    steps: 1000,
    batchSize: 128,
    learningRate: 0.1,
    weightDecay: 5e-4,
    embeddingSize: 128,
    scale: 32,
  },
  counts: { images: 4980, people: 982, pairs: 1102, others: 810 },
  machine: 'a machine',
};

it('shows what each rule loses for each start', () => {
  const page = strangersPage(study);
  expect(page).toContain(
    '| rule | heads, 100 people | from nothing | fine-tuned | within 2 points |\n| --- | --- | --- | --- | --- |',
  );
  expect(page).toContain(
    '| **people held out, curve at one half** | 0.5 (1.0) | 3.0 (3.0) | 3.0 (3.0) | 2 of 4 |',
  );
  expect(page).toContain('| cross-fit in 5 parts, head of all people | 1.0 (1.0) | – | – | 1 of 1 |');
  expect(page).toContain('| USS | fine-tuned | 982 | 80.0 % | 77.0 % | 6.0 % | 4.0 % | 3.0 (3.0) |');
  expect(page).toContain('| nothing | 982 | 98 | 1.00 % (1.00 %–1.00 %) | 1 of 1 | 0.40 % (0.40 %–0.40 %) |');
  expect(page).toContain('| nothing | USS | 6000 | 64 | 25 (1) | 80.0 % | 10.0 |');
  expect(page.replaceAll(/\s+/g, ' ')).toContain(
    'on 884 people for 6000 steps, about 20 minutes with 2 threads;',
  );
  expect(page.replaceAll(/\s+/g, ' ')).toContain('on the same people for 1500 steps, with the recipe');
  expect(page.replaceAll(/\s+/g, ' ')).toContain(
    'It does so for 0 of 2 whole networks; the worst loses 3.0.',
  );
  expect(page).not.toMatch(/NaN|undefined|Infinity/);
});

it('leaves out what was not measured', () => {
  const page = strangersPage({ ...study, runs: [exampleRun()], crossFits: [] });
  expect(page).not.toMatch(
    /NaN|undefined|Infinity|whole network|Whole networks|Cross-fit|Galleries|fine-tuned/,
  );
  expect(page).not.toMatch(/\n{3}/);
});

it('draws one dot for each rule and group', () => {
  const circles = strangersFigure(study).match(/<circle/g);
  // Heads: four rules and the cross-fit; whole networks: four rules each.
  expect(circles).toHaveLength(13);
});

it('has a line for each network and rule', () => {
  const lines = runsPage(study)
    .split('\n')
    .filter((line) => /^\| (head|nothing|fine-tuned) /.test(line));
  // Three rules of the first head, four of the second and of each network, one cross-fit.
  expect(lines).toHaveLength(16);
  expect(lines).toContain(
    '| nothing | USS | 982 | 1 | learned, `b / s` | 0.250 | 80.0 % | 70.0 % (68.0 %–71.0 %) | 10.0 | 6.0 % | 4.0 % |',
  );
  expect(lines.at(-1)).toBe(
    '| head | CosFace | 100 | 1 | cross-fit in 5 parts, head of all people | 0.250 | 97.0 % | 96.0 % (94.0 %–97.0 %) | 1.0 | 6.0 % | 4.0 % |',
  );
});
