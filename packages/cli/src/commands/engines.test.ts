import { readFile } from 'node:fs/promises';
import { ConfigError } from '@openset/core';
import { describe, expect, it } from 'vitest';
import { useModelFolder } from '../__fixtures__/model-folder.ts';
import { recordOutput } from '../__fixtures__/record-output.ts';
import { useBackend } from '../backends.ts';
import { openRecognizer } from '../recognizer/open-recognizer.ts';
import { embed } from './embed.ts';
import { enroll } from './enroll.ts';
import { evaluate } from './evaluate.ts';
import { identify } from './identify.ts';
import { serve } from './serve.ts';
import { verify } from './verify.ts';

const { at, common, image } = useModelFolder();
const onnxruntime = { ...common, engine: 'onnxruntime' } as const;
const used = { name: 'onnxruntime', version: expect.any(String), threads: expect.any(Number) };
const own = { name: 'cpu', version: null, threads: 1 };

describe('--engine onnxruntime', () => {
  it('verify', async () => {
    const pair = { first: image(0, 0), second: image(0, 1) };
    const output = recordOutput();
    const expected = await verify({ ...common, ...pair }, recordOutput());
    const found = await verify({ ...onnxruntime, ...pair }, output);
    expect(expected.data.engine).toEqual(own);
    expect(found.data.engine).toEqual(used);
    expect(found.data.cosine).toBeCloseTo(expected.data.cosine, 5);
    expect(output.lines).toContainEqual(expect.stringMatching(/^engine: onnxruntime /));
  });

  it('identify, in a gallery of another engine', async () => {
    const gallery = at('engines.db');
    await enroll({ ...common, gallery, name: 'Ada', photos: [image(0, 0), image(0, 1)] }, recordOutput());
    const probe = { gallery, paths: [image(0, 2)] };
    const expected = await identify({ ...common, ...probe }, recordOutput());
    const found = await identify({ ...onnxruntime, model: undefined, ...probe }, recordOutput());
    expect(found.data.engine).toEqual(used);
    expect(found.data.pictures[0]!.candidates[0]!.cosine).toBeCloseTo(
      expected.data.pictures[0]!.candidates[0]!.cosine,
      5,
    );
    const folder = { gallery: at('faces'), paths: [image(0, 2)] };
    const known = await identify({ ...onnxruntime, ...folder }, recordOutput());
    expect(known.data.pictures[0]!.identity).toBe('person-0');
  });

  it('embed', async () => {
    const paths = [at('faces', 'person-0'), at('faces', 'person-1')];
    const read = async (file: string) =>
      (await readFile(file, 'utf8'))
        .trim()
        .split('\n')
        .map((line) => (JSON.parse(line) as { embedding: number[] }).embedding);
    const written = await embed({ ...onnxruntime, paths, out: at('other.jsonl') }, recordOutput());
    await embed({ ...common, paths, out: at('own.jsonl') }, recordOutput());
    expect(written.data.engine).toEqual(used);
    const [found, expected] = [await read(at('other.jsonl')), await read(at('own.jsonl'))];
    expect(found).toHaveLength(8);
    for (const [row, values] of expected.entries()) {
      for (const [place, value] of values.entries()) expect(found[row]![place]).toBeCloseTo(value, 5);
    }
  });

  it('evaluate', async () => {
    const expected = await evaluate({ ...common, data: at('faces') }, recordOutput());
    const found = await evaluate({ ...onnxruntime, data: at('faces') }, recordOutput());
    expect(found.data.engine).toEqual(used);
    expect(expected.data.engine).toEqual(own);
    expect(found.data.accuracy).toEqual(expected.data.accuracy);
    expect(found.data.uniform!.sampleWise).toBeCloseTo(expected.data.uniform!.sampleWise, 4);
  });

  it('serve, in two threads that are stopped while they run', async () => {
    const stop = new AbortController();
    const output = recordOutput();
    const place = { host: '127.0.0.1', port: 0, gallery: at('served.db'), log: 'silent' } as const;
    const result = serve({ ...onnxruntime, ...place, workers: 1, signal: stop.signal }, output);
    await expect.poll(() => output.lines.join('\n')).toMatch(/listening +http/);
    expect(output.lines).toContainEqual(expect.stringMatching(/^engine: onnxruntime /));
    stop.abort();
    expect((await result).data.engine).toEqual(used);

    const recognizer = await openRecognizer({ ...onnxruntime, workers: 2 });
    const bytes = await readFile(image(0, 0));
    const answers = Array.from({ length: 6 }, () => recognizer.recognize(new Uint8Array(bytes)));
    const faces = (await Promise.all(answers)).map((answer) => answer.faces[0]!.embedding);
    expect(faces.every((embedding) => embedding?.length === 8)).toBe(true);
    await recognizer.close();
  });

  it('is refused with another backend as engine', async () => {
    const pair = { first: image(0, 0), second: image(0, 1) };
    await expect(verify({ ...common, engine: 'wasm', ...pair }, recordOutput())).rejects.toThrow(ConfigError);
    await useBackend('cpu');
  });
});
