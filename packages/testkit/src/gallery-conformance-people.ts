import { ConflictError } from '@openset/gallery';
import { expect, it } from 'vitest';
import {
  asNew,
  compareBytes,
  contentOf,
  type GalleryTestContext,
  vector,
} from './gallery-conformance-setup.ts';

const uuid = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/;
const isoTime = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/;

/** Names that break stores which build their queries or paths from text, or change it. */
const hardNames = [
  "'; DROP TABLE people; --",
  "Robert'); DELETE FROM person WHERE ('1'='1",
  `"quoted" 'twice' \`thrice\``,
  'back\\slash \\n \\0 \\x27',
  '%',
  '_',
  'a%b_c*?[d]',
  '../../etc/passwd',
  'C:\\Windows\\system32',
  '/',
  '.',
  'null',
  'undefined',
  'NaN',
  '0',
  '-1',
  'true',
  '__proto__',
  'constructor',
  '$1 \u0024{name} {{name}} :name @name ?',
  '<script>alert(1)</script>',
  '🙂👩‍👩‍👧‍👦🏴󠁧󠁢󠁥󠁮󠁧󠁿',
  'שלום عليكم',
  '山田 太郎',
  'İstanbul ß ẞ ſ',
  'a\u00a0b',
  'na\ufeffme',
  'ada',
  'Ada',
  'ADA',
  'é',
  'e',
  'x'.repeat(200),
  '😀'.repeat(200),
];

