import { cp, readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { encodeModel } from '@openset/verify';
import * as tf from '@tensorflow/tfjs-core';
import sharp from 'sharp';
import { beforeAll, describe, expect, it } from 'vitest';
import { describeModel, useModelFolder } from '../__fixtures__/model-folder.ts';
import { recordOutput } from '../__fixtures__/record-output.ts';
import { readModel } from '../model/load-model.ts';
import { calibrate } from './calibrate.ts';
import { embed } from './embed.ts';
import { evaluate } from './evaluate.ts';
import { identify } from './identify.ts';
import { train } from './train.ts';
import { verify } from './verify.ts';

const { at, common, image } = useModelFolder();
/** A model that was trained with images as they are stored. */
const unturned = () => ({ ...common, model: at('unturned.safetensors') });

beforeAll(async () => {
  // The same people, every image on its side, with the EXIF orientation that turns it upright.
  await cp(at('faces'), at('turned'), { recursive: true });
  for (const name of await readdir(at('turned'), { recursive: true })) {
    const path = at('turned', name);
    if (!name.endsWith('.png')) continue;
    const onSide = await sharp(await readFile(path))
      .rotate(270)
      .withMetadata({ orientation: 6 })
      .png()
      .toBuffer();
    await writeFile(path, onSide);
  }
  const lines = [0, 1, 2, 3].flatMap((person) => [
    `person-${person}/image-0.png,person-${person}/image-1.png,1`,
    `person-${person}/image-0.png,person-${(person + 1) % 4}/image-1.png,0`,
  ]);
  await writeFile(at('pairs.csv'), lines.join('\n'));
  const { description, state } = await readModel(common.model);
  await writeFile(
    at('unturned.safetensors'),
    await encodeModel({ ...description, orientation: 'ignore' }, state),
  );
  tf.dispose(state);
});

/** Path of the image in `turned`. */
const turned = (person: number, number: number) => at('turned', `person-${person}`, `image-${number}.png`);

describe('images with an EXIF orientation', () => {
  it('are turned in verify, with a word that names them', async () => {
    const output = recordOutput();
    const pair = { first: image(0, 0), second: turned(0, 0) };
    const { data } = await verify({ ...common, ...pair }, output);
    expect(data.cosine).toBeCloseTo(1, 4);
    expect(output.lines).toContain(`turned upright by its EXIF orientation: ${turned(0, 0)}`);
  });

  it.each([
    ['by --orientation ignore', () => ({ ...common, orientation: 'ignore' as const })],
    ['for a model trained without', unturned],
  ])('stay as stored %s', async (_, options) => {
    const output = recordOutput();
    const { data } = await verify({ ...options(), first: image(0, 0), second: turned(0, 0) }, output);
    expect(data.cosine).toBeLessThan(0.99);
    expect(output.lines.join()).not.toContain('turned');
  });

  it('are turned by --orientation exif for a model trained without', async () => {
    const options = { ...unturned(), orientation: 'exif' as const };
    const { data } = await verify({ ...options, first: image(0, 0), second: turned(0, 0) }, recordOutput());
    expect(data.cosine).toBeCloseTo(1, 4);
  });

  it('are turned among probes and in the gallery', async () => {
    for (const [paths, gallery] of [
      [[turned(2, 0)], at('faces')],
      [[image(2, 0)], at('turned')],
    ] as const) {
      const output = recordOutput();
      const { data } = await identify({ ...common, paths, gallery }, output);
      expect(data.pictures[0]).toMatchObject({ identity: 'person-2' });
      expect(output.lines.join()).toContain('EXIF orientation');
      const stored = await identify({ ...common, paths, gallery, orientation: 'ignore' }, recordOutput());
      expect(stored.data.pictures[0]?.candidates[0]?.cosine).toBeLessThan(
        data.pictures[0]!.candidates[0]!.cosine,
      );
    }
  });

  it('give the same embeddings and evaluations as upright ones', async () => {
    const embeddings = async (folder: string) => {
      const output = recordOutput();
      await embed({ ...common, paths: [at(folder)], out: at(`${folder}.jsonl`) }, output);
      const lines = (await readFile(at(`${folder}.jsonl`), 'utf8')).trim().split('\n');
      return { output, values: lines.map((line) => JSON.parse(line).embedding as number[]) };
    };
    const [upright, onSide] = [await embeddings('faces'), await embeddings('turned')];
    // Resizing rows before columns rounds otherwise than columns before rows.
    const differences = onSide.values.flat().map((value, at) => Math.abs(value - upright.values.flat()[at]!));
    expect(Math.max(...differences)).toBeLessThan(0.02);
    expect(onSide.output.lines).toContain('turned upright by their EXIF orientation: 16 images');
    const measured = async (folder: string, options: object = {}) => {
      const byFolder = await evaluate({ ...common, data: at(folder), ...options }, recordOutput());
      const pairs = { pairs: at('pairs.csv'), images: at(folder) };
      const byPairs = await evaluate({ ...common, ...pairs, ...options }, recordOutput());
      return [byFolder.data.accuracy, byPairs.data.accuracy];
    };
    expect(await measured('turned')).toEqual(await measured('faces'));
  });

  it('are recorded in a calibrated model only if the user or the model said so', async () => {
    const calibrated = async (options: object) => {
      const out = join(at('faces'), '..', `calibrated-${Math.random()}.safetensors`);
      await calibrate({ ...common, data: at('turned'), out, ...options }, recordOutput());
      return (await describeModel(out)).orientation;
    };
    expect(await calibrated({})).toBeUndefined();
    expect(await calibrated(unturned())).toBe('ignore');
    expect(await calibrated({ ...unturned(), orientation: 'exif' })).toBe('exif');
  });
});

describe('openset train', () => {
  const settings = { data: '', steps: 2, heldOut: 0.25, backend: 'cpu' } as const;
  const network = { backbone: 'small-cnn', width: 4, embeddingSize: 8, inputSize: 24, channels: 3 };
  const run = async (out: string, options: object, output = recordOutput()) => {
    await writeFile(at('settings.json'), JSON.stringify({ network, batchSize: 4, threads: 1 }));
    await train(
      { ...settings, config: at('settings.json'), data: at('turned'), out: at(out), ...options },
      output,
    );
    const config = JSON.parse(await readFile(at(out, 'config.json'), 'utf8'));
    return { output, config, model: await describeModel(at(out, 'model.safetensors')) };
  };

  it('turns images by default, and records it in the run and in the model', async () => {
    const upright = await run('upright', { data: at('faces') });
    const onSide = await run('on-side', {});
    expect(onSide.config.orientation).toBe('exif');
    expect(onSide.model.orientation).toBe('exif');
    expect(onSide.output.lines.join('\n')).toMatch(/turned upright by their EXIF orientation: \d+ images/);
    const weights = async (out: string) => {
      const { state } = await readModel(at(out, 'model.safetensors'));
      const values = Object.values(state).map((tensor) => [...tensor.dataSync()]);
      tf.dispose(state);
      return values;
    };
    expect(await weights('on-side')).toEqual(await weights('upright'));
    expect(upright.output.lines.join('\n')).not.toContain('turned');
  });

  it('keeps the orientation of a run that resumes, also of versions that had none', async () => {
    const { config } = await run('kept', { orientation: 'ignore' });
    expect(config.orientation).toBe('ignore');
    const { orientation: _, ...old } = config;
    await writeFile(at('kept', 'config.json'), JSON.stringify(old));
    const output = recordOutput();
    await train({ out: at('kept'), resume: true }, output);
    expect((await describeModel(at('kept', 'model.safetensors'))).orientation).toBe('ignore');
    expect(output.lines.join('\n')).not.toContain('turned');
    await expect(train({ out: at('kept'), resume: true, orientation: 'exif' }, output)).rejects.toThrow(
      'Remove --orientation',
    );
  });
});
