import { DataError, randomNumbers } from '@openset/core';
import * as fc from 'fast-check';
import { describe, expect, inject, it } from 'vitest';
import { ConflictError } from './errors.ts';
import { exportGallery } from './export-gallery.ts';
import type { FixedFacts, Gallery, PersonRecord } from './gallery.ts';
import { importGallery } from './import-gallery.ts';
import { MemoryGallery } from './memory-gallery.ts';

const facts: FixedFacts = {
  model: { fingerprint: 'f'.repeat(64), name: 'plane' },
  embeddingSize: 2,
  crop: null,
  comparison: 'mean',
};

const ada: PersonRecord = {
  id: 'person-1',
  name: 'Ada 😀',
  metadata: { team: ['A', null, 1.5] },
  enrolledAt: '2026-01-02T03:04:05.678Z',
  embeddings: [
    {
      id: 'e-1',
      source: 'ada "1".jpg',
      model: 'f'.repeat(64),
      enrolledAt: '2026-01-02T03:04:05.679Z',
      // The smallest number, and zero with a sign.
      values: Float32Array.of(1, -1.401298464324817e-45),
    },
    {
      id: 'e-2',
      source: null,
      model: 'f'.repeat(64),
      enrolledAt: '2026-01-02T03:04:06.000Z',
      values: Float32Array.of(-0, 1),
    },
  ],
};

/** The lines of a gallery with one person. */
const literalLines = [
  `{"format":"openset-gallery","version":1,"model":{"fingerprint":"${'f'.repeat(64)}","name":"plane"},"embeddingSize":2,"crop":null,"comparison":"mean","createdAt":"CREATED","operatingPoint":{"threshold":0.25,"question":{"kind":"far","rate":0.001}}}`,
  `{"id":"person-1","name":"Ada 😀","metadata":{"team":["A",null,1.5]},"enrolledAt":"2026-01-02T03:04:05.678Z","embeddings":[{"id":"e-1","source":"ada \\"1\\".jpg","model":"${'f'.repeat(64)}","enrolledAt":"2026-01-02T03:04:05.679Z","values":"AACAPwEAAIA="},{"id":"e-2","source":null,"model":"${'f'.repeat(64)}","enrolledAt":"2026-01-02T03:04:06.000Z","values":"AAAAgAAAgD8="}]}`,
  '{"end":true,"people":1}',
];
literalLines[0] = literalLines[0]!.replace('CREATED', '2026-01-01T00:00:00.000Z');

async function linesOf(gallery: Gallery): Promise<string[]> {
  const lines: string[] = [];
  for await (const line of exportGallery(gallery)) lines.push(line);
  return lines;
}

/** Returns a gallery with the person above and others. */
async function galleryWith(people: number, size = 2): Promise<MemoryGallery> {
  const gallery = new MemoryGallery({ ...facts, embeddingSize: size });
  const random = randomNumbers(people);
  for (let person = 0; person < people; person++) {
    const values = Float32Array.from({ length: size }, () => random() - 0.5);
    await gallery.enroll(`person ${person}`, [{ values }, { values: values.map((value) => value + 0.1) }]);
  }
  return gallery;
}

describe('exportGallery', () => {
  it('yields these lines', async () => {
    const gallery = new MemoryGallery(facts);
    await gallery.restore(ada);
    await gallery.setOperatingPoint({ threshold: 0.25, question: { kind: 'far', rate: 0.001 } });
    const [first, ...others] = await linesOf(gallery);
    expect(first).toBe(literalLines[0]!.replace('2026-01-01T00:00:00.000Z', gallery.facts.createdAt));
    expect(others).toEqual(literalLines.slice(1));
  });

  it('yields a first and a last line of an empty gallery', async () => {
    const lines = await linesOf(new MemoryGallery(facts));
    expect(lines).toHaveLength(2);
    expect(await importGallery(new MemoryGallery(facts), lines)).toEqual({
      added: 0,
      embeddings: 0,
      skipped: 0,
    });
  });
});

