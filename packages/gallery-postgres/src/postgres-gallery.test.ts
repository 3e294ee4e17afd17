import { randomNumbers } from '@openset/core';
import { type Comparison, type FixedFacts, MemoryGallery, type PersonRecord } from '@openset/gallery';
import { galleryConformance } from '@openset/testkit/vitest';
import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest';
import {
  newGalleryName,
  removeGalleries,
  runSql,
  type TestServer,
  testFacts,
  testServers,
} from './__fixtures__/test-servers.ts';
import { openPostgresGallery, type PostgresGallery, type PostgresGalleryOptions } from './index.ts';

describe.each(testServers)('on %s', (_, start) => {
  let server: TestServer;
  beforeAll(async () => {
    server = await start();
  });
  afterAll(async () => {
    await removeGalleries(server.url);
    await server.stop();
  });

  const open = (options: PostgresGalleryOptions = {}): Promise<PostgresGallery> =>
    openPostgresGallery(server.url, { gallery: newGalleryName(), create: testFacts, ...options });

  galleryConformance('PostgresGallery', {
    createStore: () => {
      const gallery = newGalleryName();
      return {
        open: (facts: FixedFacts) => openPostgresGallery(server.url, { gallery, create: facts }),
        remove: () => runSql(server.url, `DROP SCHEMA IF EXISTS ${gallery} CASCADE`),
      };
    },
    randomCases: inject('long') ? 20 : 2,
  });

  describe('storage', () => {
    it('keeps embeddings bit for bit, and times as they are written', async () => {
      const gallery = await open();
      const values = vector(1, -(2 ** -149), 2 ** -126 + 2 ** -149);
      const odd = vector(0.6 + 2 ** -25, 0.8 - 2 ** -24, 1e-20);
      const times = ['2024-02-29T23:59:59.999Z', '0000-01-01T00:00:00.000Z', '9999-12-31T00:00:00.000Z'];
      const record: PersonRecord = {
        id: 'a-1',
        name: 'Ada',
        metadata: { b: 1e300, a: [0.1, null, { 'é"\\': '\u2028' }] },
        enrolledAt: times[0]!,
        embeddings: [values, odd].map((one, index) => ({
          id: `e${index}`,
          source: `'; DROP TABLE "people"; -- $1 \\ ${index}`,
          model: testFacts.model.fingerprint,
          enrolledAt: times[1 + index]!,
          values: one,
        })),
      };
      expect(await gallery.restore(record)).toMatchObject({ enrolledAt: times[0], embeddingCount: 2 });
      const stored = (await gallery.embeddings('a-1'))!;
      expect(stored).toEqual(record.embeddings);
      expect(stored.map((one) => bits(one.values))).toEqual([bits(values), bits(odd)]);
      expect(Object.keys((await gallery.find({ id: 'a-1' }))!.metadata)).toEqual(['b', 'a']);
      await gallery.close();
    });

    it('keeps embeddings that do not fit in a row', async () => {
      const gallery = await open({ create: { ...testFacts, embeddingSize: 16_000 } });
      const values = new Float32Array(16_000).fill(1 / 128);
      await gallery.enroll('Ada', [{ values }]);
      expect((await gallery.search(values))[0]!.cosine).toBe(1);
      await gallery.close();
    });

    it('enrolls more embeddings than a statement has parameters, in order', async () => {
      const gallery = await open();
      const sources = Array.from({ length: 1203 }, (_, index) => `${index}`);
      const { person } = await gallery.enroll(
        'Ada',
        sources.map((source) => ({ values: vector(1, Number(source), 3), source })),
      );
      expect((await gallery.embeddings(person.id))!.map(({ source }) => source)).toEqual(sources);
      await gallery.close();
    });
  });

  describe('search', () => {
    const random = randomNumbers(11);
    const randomVector = (size: number) => Float32Array.from({ length: size }, () => random() - 0.5);

    it.each<Comparison>(['mean', 'best'])(
      'agrees with a gallery in memory to the last bit: %s',
      async (comparison) => {
        const create: FixedFacts = { ...testFacts, embeddingSize: 40, comparison };
        const gallery = await open({ create });
        const memory = new MemoryGallery(create);
        for (let person = 0; person < 60; person++) {
          const embeddings = Array.from({ length: 1 + (person % 4) }, () => ({ values: randomVector(40) }));
          const { person: enrolled } = await gallery.enroll(`${person}`, embeddings);
          await memory.restore({ ...enrolled, embeddings: (await gallery.embeddings(enrolled.id))! });
        }
        for (const limit of [1, 5, 60, 1000]) {
          const probe = randomVector(40);
          expect(await gallery.search(probe, { limit })).toEqual(await memory.search(probe, { limit }));
        }
        await gallery.close();
      },
    );

    it.each<Comparison>(['mean', 'best'])(
      'finds all people at one place, by name: %s',
      async (comparison) => {
        const gallery = await open({ create: { ...testFacts, comparison } });
        const near = Array.from({ length: 150 }, () => ({ values: vector(1, 0, 0) }));
        await gallery.enroll('many', near);
        const names = Array.from({ length: 120 }, (_, index) => `${999 - index}`);
        await Promise.all(names.map((name) => gallery.enroll(name, [{ values: vector(3, 4, 0) }])));
        const found = await gallery.search(vector(1, 0, 0), { limit: 3 });
        expect(found.map(({ identity }) => identity)).toEqual(['many', '880', '881']);
        await gallery.close();
      },
    );

    it.each<Comparison>(['mean', 'best'])(
      'with an index finds nearly the same, with the same cosines: %s',
      async (comparison) => {
        const gallery = newGalleryName();
        const create: FixedFacts = { ...testFacts, embeddingSize: 24, comparison };
        const exact = await open({ gallery, create });
        const size = inject('long') ? 2000 : 400;
        for (let start = 0; start < size; start += 50) {
          await Promise.all(
            Array.from({ length: 50 }, (_, index) =>
              exact.enroll(`${start + index}`, [{ values: randomVector(24) }, { values: randomVector(24) }]),
            ),
          );
        }
        // The second opening has an index; it finds that of the first.
        const options = { gallery, create, index: { efSearch: 40 } };
        const [first, indexed] = [await open(options), await open(options)];
        let found = 0;
        for (let probe = 0; probe < 20; probe++) {
          const values = randomVector(24);
          const [truth, answer] = [await exact.search(values), await indexed.search(values)];
          found += answer.filter(({ id }) => truth.some((one) => one.id === id)).length;
          for (const one of answer) {
            const same = truth.find(({ id }) => id === one.id);
            if (same) expect(one).toEqual(same);
          }
        }
        expect(found).toBeGreaterThanOrEqual(95);
        // More people than the graph is searched for.
        expect(await indexed.search(randomVector(24), { limit: 300 })).toHaveLength(300);
        for (const one of [exact, first, indexed]) await one.close();
      },
    );
  });
});

function vector(...values: number[]): Float32Array {
  return Float32Array.from(values);
}

function bits(values: Float32Array): number[] {
  return [...new Uint32Array(values.buffer, values.byteOffset, values.length)];
}
