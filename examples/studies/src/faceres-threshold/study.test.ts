import { readFile } from 'node:fs/promises';
import { pretrainedNetworks } from '@openset/pretrained';
import { operatingPoints } from '@openset/verify';
import { expect, it } from 'vitest';
import { choosePhotos } from './choose-photos.ts';
import { estimateThresholds, testGallery, testPairs } from './measure.ts';

/** Rows near one axis for each person; `noise` moves each image towards its own axis. */
function people(count: number, images: number, noise: number) {
  const size = count * (images + 1);
  const labels: number[] = [];
  const values = new Float32Array(count * images * size);
  for (let row = 0; row < count * images; row++) {
    const person = Math.floor(row / images);
    labels.push(person);
    values[row * size + person] = Math.sqrt(1 - noise);
    values[row * size + count + row] = Math.sqrt(noise);
  }
  return { values, size, labels: Int32Array.from(labels) };
}

it('chooses the same people first, however many are asked for', () => {
  const labels = [0, 0, 0, 1, 2, 2, 3];
  const two = choosePhotos(labels, { people: 2, images: 2 });
  const all = choosePhotos(labels, { people: Number.POSITIVE_INFINITY, images: 2 });
  expect(all.slice(0, two.length)).toEqual(two);
  expect([...all].sort()).toEqual([0, 1, 3, 4, 5, 6]);
  expect(choosePhotos(labels, { people: 9, images: 1 })).toHaveLength(4);
});

it('finds thresholds between the cosines of one person and of two', () => {
  // Cosines of a person are about 0.7, those of two people 0.
  const { pair, interval, galleries, calibration } = estimateThresholds(people(12, 3, 0.3));
  expect(pair).toBeGreaterThan(0.2);
  expect(pair).toBeLessThan(0.6);
  expect(interval.low).toBeLessThanOrEqual(pair);
  expect(interval.high).toBeGreaterThanOrEqual(pair);
  expect(calibration.slope).toBeLessThan(0);
  expect(galleries.map(({ people: size }) => size)).toEqual([1, 10, 100, 1000, 10_000]);
  for (const { rates } of galleries) {
    for (const { threshold } of rates) expect(threshold).toBeLessThan(0.7);
  }
});

it('counts the errors of a threshold on pairs', () => {
  const rows = people(2, 2, 0.3);
  const pairs = {
    pairs: Uint32Array.of(0, 1, 2, 3, 0, 2, 1, 3),
    isSame: Uint8Array.of(1, 1, 0, 0),
    folds: Int32Array.of(0, 1, 0, 1),
  };
  expect(testPairs(rows, pairs, 0.5)).toMatchObject({ accuracy: 1, falseAccepts: 0, falseRejects: 0 });
  expect(testPairs(rows, pairs, 0.9)).toMatchObject({ accuracy: 0.5, falseRejects: 1, bestAccuracy: 1 });
  expect(testPairs(rows, pairs, -1)).toMatchObject({ accuracy: 0.5, falseAccepts: 1 });
});

it('names enrolled people and counts strangers who are taken for somebody', () => {
  const rows = people(8, 3, 0.3);
  const random = () => 0.5;
  expect(testGallery(rows, { people: 4, threshold: 0.5 }, random)).toMatchObject({
    named: 1,
    falseAlarms: 0,
  });
  expect(testGallery(rows, { people: 4, threshold: -1 }, random)).toMatchObject({ falseAlarms: 1 });
  expect(testGallery(rows, { people: 4, threshold: 1 }, random)).toMatchObject({ named: 0, falseAlarms: 0 });
});

it('ships the thresholds of its page', async () => {
  const page = await readFile(
    new URL('../../../../docs/studies/faceres-threshold.md', import.meta.url),
    'utf8',
  );
  const { cosine, interval, calibration, galleries } = pretrainedNetworks.faceres!.threshold;
  expect(page).toContain(
    `| **${cosine.toFixed(3)}** (95 % interval ${interval!.low.toFixed(3)}–${interval!.high.toFixed(3)}) |`,
  );
  expect(page).toContain(`exp(${calibration.slope.toFixed(2)} · cosine + ${calibration.offset.toFixed(2)})`);
  for (const { people: size, threshold } of galleries!) {
    expect(page).toContain(`| one of ${size.toLocaleString('en-US')} `);
    expect(page).toContain(`| ${threshold.toFixed(3)} |`);
  }
  const rowOf = (falseAlarms: number) => {
    const cells = galleries!.map(({ rates }) => {
      const rate = rates!.find((candidate) => candidate.falseAlarms === falseAlarms);
      return rate ? `${rate.threshold.toFixed(3)} (${(100 * rate.missed).toFixed(1)} %)` : '';
    });
    return `| ${100 * falseAlarms} % | ${cells.join(' | ')} |`;
  };
  const shipped = new Set(galleries!.flatMap(({ rates }) => rates!.map(({ falseAlarms }) => falseAlarms)));
  expect(shipped.size).toBeGreaterThan(3);
  for (const falseAlarms of shipped) expect(page).toContain(rowOf(falseAlarms));
  expect(operatingPoints(galleries, 50)).toHaveLength(shipped.size);
});
