import { appendFile, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ConfigError } from '@openset/core';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { startEvent, stepEvent } from '../__fixtures__/events.ts';
import { readEvents } from '../__fixtures__/read-tfevents.ts';
import type { TrainingEvent } from '../training/events.ts';
import { jsonLinesLogger } from './json-lines-logger.ts';
import { type Logger, logEvents } from './logger.ts';
import { tensorBoardLogger } from './tensor-board-logger.ts';
import { encodeRecord } from './tfevents.ts';

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'logs-'));
});
afterEach(async () => {
  await rm(folder, { recursive: true, force: true });
});

async function write(logger: Logger, events: readonly TrainingEvent[]) {
  for (const event of events) await logger.log(event);
  await logger.close?.();
}

const checkpoint = {
  kind: 'checkpoint',
  step: 2,
  epoch: 0,
  name: 'runs/step-00000002',
  isBest: false,
} as const;
const evaluation = {
  kind: 'evaluation',
  step: 2,
  epoch: 0,
  values: { accuracy: 0.75, rate: Number.NaN },
  isBest: true,
  seconds: 1,
} as const;

describe('jsonLinesLogger', () => {
  const read = async (path: string) =>
    (await readFile(path, 'utf8'))
      .trimEnd()
      .split('\n')
      .map((line) => JSON.parse(line));

  it('writes each event as a line', async () => {
    const path = join(folder, 'a', 'log.jsonl');
    const events = [startEvent(), stepEvent(1, { threshold: null }), stepEvent(2), evaluation, checkpoint];
    await write(jsonLinesLogger(path), events);
    const lines = await read(path);
    expect(lines.map(({ kind }) => kind)).toEqual(['start', 'step', 'step', 'evaluation', 'checkpoint']);
    expect(lines[2]).toEqual({ time: expect.stringMatching(/^\d{4}-\d\d-\d\dT.*Z$/), ...stepEvent(2) });
    expect(lines[3].values).toEqual({ accuracy: 0.75, rate: null });
  });

  it('removes lines after the checkpoint of a resumed run, and a truncated line', async () => {
    const path = join(folder, 'log.jsonl');
    const first = [startEvent(), stepEvent(1), stepEvent(2), checkpoint, stepEvent(3), stepEvent(4)];
    await write(jsonLinesLogger(path), first);
    await appendFile(path, '{"time":"2026-01-01T00:00:00.000Z","kind":"st');
    const again = [
      startEvent({ step: 2, resumedFrom: checkpoint.name }),
      stepEvent(3, { loss: 7 }),
      stepEvent(4),
    ];
    await write(jsonLinesLogger(path), again);
    expect((await read(path)).map(({ kind, step, loss }) => [kind, step, loss])).toEqual(
      [...first.slice(0, 4), ...again].map((event) => [
        event.kind,
        event.step,
        'loss' in event ? event.loss : undefined,
      ]),
    );
    // A new run clears the file.
    await write(jsonLinesLogger(path), [startEvent(), stepEvent(1)]);
    expect(await read(path)).toHaveLength(3);
  });

  it('rejects a file that is not its log, and leaves it unchanged', async () => {
    const path = join(folder, 'notes.txt');
    for (const content of ['épater\n{"step":1}\n', '{"step":1}\n', 'one line']) {
      await writeFile(path, content);
      await expect(write(jsonLinesLogger(path), [startEvent()])).rejects.toThrow(ConfigError);
      expect(await readFile(path, 'utf8')).toBe(content);
    }
    await writeFile(path, '{"ti');
    await write(jsonLinesLogger(path), [startEvent()]);
    expect(await read(path)).toHaveLength(1);
  });

  it('counts bytes, not characters', async () => {
    const path = join(folder, 'log.jsonl');
    const named = { ...checkpoint, name: 'läufe/日本' };
    await write(jsonLinesLogger(path), [startEvent(), stepEvent(2), named, stepEvent(3)]);
    await write(jsonLinesLogger(path), [startEvent({ step: 2 })]);
    const lines = await read(path);
    expect(lines.map(({ kind }) => kind)).toEqual(['start', 'step', 'checkpoint', 'start']);
    expect(lines[2].name).toBe('läufe/日本');
  });

  it('writes every n-th step', async () => {
    const path = join(folder, 'log.jsonl');
    await write(jsonLinesLogger(path, { everySteps: 2 }), [
      startEvent(),
      ...[1, 2, 3, 4].map((step) => stepEvent(step)),
    ]);
    expect((await read(path)).map(({ step }) => step)).toEqual([0, 2, 4]);
    expect(() => jsonLinesLogger(path, { everySteps: 0 })).toThrow(ConfigError);
  });
});