/** Registers the tests of enrolling, finding, listing and changing people. */
export function peopleTests({ open, comparison }: GalleryTestContext): void {
  it('creates a person at the first enrollment, and adds to it at the next', async () => {
    const gallery = await open();
    const start = Date.now();
    const first = await gallery.enroll('Ada', [{ values: vector(3, 4, 0), source: 'ada 1.jpg' }]);
    expect(first.isNew).toBe(true);
    expect(first.person).toEqual({
      id: expect.stringMatching(uuid),
      name: 'Ada',
      metadata: {},
      enrolledAt: expect.stringMatching(isoTime),
      embeddingCount: 1,
    });
    expect(Math.abs(Date.parse(first.person.enrolledAt) - start)).toBeLessThan(60_000);
    const second = await gallery.enroll('Ada', asNew(vector(1, 0, 0), vector(0, 0, 2)));
    expect(second).toMatchObject({ isNew: false, person: { ...first.person, embeddingCount: 3 } });
    expect(second.embeddingIds).toHaveLength(2);
    const stored = await gallery.embeddings(first.person.id);
    expect(stored).toEqual(
      [
        ['ada 1.jpg', vector(0.6, 0.8, 0)],
        [null, vector(1, 0, 0)],
        [null, vector(0, 0, 1)],
      ].map(([source, values], index) => ({
        id: [...first.embeddingIds, ...second.embeddingIds][index],
        source,
        values,
        model: gallery.facts.model.fingerprint,
        enrolledAt: expect.stringMatching(isoTime),
      })),
    );
    expect(new Set(stored!.map(({ id }) => id)).size).toBe(3);
    expect(stored!.every(({ values }) => values instanceof Float32Array)).toBe(true);
    expect(stored![0]!.enrolledAt).toBe(first.person.enrolledAt);
    expect(await gallery.count()).toEqual({ people: 1, embeddings: 3 });
  });

  it('keeps embeddings in order of enrollment, and those at unit length bit for bit', async () => {
    const gallery = await open();
    const angles = Array.from({ length: 25 }, (_, index) => 0.7 * Math.sin(index * index));
    const given = angles.map((angle) => vector(Math.cos(angle), Math.sin(angle), 1e-20));
    for (const part of [given.slice(0, 1), given.slice(1, 12), given.slice(12)]) {
      await gallery.enroll('Ada', asNew(...part));
    }
    const { id } = (await gallery.find({ name: 'Ada' }))!;
    expect((await gallery.embeddings(id))!.map(({ values }) => [...values])).toEqual(
      given.map((values) => [...values]),
    );
  });

  it('keeps metadata until an enrollment or an update replaces them', async () => {
    const gallery = await open();
    const metadata = {
      text: 'it\'s "quoted" \\ % _ 🙂 שלום \n\t',
      number: -1.5e-7,
      large: 1e300,
      exact: 9007199254740991,
      yes: true,
      nothing: null,
      list: [1, [2, { three: 3 }], '', []],
      'key with \' " \\ 😀': { '': 0 },
    };
    const { person } = await gallery.enroll('Ada', asNew(vector(1, 0, 0)), { metadata });
    expect(person.metadata).toEqual(metadata);
    await gallery.enroll('Ada', asNew(vector(1, 0, 0)));
    expect((await gallery.find({ id: person.id }))!.metadata).toEqual(metadata);
    await gallery.enroll('Ada', asNew(vector(1, 0, 0)), { metadata: { team: 'B' } });
    expect((await gallery.find({ id: person.id }))!.metadata).toEqual({ team: 'B' });
    await gallery.update(person.id, { metadata: {} });
    expect((await gallery.people()).people[0]!.metadata).toEqual({});
  });

  it('takes the Unicode forms of a name as one person', async () => {
    const gallery = await open();
    const [composed, decomposed] = ['Jos\u00e9', 'Jose\u0301'];
    const { person } = await gallery.enroll(decomposed, asNew(vector(1, 0, 0)));
    expect(person.name).toBe(composed);
    expect((await gallery.enroll(composed, asNew(vector(0, 1, 0)))).person.id).toBe(person.id);
    expect((await gallery.find({ name: decomposed }))!.id).toBe(person.id);
    expect((await gallery.people({ after: decomposed })).people).toEqual([]);
    const other = (await gallery.enroll('Bob', asNew(vector(0, 1, 0)))).person;
    await expect(gallery.update(other.id, { name: decomposed })).rejects.toThrow(ConflictError);
    expect((await gallery.update(person.id, { name: decomposed }))!.name).toBe(composed);
  });

  it('treats names, sources and texts in metadata as plain text', async () => {
    const gallery = await open();
    for (const [index, name] of hardNames.entries()) {
      const values = vector(Math.cos(index / 50), Math.sin(index / 50), 0);
      const { person, isNew } = await gallery.enroll(name, [{ values, source: name }], {
        metadata: { [name]: name },
      });
      expect({ name: person.name, isNew }).toEqual({ name, isNew: true });
    }
    expect(await gallery.count()).toEqual({ people: hardNames.length, embeddings: hardNames.length });
    for (const [index, name] of hardNames.entries()) {
      const found = await gallery.find({ name });
      expect(found).toMatchObject({ name });
      expect(Object.entries(found!.metadata)).toEqual([[name, name]]);
      expect(await gallery.find({ id: found!.id })).toEqual(found);
      expect((await gallery.embeddings(found!.id))!.map(({ source }) => source)).toEqual([name]);
      const probe = vector(Math.cos(index / 50), Math.sin(index / 50), 0);
      expect((await gallery.search(probe, { limit: 1 }))[0]).toMatchObject({ identity: name, id: found!.id });
    }
    for (const name of hardNames) {
      expect(await gallery.remove((await gallery.find({ name }))!.id)).toBe(true);
      expect(await gallery.find({ name })).toBeNull();
    }
    expect(await gallery.count()).toEqual({ people: 0, embeddings: 0 });
  });

  it('finds nobody by another name or identifier', async () => {
    const gallery = await open();
    await gallery.enroll('Ada', asNew(vector(1, 0, 0)));
    for (const id of [
      '',
      'Ada',
      '%',
      "' OR 1=1 --",
      '\0',
      'x\0',
      '\ud800',
      '0',
      crypto.randomUUID(),
      'y'.repeat(5000),
    ]) {
      expect(await gallery.find({ id })).toBeNull();
      expect(await gallery.embeddings(id)).toBeNull();
      expect(await gallery.update(id, { name: 'Eve' })).toBeNull();
      expect(await gallery.remove(id)).toBe(false);
      expect(await gallery.removeEmbedding(id, id)).toBe(false);
    }
    for (const name of ['ada', 'Ad', 'Ada ✓', 'A%', '___']) expect(await gallery.find({ name })).toBeNull();
    expect(await gallery.count()).toEqual({ people: 1, embeddings: 1 });
  });

  it('lists people by pages in the order of code points', async () => {
    const gallery = await open();
    expect(await gallery.people()).toEqual({ people: [], next: null });
    // In UTF-16 order, the emoji would come before U+FF5E.
    const sorted = ['Zoe', 'a', 'ab', 'b', 'z', 'é', 'ж', '山', '\uff5e', '😀', '😁'];
    sorted.sort(compareBytes);
    for (const name of [...sorted].reverse()) await gallery.enroll(name, asNew(vector(1, 0, 0)));
    for (const limit of [1, 2, 3, sorted.length - 1, sorted.length, 1000]) {
      const names: string[] = [];
      let after: string | null | undefined;
      let pages = 0;
      do {
        const page = await gallery.people({ after: after ?? undefined, limit });
        expect(page.people.length).toBeLessThanOrEqual(limit);
        if (page.next !== null) expect(page.next).toBe(page.people.at(-1)!.name);
        names.push(...page.people.map(({ name }) => name));
        after = page.next;
        pages++;
      } while (after !== null);
      expect(names).toEqual(sorted);
      expect(pages).toBe(Math.ceil(sorted.length / limit));
    }
    // A page may start after a name that nobody has.
    expect((await gallery.people({ after: 'aa', limit: 2 })).people.map(({ name }) => name)).toEqual([
      'ab',
      'b',
    ]);
    expect(await gallery.people({ after: '😁' })).toEqual({ people: [], next: null });
    expect((await gallery.people({ after: '' })).people).toHaveLength(sorted.length);
  });

  it('has 100 people on a page by default', async () => {
    const gallery = await open();
    const names = Array.from({ length: 101 }, (_, index) => `person ${String(index).padStart(3, '0')}`);
    await Promise.all(names.map((name) => gallery.enroll(name, asNew(vector(1, 0, 0)))));
    const page = await gallery.people();
    expect(page.people.map(({ name }) => name)).toEqual(names.slice(0, 100));
    expect(page.next).toBe('person 099');
  });

  it('renames a person, who keeps everything else', async () => {
    const gallery = await open();
    const { person } = await gallery.enroll('Ada', asNew(vector(1, 0, 0)), { metadata: { a: 1 } });
    const { person: bob } = await gallery.enroll('Bob', asNew(vector(0, 1, 0)));
    expect(await gallery.update(person.id, { name: 'Lady Lovelace' })).toEqual({
      ...person,
      name: 'Lady Lovelace',
    });
    expect(await gallery.find({ name: 'Ada' })).toBeNull();
    expect((await gallery.search(vector(1, 0, 0)))[0]).toMatchObject({
      identity: 'Lady Lovelace',
      id: person.id,
    });
    const both = { name: 'Augusta', metadata: { b: [2] } };
    expect(await gallery.update(person.id, both)).toEqual({ ...person, ...both });
    expect(await gallery.update(person.id, {})).toEqual({ ...person, ...both });
    expect(await gallery.update(person.id, { name: 'Augusta' })).toEqual({ ...person, ...both });
    // The old name is free again.
    expect((await gallery.update(bob.id, { name: 'Ada' }))!.id).toBe(bob.id);
    const before = await contentOf(gallery);
    await expect(gallery.update(bob.id, { name: 'Augusta', metadata: { c: 3 } })).rejects.toThrow(
      ConflictError,
    );
    expect(await contentOf(gallery)).toEqual(before);
  });

  it('removes a person with everything, and frees name and identifiers', async () => {
    const gallery = await open();
    const { person, embeddingIds } = await gallery.enroll('Ada', asNew(vector(1, 0, 0), vector(0.6, 0.8, 0)));
    const { person: bob } = await gallery.enroll('Bob', asNew(vector(0, 0, 1)));
    expect(await gallery.remove(person.id)).toBe(true);
    expect(await gallery.remove(person.id)).toBe(false);
    expect(await gallery.find({ id: person.id })).toBeNull();
    expect(await gallery.find({ name: 'Ada' })).toBeNull();
    expect(await gallery.embeddings(person.id)).toBeNull();
    expect(await gallery.removeEmbedding(person.id, embeddingIds[0]!)).toBe(false);
    expect(await gallery.count()).toEqual({ people: 1, embeddings: 1 });
    expect((await gallery.search(vector(1, 0, 0))).map(({ id }) => id)).toEqual([bob.id]);
    await gallery.compact();
    expect((await contentOf(gallery)).people.map(({ id }) => id)).toEqual([bob.id]);
    const again = await gallery.enroll('Ada', asNew(vector(0, 1, 0)));
    expect(again).toMatchObject({ isNew: true, person: { metadata: {}, embeddingCount: 1 } });
    expect(again.person.id).not.toBe(person.id);
  });

  it('removes one embedding', async () => {
    const gallery = await open();
    const { person, embeddingIds } = await gallery.enroll('Ada', asNew(vector(1, 0, 0), vector(0, 1, 0)));
    const { person: bob } = await gallery.enroll('Bob', asNew(vector(0, 0, 1)));
    // That of another person stays.
    expect(await gallery.removeEmbedding(bob.id, embeddingIds[0]!)).toBe(false);
    expect(await gallery.removeEmbedding(person.id, embeddingIds[0]!)).toBe(true);
    expect(await gallery.removeEmbedding(person.id, embeddingIds[0]!)).toBe(false);
    expect(await gallery.count()).toEqual({ people: 2, embeddings: 2 });
    expect((await gallery.embeddings(person.id))!.map(({ id }) => id)).toEqual([embeddingIds[1]]);
    expect((await gallery.find({ id: person.id }))!.embeddingCount).toBe(1);
    expect((await gallery.search(vector(0, 1, 0), { limit: 1 }))[0]).toEqual({
      identity: 'Ada',
      id: person.id,
      cosine: expect.closeTo(1, 6),
    });
    expect((await gallery.search(vector(1, 0, 0), { limit: 2 })).map(({ cosine }) => cosine)).toEqual([0, 0]);
  });

  it('lists a person without embeddings, but does not find them by a search', async () => {
    const gallery = await open();
    const { person, embeddingIds } = await gallery.enroll('Ada', asNew(vector(1, 0, 0)));
    expect(await gallery.removeEmbedding(person.id, embeddingIds[0]!)).toBe(true);
    expect(await gallery.find({ name: 'Ada' })).toEqual({ ...person, embeddingCount: 0 });
    expect(await gallery.embeddings(person.id)).toEqual([]);
    expect((await gallery.people()).people).toHaveLength(1);
    expect(await gallery.count()).toEqual({ people: 1, embeddings: 0 });
    expect(await gallery.search(vector(1, 0, 0))).toEqual([]);
    const again = await gallery.enroll('Ada', asNew(vector(0, 1, 0)));
    expect(again).toMatchObject({ isNew: false, person: { id: person.id, embeddingCount: 1 } });
    expect(await gallery.search(vector(0, 1, 0))).toEqual([
      { identity: 'Ada', id: person.id, cosine: expect.closeTo(1, 6) },
    ]);
  });

  it('returns copies', async () => {
    const gallery = await open();
    const given = vector(1, 0, 0);
    const metadata = { list: [1] };
    const { person } = await gallery.enroll('Ada', [{ values: given }], { metadata });
    const before = await contentOf(gallery);
    given.fill(9);
    metadata.list.push(2);
    (await gallery.embeddings(person.id))![0]!.values.fill(7);
    const spoil = (value: object) => Object.assign(value, { name: 'Eve', more: true });
    for (const copy of [
      person,
      (await gallery.find({ id: person.id }))!,
      (await gallery.people()).people[0]!,
    ]) {
      spoil(copy.metadata);
      (copy.metadata.list as unknown[]).push(3);
    }
    spoil((await gallery.search(vector(1, 0, 0)))[0]!);
    expect(await contentOf(gallery)).toEqual(before);
    expect((await gallery.search(vector(1, 0, 0)))[0]).toEqual({
      identity: 'Ada',
      id: person.id,
      cosine: expect.closeTo(1, 6),
    });
  });

  it('has the facts that it was created with', async () => {
    const start = Date.now();
    const gallery = await open();
    const { createdAt, ...facts } = gallery.facts;
    expect(facts).toEqual({
      model: { fingerprint: 'a1'.repeat(32), name: 'test model' },
      embeddingSize: 3,
      crop: { kind: 'points' },
      comparison,
      operatingPoint: null,
    });
    expect(createdAt).toMatch(isoTime);
    expect(Math.abs(Date.parse(createdAt) - start)).toBeLessThan(60_000);
  });

  it('keeps a threshold with its question', async () => {
    const gallery = await open();
    const points = [
      { threshold: 0.375, question: { kind: 'gallery', size: 12, rate: 0.01 } },
      { threshold: 0.1 + 0.2, question: { kind: 'far', rate: 1e-4 } },
      { threshold: -1, question: { kind: 'pair', odds: 1 / 3 } },
      { threshold: 1, question: null },
      null,
    ] as const;
    for (const point of points) {
      await gallery.setOperatingPoint(point);
      expect(gallery.facts.operatingPoint).toEqual(point);
      await gallery.count();
      expect(gallery.facts.operatingPoint).toEqual(point);
    }
  });
}
