import { copyFile, mkdir, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { decodeModel, encodeModel, operatingPoints } from '@openset/verify';
import * as tf from '@tensorflow/tfjs-core';
import { describe, expect, it } from 'vitest';
import { describeModel, useModelFolder } from '../__fixtures__/model-folder.ts';
import { writePeople } from '../__fixtures__/people-folder.ts';
import { recordOutput } from '../__fixtures__/record-output.ts';
import { calibrate } from './calibrate.ts';
import { embed } from './embed.ts';
import { evaluate } from './evaluate.ts';
import { identify } from './identify.ts';
import { importWeights } from './import.ts';
import { verify } from './verify.ts';

const { folder, at, common, image, importOptions } = useModelFolder();

describe('verify', () => {
  it('returns the answer and its exit code', async () => {
    const before = tf.memory().numTensors;
    const same = await verify({ ...common, first: image(0, 0), second: image(0, 1) }, recordOutput());
    expect(same).toMatchObject({ exitCode: 0, data: { same: true, threshold: 0.9, probability: null } });
    expect(same.text).toMatch(/^same: cosine 0\.9\d\d reaches the threshold 0\.900$/);
    const other = await verify({ ...common, first: image(0, 0), second: image(1, 1) }, recordOutput());
    expect(other).toMatchObject({ exitCode: 1, data: { same: false } });
    expect(other.text).toMatch(/^different: cosine .* is below the threshold 0\.900$/);
    expect(tf.memory().numTensors).toBe(before);
  });

  it('decides with the given threshold', async () => {
    const images = { ...common, first: image(0, 0), second: image(0, 1) };
    const given = await verify({ ...images, threshold: 0.9999 }, recordOutput());
    expect(given).toMatchObject({ exitCode: 1, data: { threshold: 0.9999 } });
    const imported = { ...importOptions(), out: at('none-learned.safetensors') };
    const { data } = await importWeights(imported, recordOutput());
    const learned = { ...images, threshold: 'learned' } as const;
    expect((await verify(learned, recordOutput())).data.threshold).toBe(0.9);
    await expect(verify({ ...learned, model: data.out }, recordOutput())).rejects.toThrow(
      /none-learned\.safetensors: its loss has learned no threshold between two embeddings\.$/,
    );
  });

  it.each([
    ['nowhere.jpg', /There is no file 'nowhere\.jpg'\./],
    ['text.jpg', /text\.jpg: cannot decode the image: /],
  ])('rejects %s', async (name, message) => {
    const second = name === 'text.jpg' ? at(name) : name;
    await expect(verify({ ...common, first: image(0, 0), second }, recordOutput())).rejects.toThrow(message);
  });

  it('accepts the folder of a run as the model', async () => {
    const options = { ...common, model: folder, first: image(0, 0), second: image(0, 1) };
    expect((await verify(options, recordOutput())).data).toMatchObject({ same: true });
  });

  it.each([
    ['nowhere', /^There is no model '.*nowhere'\. Train one with 'openset train'/],
    ['faces', /^There is no model '.*faces.model\.safetensors'/],
    ['text.jpg', /text\.jpg: This is not a safetensors file/],
    ['weights.safetensors', /weights\.safetensors: This safetensors file is not an openset model/],
  ])('rejects the model %s', async (name, message) => {
    const options = { ...common, model: at(name), first: image(0, 0), second: image(0, 1) };
    await expect(verify(options, recordOutput())).rejects.toThrow(message);
  });
});

it('verify says which question the threshold answers, unless the user gave the threshold', async () => {
  const { description, state } = decodeModel(await readFile(common.model));
  const question = { kind: 'far', rate: 0.001 } as const;
  const model = at('asked.safetensors');
  await writeFile(model, await encodeModel({ ...description, question }, state));
  tf.dispose(state);
  const options = { ...common, model, first: image(0, 0), second: image(0, 1) };
  const { data, text } = await verify(options, recordOutput());
  expect(data.question).toEqual(question);
  expect(text.split('\n')[1]).toBe('threshold for at most 1 in 1,000 strangers accepted');
  const given = await verify({ ...options, threshold: 0.5 }, recordOutput());
  expect(given.data.question).toBeNull();
  expect(given.text).not.toContain('\n');
});

describe('verify and probabilities', () => {
  const writeCalibrated = async (name: string, calibration: { slope: number; offset: number }) => {
    const { description, state } = decodeModel(await readFile(common.model));
    await writeFile(at(name), await encodeModel({ ...description, calibration }, state));
    tf.dispose(state);
    return { ...common, model: at(name), first: image(0, 0), second: image(0, 0) };
  };

  it('are not used from an older model whose curve falls, with a word', async () => {
    const options = await writeCalibrated('falling.safetensors', { slope: 2, offset: -1.5 });
    const output = recordOutput();
    const { data, text } = await verify(options, output);
    expect(data).toMatchObject({ same: true, cosine: 1, probability: null });
    expect(text).not.toContain('probability');
    expect(output.lines.join()).toContain('they fall as the cosine rises');
  });

  it('explain an answer that is not the more probable one', async () => {
    // One half at 0.5; the threshold of the model is 0.9.
    const options = await writeCalibrated('rising.safetensors', { slope: -10, offset: 5 });
    const agreed = await verify(options, recordOutput());
    expect(agreed.text).toMatch(/^same: .*, probability of the same person 99\.3 %$/);
    const strict = await verify({ ...options, second: image(0, 1), threshold: 1 }, recordOutput());
    expect(strict.data.same).toBe(false);
    expect(strict.text).toMatch(
      /^different: .*, probability of the same person 9\d\.\d %, at the threshold 99\.3 %$/,
    );
  });
});

describe('evaluate', () => {
  it('measures labelled images and writes a report', async () => {
    const options = { ...common, data: at('faces'), report: at('report.html') };
    const { data, text } = await evaluate(options, recordOutput());
    // Four people have six pairs each.
    expect(data).toMatchObject({
      same: 24,
      different: 24,
      thresholdSource: 'learned',
      report: at('report.html'),
    });
    expect(data.uniform).toMatchObject({ pictures: 16, classes: 4, sampleWise: 1 });
    expect(data.best.accuracy).toBeGreaterThan(0.95);
    expect(text).toMatch(/^threshold +0\.9000, learned$/m);
    expect(text).toMatch(/^accuracy +\d+\.\d % \(/m);
    const page = await readFile(at('report.html'), 'utf8');
    expect(page.match(/<svg/g)).toHaveLength(5);
    expect(page).toContain('The best threshold of each person');
    expect(data.inconsistency).toMatchObject({ people: { classes: 4 }, groups: null });
    expect(text).toMatch(/^OPIS over people +0\.\d{4}, 4 people$/m);
  });

  it('measures groups of people', async () => {
    const groups = at('groups.csv');
    await writeFile(groups, 'person,group\nperson-0,a\nperson-1,a\nperson-2,b\nperson-3,b\n');
    const options = { ...common, data: at('faces'), groups, report: at('groups.html') };
    const output = recordOutput();
    const { data, text } = await evaluate(options, output);
    // Two people of four images: 12 pairs of one person, 16 of two.
    const rates = { people: 2, images: 8, falseAcceptRate: { pairs: 16 }, falseRejectRate: { pairs: 12 } };
    expect(data.groups).toMatchObject([
      { name: 'a', ...rates },
      { name: 'b', ...rates },
    ]);
    expect(data.inconsistency.groups).toMatchObject({ classes: 2 });
    expect(text).toMatch(/^group a +FAR \d+\.\d\d % \(.+\), FRR .*, 2 people, 8 images$/m);
    expect(output.lines.join()).not.toContain('groups.csv');
    expect(await readFile(at('groups.html'), 'utf8')).toContain('Does one threshold serve every group?');
  });

  it('rejects groups that it cannot use, before it reads images', async () => {
    const options = { ...common, data: at('faces'), groups: at('wrong.csv') };
    await writeFile(at('wrong.csv'), 'nobody,a\n');
    const output = recordOutput();
    await expect(evaluate(options, output)).rejects.toThrow(/names none of the 4 people/);
    expect(output.lines.join()).not.toContain('image');
    await expect(evaluate({ ...common, pairs: 'pairs.csv', groups: 'groups.csv' }, output)).rejects.toThrow(
      /^--groups needs --data/,
    );
    await expect(evaluate({ ...options, groups: at('none.csv') }, output)).rejects.toThrow(
      /There is no file/,
    );
  });

  it('measures pairs', async () => {
    const lines = [0, 1, 2].flatMap((n) => [
      `faces/person-${n}/image-0.png,faces/person-${n}/image-1.png,1`,
      `faces/person-${n}/image-0.png,faces/person-${n + 1}/image-1.png,0`,
    ]);
    await writeFile(at('pairs.csv'), lines.join('\n'));
    const { data } = await evaluate({ ...common, pairs: at('pairs.csv') }, recordOutput());
    expect(data).toMatchObject({ same: 3, different: 3, uniform: null, report: null });
    await expect(
      evaluate({ ...common, pairs: at('pairs.csv'), images: at('faces') }, recordOutput()),
    ).rejects.toThrow(/There is no file 'faces\/person-0\/image-0\.png' in the folder/);
  });

  it.each([
    [{}, /^Give one of --pairs, --bin and --data, not none\.$/],
    [{ data: 'faces', bin: 'lfw.bin' }, /not 2\.$/],
    [{ data: 'faces', images: 'faces' }, /^--images needs --pairs/],
    [{ data: 'faces/person-0' }, /found no images/],
    [{ data: 'faces', report: 'missing/report.html' }, /there is no folder '.*missing'/],
  ])('rejects %j', async (given, message) => {
    const paths = Object.fromEntries(Object.entries(given).map(([key, path]) => [key, at(path)]));
    await expect(evaluate({ ...common, ...paths }, recordOutput())).rejects.toThrow(message);
  });
});

describe('calibrate', () => {
  it('writes a model with a threshold for a rate, and explains how far to trust it', async () => {
    const options = { ...common, data: at('faces'), far: 0.05 };
    const { data, text } = await calibrate(options, recordOutput());
    // All 6 · 16 pairs of different people.
    expect(data).toMatchObject({
      before: 0.9,
      different: 96,
      differentNeeded: 600,
      out: at('model-calibrated.safetensors'),
    });
    const description = await describeModel(data.out);
    expect(description).toMatchObject({
      threshold: data.threshold,
      thresholdSource: 'calibrated',
      learnedThreshold: { cosine: 0.9 },
      loss: { loss: 'UssLoss' },
    });
    expect(description.falseAcceptRate).toBe(0.05);
    expect(description.calibration!.slope).toBeLessThan(0);
    expect(description).toMatchObject({
      question: { kind: 'far', rate: 0.05 },
      thresholdInterval: null,
      thresholdPeople: 4,
      galleryThresholds: null,
    });
    expect(text).toContain(
      'needs at least 600 pairs of different people, of about 10 people with as many images each',
    );
    expect(text).toMatch(/^false accepts +at most 5 % of these pairs$/m);
    expect(data).toMatchObject({ rateBound: null, falseAlarms: null, peopleNeeded: null });
    expect(text).toMatch(/^warning +4 people are few for a threshold; 20 or more make it reliable$/m);
    expect(text).toMatch(/^estimated on +24 pairs of the same person, 96 of different people$/m);
    const check = await verify(
      { ...common, model: data.out, first: image(0, 0), second: image(0, 1) },
      recordOutput(),
    );
    expect(check.data.probability).toBeGreaterThan(0.5);
  });

  it('says that there is no model, not that its output cannot be written', async () => {
    const model = at('no-run', 'model.safetensors');
    await expect(calibrate({ ...common, data: at('faces'), model }, recordOutput())).rejects.toThrow(
      /^There is no model '.*no-run.model\.safetensors'\. Train one with 'openset train', or name another: a file, or one of faceres/,
    );
  });

  it('writes next to the model of a folder, and does not overwrite an earlier calibration', async () => {
    const options = { ...common, data: at('faces') };
    await mkdir(at('a-run'));
    await copyFile(common.model, at('a-run', 'model.safetensors'));
    for (const model of [at('a-run'), `${at('a-run')}/`, at('a-run', 'model.safetensors')]) {
      const { data } = await calibrate({ ...options, model }, recordOutput());
      expect(data.out).toBe(at('a-run', 'model-calibrated.safetensors'));
      await expect(calibrate({ ...options, model }, recordOutput())).rejects.toThrow(
        /model-calibrated\.safetensors' already exists\. Give the new model another name with --out/,
      );
      await rm(data.out);
    }
  });

  it('stores no probabilities if the model is worse than chance, and says so', async () => {
    // The labels are swapped, so that pairs of the same person are the less alike ones.
    const pair = (first: number, second: number, number: number) =>
      `faces/person-${first}/image-0.png,faces/person-${second}/image-${number}.png,${first === second ? 0 : 1}\n`;
    const people = [0, 1, 2, 3];
    const rows = people.flatMap((person) => [pair(person, person, 1), pair(person, (person + 1) % 4, 1)]);
    await writeFile(at('swapped.csv'), rows.join(''));
    const output = recordOutput();
    const options = { ...common, pairs: at('swapped.csv'), images: folder, out: at('swapped.safetensors') };
    const { data, text } = await calibrate(options, output);
    expect(data.calibration).toBeNull();
    expect(output.lines.join('\n')).toMatch(
      /^On these pairs, a higher cosine does not mean the same person: /m,
    );
    expect(text).not.toMatch(/NaN|Infinity/);
    expect((await describeModel(data.out)).calibration).toBeNull();
    const same = { ...common, model: data.out, first: image(0, 0), second: image(0, 0) };
    const answer = await verify(same, recordOutput());
    expect(answer.data).toMatchObject({ cosine: 1, probability: null });
    expect(answer.text).not.toContain('probability');
  });

  it('gives an interval over people, within the range of a cosine for every rate', async () => {
    await writePeople(at('six'), { people: 6, images: 3 });
    for (const [far, threshold] of [
      [1, -1],
      [0, null],
    ] as const) {
      const options = { ...common, data: at('six'), far, out: at(`far-${far}.safetensors`) };
      const { data, text } = await calibrate(options, recordOutput());
      if (threshold !== null) expect(data.threshold).toBe(threshold);
      expect(data.interval!.low).toBeLessThanOrEqual(data.threshold);
      expect(data.interval!.high).toBeLessThanOrEqual(1);
      expect(data.rateBound).toBeGreaterThanOrEqual(far);
      if (far === 1) expect(data.peopleNeeded).toBe(1);
      else expect(data.peopleNeeded).toBeNull();
      expect(text).toMatch(/^threshold +-?\d\.\d{4} \(.* to .*\), calibrated, 6 people$/m);
      expect(text).not.toMatch(/NaN|Infinity/);
    }
  });

  it('answers for pairs of which half are the same person by default, or for other odds', async () => {
    const options = { ...common, data: at('faces') };
    const even = await calibrate({ ...options, out: at('even.safetensors') }, recordOutput());
    expect(even.data).toMatchObject({
      out: at('even.safetensors'),
      question: { kind: 'pair', odds: 1 },
      interval: null,
      people: 4,
      same: 24,
      different: 96,
      differentNeeded: null,
    });
    expect(even.text).toMatch(/^threshold for +pairs of which half are the same person$/m);
    const { slope, offset } = even.data.calibration!;
    expect(even.data.threshold).toBeCloseTo(-offset / slope, 12);
    const rare = await calibrate({ ...options, odds: 0.01, out: at('rare.safetensors') }, recordOutput());
    expect(rare.data.threshold).toBeCloseTo(Math.min(1, (Math.log(0.01) - offset) / slope), 12);
    expect(rare.data.calibration).toEqual(even.data.calibration);
  });

  it('answers for searches among people, and identify then keeps its threshold', async () => {
    const options = { ...common, data: at('faces'), gallerySize: 3, out: at('gallery.safetensors') };
    const { data, text } = await calibrate(options, recordOutput());
    const { slope, offset } = data.calibration!;
    expect(data.threshold).toBeCloseTo(Math.min(1, (-Math.log(3) - offset) / slope), 12);
    expect(await describeModel(data.out)).toMatchObject({ question: { kind: 'gallery', size: 3 } });
    const search = { ...common, model: data.out, paths: [image(0, 1)], gallery: at('faces') };
    const found = await identify(search, recordOutput());
    expect(found.data.threshold).toBe(data.threshold);
    // Four people are too few for searches: the probability comes from the curve for pairs.
    const [picture] = found.data.pictures;
    expect(picture!.probability).toBeGreaterThan(0);
    expect(found.text).toMatch(/person-0 \(.*cosine [\d.]+, probability (over )?[\d.]+ %\)$/);
    expect(text).toMatch(/^warning +the threshold comes from pairs with odds of 1 : G, not from searches/m);
  });

  it('measures searches with 20 people: interval, false alarms and probabilities', async () => {
    await writePeople(at('crowd'), { people: 24, images: 3, noise: 80 });
    const options = { ...common, data: at('crowd'), gallerySize: 8, out: at('crowd.safetensors') };
    const { data, text } = await calibrate(options, recordOutput());
    expect(data.interval!.low).toBeLessThan(data.threshold);
    expect(data.interval!.high).toBeGreaterThan(data.threshold);
    expect(data.falseAlarmsBound).toBeGreaterThan(data.falseAlarms!);
    expect(data.peopleNeeded).toBeGreaterThan(0);
    expect(text).toMatch(/^threshold +-?[\d.]+ \(.* to .*\), calibrated, 24 people$/m);
    expect(text).toMatch(/^false alarms +[\d.]+ % of strangers, up to [\d.]+ % with other people$/m);
    const stored = await describeModel(data.out);
    const entry = stored.galleryThresholds!.find(({ people }) => people === 8)!;
    expect(entry).toMatchObject({ threshold: data.threshold, falseAlarms: data.falseAlarms });
    expect(entry.calibration!.slope).toBeLessThan(0);
    // 276 pairs of people support 10 % of false alarms among 8, which is 1.3 % of pairs, but not 0.3 %.
    const points = operatingPoints(stored.galleryThresholds, 8);
    expect(points[0]).toMatchObject({ falseAlarms: 0.1, isExtrapolated: false });
    expect(points.every(({ falseAlarms }) => falseAlarms > 0.003)).toBe(true);

    // At a lower rate, the threshold is higher, and identify uses it.
    const rate = data.falseAlarms! / 2;
    const strict = await calibrate({ ...options, far: rate, out: at('strict-crowd') }, recordOutput());
    expect(strict.data.question).toEqual({ kind: 'gallery', size: 8, rate });
    expect(strict.data.threshold).toBeGreaterThan(data.threshold);
    expect(strict.data.falseAlarms).toBeCloseTo(rate, 9);
    expect(strict.text).toMatch(/^threshold for +one of 8 people, at most .* of strangers accepted$/m);
    const known = [at('crowd', 'person-3', 'image-0.png')];
    const search = { ...common, model: strict.data.out, gallery: at('crowd'), paths: known };
    expect((await identify(search, recordOutput())).data).toMatchObject({
      threshold: strict.data.threshold,
      question: strict.data.question,
    });

    // A model for pairs has the searches too; identify says what they promise.
    const even = await calibrate(
      { ...options, gallerySize: undefined, out: at('even-crowd') },
      recordOutput(),
    );
    const output = recordOutput();
    const paths = [at('crowd', 'person-3', 'image-0.png')];
    const found = await identify({ ...common, model: even.data.out, gallery: at('crowd'), paths }, output);
    expect(found.data.falseAlarms).toBeGreaterThan(0);
    expect(found.data.pictures[0]!.probability).toBeGreaterThan(0.5);
    expect(output.lines.join('\n')).toMatch(/^false alarms +[\d.]+ % of strangers, up to [\d.]+ %/m);
  });

  it.each([
    [
      { far: 0.1, odds: 1 },
      /^--odds asks for as few errors .*, --far for a rate of errors: .* Remove one of the two\.$/,
    ],
    [{ gallerySize: 9, odds: 1 }, /--gallery-size for searches: a threshold answers one question/],
    [{ far: 0, gallerySize: 9 }, /^--far with --gallery-size must be above 0 and below 1, but is 0\.$/],
    [
      { far: 0.01, gallerySize: 100, data: undefined, pairs: 'missing.csv' },
      /^--far with --gallery-size simulates searches, but pairs .* --data, or remove --gallery-size and give --far 0\.0001\.$/,
    ],
    [
      { far: 0.01, gallerySize: 9 },
      /^--far with --gallery-size needs 20 people with two images each to simulate searches, but '.*faces' has 4\./,
    ],
    [{ odds: 0 }, /^--odds must be a finite number above 0, but is 0\.$/],
    [{ gallerySize: 2.5 }, /^--gallery-size must be a whole number/],
  ])('refuses %j', async (options, message) => {
    const all = { ...common, data: at('faces'), out: at('new'), ...options };
    await expect(calibrate(all, recordOutput())).rejects.toThrow(message);
    expect(await readdir(folder)).not.toContain('new');
  });

  it('leaves nothing behind after an error', async () => {
    const twice = at('twice');
    await writePeople(twice, { people: 1, images: 2 });
    await writePeople(join(twice, 'person-0'), { people: 1, images: 1 });
    await expect(calibrate({ ...common, data: twice, out: at('new') }, recordOutput())).rejects.toThrow(
      /one person only/,
    );
    await expect(
      calibrate({ ...common, data: at('faces'), far: 2, out: at('new') }, recordOutput()),
    ).rejects.toThrow(/^--far must be a finite number from 0 up to 1, but is 2\.$/);
    expect(await readdir(folder)).not.toContain('new');
  });

  it('names equal images that allow no threshold', async () => {
    const data = await writeCopies('equal');
    await expect(calibrate({ ...common, data, far: 0, out: at('new') }, recordOutput())).rejects.toThrow(
      /: 1 pair has equal images, such as 'person-0\/image-0\.png' and 'person-1\/image-0\.png'\. Is an image in/,
    );
    const [first, second] = [join(data, 'person-0', 'image-0.png'), join(data, 'person-1', 'image-0.png')];
    await writeFile(
      at('equal.csv'),
      `${first},${join(data, 'person-0', 'image-1.png')},1\n${first},${second},0\n`,
    );
    const pairs = at('equal.csv');
    await expect(calibrate({ ...common, pairs, far: 0, out: at('new') }, recordOutput())).rejects.toThrow(
      /equal images, such as '.*person-0\/image-0\.png' and '.*person-1\/image-0\.png'\./,
    );
  });
});

/** Writes two people with two images each, one of which both have. */
async function writeCopies(name: string): Promise<string> {
  await writePeople(at(name), { people: 2, images: 2 });
  await copyFile(at(name, 'person-0', 'image-0.png'), at(name, 'person-1', 'image-0.png'));
  return at(name);
}

describe('an image under two people', () => {
  const warning =
    "warning: 1 image is under two people: 'person-0/image-0.png' (person-0) = 'person-1/image-0.png' (person-1)";

  it('is a warning of evaluate, calibrate and identify', async () => {
    const data = await writeCopies('copies');
    const outputs = [recordOutput(), recordOutput(), recordOutput()] as const;
    await evaluate({ ...common, data }, outputs[0]);
    await calibrate({ ...common, data, out: at('copies.safetensors') }, outputs[1]);
    await identify({ ...common, gallery: data, paths: [image(0, 0)] }, outputs[2]);
    for (const { lines } of outputs) expect(lines).toContain(warning);
  });

  it('is no warning where there is none', async () => {
    const output = recordOutput();
    await evaluate({ ...common, data: at('faces') }, output);
    await identify({ ...common, gallery: at('faces'), paths: [image(0, 0)] }, output);
    expect(output.lines.join()).not.toContain('warning');
  });
});

describe('identify', () => {
  it('names the people of the gallery and nobody else', async () => {
    const options = { ...common, gallery: at('faces') };
    const known = await identify({ ...options, paths: [image(2, 0)] }, recordOutput());
    expect(known.data.question).toBeNull();
    expect(known).toMatchObject({ exitCode: 0, data: { pictures: [{ identity: 'person-2' }] } });
    expect(known.data).toMatchObject({ threshold: 0.9, thresholdSource: 'learned' });
    const strict = await writeStrict();
    const unknown = await identify({ ...options, model: strict, paths: [at('strangers')] }, recordOutput());
    expect(unknown.exitCode).toBe(1);
    expect(unknown.data.pictures).toHaveLength(4);
    expect(unknown.text.split('\n')[0]).toMatch(/unknown \(nearest: person-\d, cosine/);
  });

  it('prints the threshold that decides: the learned one, or the given one', async () => {
    const options = { ...common, gallery: at('faces'), paths: [image(2, 0)] };
    // The learned threshold is 0.9999; the threshold for pairs is 0.5.
    const strict = { ...options, model: await writeStrict(0.5) };
    const output = recordOutput();
    const learned = await identify(strict, output);
    const question = { kind: 'pair', odds: 1 / 49 };
    expect(learned).toMatchObject({
      exitCode: 1,
      data: { threshold: 0.9999, thresholdSource: 'learned', question },
    });
    expect(output.lines).toContain(
      'gallery        4 people\nthreshold      1.000, learned\nthreshold for  pairs of which 1 in 50 is the same person',
    );
    const given = await identify({ ...strict, threshold: 0.4 }, recordOutput());
    expect(given).toMatchObject({
      exitCode: 0,
      data: { threshold: 0.4, thresholdSource: 'given', question: null },
    });
  });

  /** Writes the model with a learned threshold that only near-copies reach. */
  async function writeStrict(threshold = 0.9999): Promise<string> {
    const { description, state } = decodeModel(await readFile(common.model));
    const path = at('strict.safetensors');
    const learnedThreshold = { cosine: 0.9999, between: 'embeddings', scale: 32, comparisons: 49 } as const;
    await writeFile(path, await encodeModel({ ...description, threshold, learnedThreshold }, state));
    tf.dispose(state);
    return path;
  }
});

describe('embed', () => {
  it('writes the same numbers in both formats', async () => {
    const paths = [at('strangers')];
    const { data } = await embed({ ...common, paths, out: at('e.npz') }, recordOutput());
    expect(data).toEqual({
      out: at('e.npz'),
      pictures: 4,
      engine: { name: 'cpu', version: null, threads: 1 },
      skipped: 0,
      skippedList: null,
      embeddingSize: 8,
    });
    await embed({ ...common, paths, out: at('e.jsonl') }, recordOutput());
    const lines = (await readFile(at('e.jsonl'), 'utf8')).trimEnd().split('\n');
    const rows = lines.map((line) => JSON.parse(line) as { path: string; embedding: number[] });
    expect(rows.map(({ path }) => path)).toEqual(
      [20, 20, 21, 21].map((person, n) => at('strangers', `person-${person}`, `image-${n % 2}.png`)),
    );
    for (const { embedding } of rows) expect(Math.hypot(...embedding)).toBeCloseTo(1, 5);
    const npz = await readFile(at('e.npz'));
    const first = Buffer.from(Float32Array.from(rows[0]!.embedding).buffer);
    expect(npz.indexOf(first)).toBeGreaterThan(0);
  });

  it.each([
    ['strangers', 'e.txt', /must end in \.npz or \.jsonl/],
    ['strangers', 'missing/e.npz', /there is no folder/],
    ['nowhere', 'new.npz', /There is no file or folder/],
    ['text.jpg', 'new.npz', /text\.jpg: cannot decode the image/],
  ])('rejects %s to %s', async (path, out, message) => {
    await expect(embed({ ...common, paths: [at(path)], out: at(out) }, recordOutput())).rejects.toThrow(
      message,
    );
    expect((await readdir(folder)).filter((name) => name.startsWith('new'))).toEqual([]);
  });
});