describe('tensorBoardLogger', () => {
  const files = async () => (await readdir(folder)).sort();
  const read = async (name: string) => readEvents(await readFile(join(folder, name)));

  it('writes scalars that can be read back', async () => {
    const epoch = { kind: 'epoch', step: 2, epoch: 0, loss: 8, threshold: null, images: 20 } as const;
    const events = [
      startEvent(),
      stepEvent(1, { loss: null, threshold: null }),
      stepEvent(2),
      { kind: 'ranks', step: 2, epoch: 0, imagesPerSecond: [12, 8.5] } as const,
      epoch,
      evaluation,
      checkpoint,
    ];
    await write(tensorBoardLogger(folder), events);
    const [name] = await files();
    expect(name).toMatch(/^events\.out\.tfevents\.\d{10}\./);
    const found = await read(name as string);
    expect(Math.abs((found[0]?.wallTime as number) - Date.now() / 1000)).toBeLessThan(60);
    const float = Math.fround;
    expect(found.map(({ wallTime, ...rest }) => rest)).toEqual([
      { step: 0, version: 'brain.Event:2' },
      { step: 1, sessionStatus: 1 },
      {
        step: 1,
        scalars: { 'train/gradientNorm': 1.5, 'train/learningRate': float(0.1), 'train/imagesPerSecond': 20 },
      },
      {
        step: 2,
        scalars: {
          'train/loss': float(12.3456 / 2),
          'train/gradientNorm': 1.5,
          'train/learningRate': float(0.1),
          'train/threshold': float(0.31234),
          'train/imagesPerSecond': 20,
        },
      },
      { step: 2, scalars: { 'ranks/0': 12, 'ranks/1': 8.5 } },
      { step: 2, scalars: { 'epoch/loss': 8 } },
      { step: 2, scalars: { 'evaluation/accuracy': 0.75, 'evaluation/rate': Number.NaN } },
    ]);
  });

  it('writes a new file for a resumed run, which discards the repeated steps', async () => {
    await write(tensorBoardLogger(folder), [startEvent(), ...[1, 2, 3].map((step) => stepEvent(step))]);
    await write(tensorBoardLogger(folder, { everySteps: 2 }), [
      startEvent({ step: 2 }),
      stepEvent(3),
      stepEvent(4),
    ]);
    const [first, second] = await files();
    expect(await read(first as string)).toHaveLength(5);
    expect((await read(second as string)).map(({ step, sessionStatus }) => [step, sessionStatus])).toEqual([
      [0, undefined],
      [3, 1],
      [4, undefined],
    ]);
    expect(() => tensorBoardLogger(folder, { everySteps: -1 })).toThrow(ConfigError);
  });

  it('leaves a file that is readable up to a truncated record', async () => {
    const record = encodeRecord({ wallTime: 1, step: 300, content: { kind: 'scalars', values: { a: 1 } } });
    const bytes = Uint8Array.from([...record, ...record.slice(0, 20)]);
    expect(readEvents(bytes)).toEqual([{ wallTime: 1, step: 300, scalars: { a: 1 } }]);
    bytes[14] = (bytes[14] as number) ^ 1;
    expect(() => readEvents(bytes)).toThrow(/checksum/);
  });

  it('writes the same bytes as TensorFlow', () => {
    // tensorboard 2.21 and protobuf's own encoder:
    //   Event(wall_time=1.5, step=2**40, summary=Summary(value=[Summary.Value(tag='a/b', simple_value=.25)]))
    //     .SerializeToString().hex()
    const record = encodeRecord({
      wallTime: 1.5,
      step: 2 ** 40,
      content: { kind: 'scalars', values: { 'a/b': 0.25 } },
    });
    expect(Buffer.from(record.subarray(12, -4)).toString('hex')).toBe(
      '09000000000000f83f108080808080202a0c0a0a0a03612f62150000803e',
    );
  });
});

describe('logEvents', () => {
  it('closes the loggers when the run fails or the loop is left', async () => {
    const seen: string[] = [];
    const logger = (name: string): Logger => ({
      log: (event) => void seen.push(`${name} ${event.kind}`),
      close: async () => void seen.push(`${name} closed`),
    });
    async function* failing(): AsyncGenerator<TrainingEvent> {
      yield startEvent();
      throw new RangeError('no');
    }
    const all = async () => {
      for await (const event of logEvents(failing(), logger('a'), logger('b'))) seen.push(event.kind);
    };
    await expect(all()).rejects.toThrow(RangeError);
    expect(seen).toEqual(['a start', 'b start', 'start', 'a closed', 'b closed']);
    for await (const _ of logEvents(failing(), logger('c'), { log: () => {} })) break;
    expect(seen.slice(5)).toEqual(['c start', 'c closed']);
  });

  it('closes all loggers if one fails to close, and throws the error of the run first', async () => {
    const closed: string[] = [];
    const full: Logger = { log: () => {}, close: () => Promise.reject(new Error('ENOSPC')) };
    const other: Logger = { log: () => {}, close: () => void closed.push('other') };
    async function* events(fails: boolean): AsyncGenerator<TrainingEvent> {
      yield startEvent();
      if (fails) throw new RangeError('the run');
    }
    const all = async (fails: boolean) => {
      for await (const _ of logEvents(events(fails), full, other));
    };
    await expect(all(false)).rejects.toThrow('ENOSPC');
    await expect(all(true)).rejects.toThrow('the run');
    expect(closed).toEqual(['other', 'other']);
  });
});