describe('importGallery', () => {
  it('restores everything bit for bit, and skips it when it is repeated', async () => {
    const gallery = new MemoryGallery(facts);
    const counts: object[] = [];
    const onProgress = (progress: object) => counts.push(progress);
    expect(await importGallery(gallery, literalLines, { onProgress })).toEqual({
      added: 1,
      embeddings: 2,
      skipped: 0,
    });
    expect(counts).toEqual([{ added: 1, embeddings: 2, skipped: 0 }]);
    const { embeddings, ...rest } = ada;
    expect(await gallery.find({ id: 'person-1' })).toEqual({ ...rest, embeddingCount: 2 });
    const stored = await gallery.embeddings('person-1');
    expect(stored).toEqual(embeddings);
    expect(Object.is(stored![1]!.values[0], -0)).toBe(true);
    expect(gallery.facts.operatingPoint).toEqual({ threshold: 0.25, question: { kind: 'far', rate: 0.001 } });
    expect(await importGallery(gallery, ['', ...literalLines, ' '])).toEqual({
      added: 0,
      embeddings: 0,
      skipped: 1,
    });
    expect((await linesOf(gallery)).slice(1)).toEqual(literalLines.slice(1));
  });

  it('keeps the threshold of the gallery, if it has one', async () => {
    const gallery = new MemoryGallery(facts);
    await gallery.setOperatingPoint({ threshold: 0.5, question: null });
    await importGallery(gallery, literalLines);
    expect(gallery.facts.operatingPoint).toEqual({ threshold: 0.5, question: null });
  });

  it('moves people to a gallery with another comparison', async () => {
    const gallery = new MemoryGallery({ ...facts, comparison: 'best' });
    expect(await importGallery(gallery, literalLines)).toMatchObject({ added: 1 });
  });

  it('continues an import that was interrupted', async () => {
    const lines = await linesOf(await galleryWith(30));
    const copy = new MemoryGallery(facts);
    await expect(importGallery(copy, lines.slice(0, 12))).rejects.toThrow(
      'The export ends after line 12 without its last line, so it was truncated: export it again. The 11 people before that are in the gallery.',
    );
    expect(await importGallery(copy, lines)).toEqual({ added: 19, embeddings: 38, skipped: 11 });
    expect((await linesOf(copy)).slice(1)).toEqual(lines.slice(1));
  });

  it.each<[string, Partial<PersonRecord>]>([
    ['another name', { name: 'Ada' }],
    ['other metadata', { metadata: {} }],
    ['another time', { enrolledAt: '2026-01-02T03:04:05.679Z' }],
    ['fewer embeddings', { embeddings: ada.embeddings.slice(1) }],
    [
      'another value',
      { embeddings: [ada.embeddings[0]!, { ...ada.embeddings[1]!, values: Float32Array.of(0, 1) }] },
    ],
    ['another person of the name', { id: 'person-2', embeddings: [] }],
  ])('names the person in a conflict: %s', async (_, changes) => {
    const gallery = new MemoryGallery(facts);
    await gallery.restore({ ...ada, ...changes });
    const before = await linesOf(gallery);
    const refused = importGallery(gallery, literalLines);
    await expect(refused).rejects.toThrow(ConflictError);
    await expect(refused).rejects.toThrow("Line 2: 'Ada 😀' (person-1) cannot be imported:");
    expect(await linesOf(gallery)).toEqual(before);
  });

  const change = (line: number, from: string, to: string) =>
    literalLines.map((text, index) => {
      if (index !== line) return text;
      expect(text).toContain(from);
      return text.replace(from, to);
    });

  it.each<[string, () => string[], string]>([
    ['nothing', () => [], 'The file is empty'],
    ['another file', () => ['{"people":[]}'], 'Line 1 is not the first line of an exported gallery.'],
    ['a list', () => ['[1]'], 'Line 1 is no JSON object'],
    [
      'another version',
      () => change(0, '"version":1', '"version":2'),
      'Line 1 has version 2 of the format, but this release reads version 1.',
    ],
    ['another model', () => change(0, 'ffff', 'eeee'), 'was made with the model'],
    ['no model', () => change(0, '"model"', '"other"'), 'Line 1: A gallery needs the fingerprint'],
    [
      'another size',
      () => change(0, '"embeddingSize":2', '"embeddingSize":3'),
      'embeddings of 2 numbers, but the model makes 3',
    ],
    ['another crop', () => change(0, '"crop":null', '"crop":{"kind":"points"}'), 'images as they are'],
    ['a threshold out of range', () => change(0, '0.25', '25'), 'Line 1: setOperatingPoint: threshold'],
    [
      'half a line',
      () => [literalLines[0]!, literalLines[1]!.slice(0, 100)],
      'Line 2 is no JSON, so the file is truncated or damaged.',
    ],
    [
      'text that is no base64',
      () => change(1, 'AACAPw', 'AAC*Pw'),
      'Line 2: The values of an embedding must be base64 text.',
    ],
    [
      'missing values',
      () => change(1, 'AACAPwEAAIA=', 'AACAPw=='),
      'Line 2: The values of an embedding have 4 bytes, but 2 float32 numbers have 8.',
    ],
    [
      'values that are not finite',
      () => change(1, 'AACAPwEAAIA=', 'AADAfwEAAIA='),
      "Line 2: An embedding of 'Ada 😀' has values that are not finite",
    ],
    [
      'no embeddings',
      () => change(1, '"embeddings"', '"other"'),
      'Line 2: A person needs a list of embeddings.',
    ],
    [
      'an embedding of another model',
      () => change(1, '"model":"f', '"model":"e'),
      "Line 2: An embedding of 'Ada 😀' was made by the model",
    ],
    ['a bad name', () => change(1, 'Ada 😀', ''), 'Line 2: A name must not be empty.'],
    [
      'a wrong number of people',
      () => change(2, '1', '2'),
      'Line 3 ends an export of 2 people, but 1 came before it.',
    ],
    [
      'lines after the last',
      () => [...literalLines, literalLines[1]!],
      'Line 4 comes after the last line of the export.',
    ],
    [
      'a missing last line',
      () => literalLines.slice(0, 2),
      'The export ends after line 2 without its last line',
    ],
  ])('says which line is bad: %s', async (_, lines, message) => {
    await expect(importGallery(new MemoryGallery(facts), lines())).rejects.toThrow(message);
  });

  it('keeps what came before a bad line, and adds nothing of the line', async () => {
    const lines = await linesOf(await galleryWith(3));
    lines[2] = lines[2]!.replace('"values":"', '"values":"A');
    const gallery = new MemoryGallery(facts);
    await expect(importGallery(gallery, lines)).rejects.toThrow('Line 3:');
    expect((await gallery.people()).people.map(({ name }) => name)).toEqual(['person 0']);
  });

  it('takes a changed file or refuses it with its own error, for any change', async () => {
    const text = literalLines.join('\n');
    const changes = fc.record({
      at: fc.nat(text.length - 1),
      length: fc.nat(30),
      insert: fc.oneof(
        fc.string({ maxLength: 5 }),
        fc.constantFrom('null', '{}', '[]', '"', '\\', '-1', '1e999'),
      ),
    });
    await fc.assert(
      fc.asyncProperty(changes, async ({ at, length, insert }) => {
        const gallery = new MemoryGallery(facts);
        const lines = (text.slice(0, at) + insert + text.slice(at + length)).split('\n');
        try {
          const counts = await importGallery(gallery, lines);
          expect((await gallery.count()).people).toBe(counts.added);
        } catch (error) {
          // ShapeError and ConfigError of other sizes and facts, too; never a TypeError.
          expect((error as Error).constructor.name).toMatch(/^(Data|Shape|Config|Conflict)Error$/);
          expect((error as Error).message).toMatch(
            /[Ll]ine \d+|The file is empty|The gallery to import into/,
          );
          expect((await gallery.count()).people).toBeLessThanOrEqual(1);
        }
      }),
      { numRuns: inject('long') ? 20_000 : 400 },
    );
  });

  it('moves 10,000 people', async () => {
    const gallery = await galleryWith(10_000, 8);
    const lines = await linesOf(gallery);
    const copy = new MemoryGallery({ ...facts, embeddingSize: 8 });
    expect(await importGallery(copy, lines)).toEqual({ added: 10_000, embeddings: 20_000, skipped: 0 });
    expect((await linesOf(copy)).slice(1)).toEqual(lines.slice(1));
  });

  it('reads lines while they arrive', async () => {
    const gallery = new MemoryGallery(facts);
    async function* lines() {
      yield* literalLines.slice(0, 2);
      expect(await gallery.count()).toEqual({ people: 1, embeddings: 2 });
      yield literalLines[2]!;
    }
    expect(await importGallery(gallery, lines())).toMatchObject({ added: 1 });
    await expect(importGallery(gallery, ['x'])).rejects.toThrow(DataError);
  });
});
