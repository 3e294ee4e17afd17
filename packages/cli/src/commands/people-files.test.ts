import { randomUUID } from 'node:crypto';
import { readdir, readFile, writeFile } from 'node:fs/promises';
import { beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { useModelFolder } from '../__fixtures__/model-folder.ts';
import { recordOutput } from '../__fixtures__/record-output.ts';
import { enroll } from './enroll.ts';
import { identify } from './identify.ts';
import { operatingPoint } from './operating-point.ts';
import { people, showPerson } from './people.ts';
import { exportPeople, importPeople } from './people-files.ts';

const { at, common, image } = useModelFolder();
const gallery = at('staff.db');
const file = at('staff.jsonl');
let copy: string;

beforeAll(async () => {
  const photos = (person: number) => [image(person, 0), image(person, 1)];
  const metadata = { note: 'line\u2028separator' };
  const options = { ...common, gallery, compare: 'best' } as const;
  await enroll({ ...options, name: 'Ada', photos: photos(0), metadata }, recordOutput());
  await enroll({ ...options, name: 'Jos\u00e9', photos: photos(1) }, recordOutput());
  await operatingPoint({ gallery, cosine: 0.75 }, recordOutput());
});
beforeEach(() => {
  copy = at(`${randomUUID()}.db`);
});

it('moves a gallery to another, with the same answers', async () => {
  const { data, text } = await exportPeople({ gallery, file });
  expect(data).toEqual({ gallery, file, people: 2, embeddings: 4 });
  expect(text).toBe(`exported 2 people with 4 photos to ${file}`);
  const imported = await importPeople({ gallery: copy, file });
  expect(imported.data).toMatchObject({ added: 2, embeddings: 4, skipped: 0, isNew: true });
  expect(imported.text).toBe(`imported 2 people with 4 photos into ${copy} (new)`);
  expect((await people({ gallery: copy })).data.people).toEqual((await people({ gallery })).data.people);
  const photosIn = async (place: string) => (await showPerson({ gallery: place, name: 'Ada' })).data.photos;
  expect(await photosIn(copy)).toEqual(await photosIn(gallery));
  const paths = [image(0, 3), image(2, 0)];
  const answerOf = async (place: string) =>
    (await identify({ ...common, gallery: place, paths }, recordOutput())).data;
  expect(await answerOf(copy)).toEqual(await answerOf(gallery));
  expect((await answerOf(copy)).threshold).toBe(0.75);
});

it('imports a file twice without a change, also from standard input', async () => {
  await exportPeople({ gallery, file });
  await importPeople({ gallery: copy, file });
  const chunks = (async function* () {
    yield await readFile(file);
  })();
  const { data, text } = await importPeople({ gallery: copy, file: '-' }, chunks);
  expect(data).toMatchObject({ added: 0, skipped: 2, isNew: false });
  expect(text).toBe(`imported 0 people with 0 photos into ${copy}, 2 were there already`);
});

describe('refuses', () => {
  const lines = async () => (await readFile(file, 'utf8')).split('\n');
  it.each<[string, () => Promise<string>, RegExp]>([
    ['an empty file', async () => '', /damaged\.jsonl: This is no exported gallery/],
    ['text', async () => 'Dear Ada', /damaged\.jsonl: This is no exported gallery/],
    ['other JSON', async () => '{"format": "other"}', /damaged\.jsonl: This is no exported gallery/],
    [
      'a file without its end',
      async () => (await lines()).slice(0, 2).join('\n'),
      /damaged\.jsonl: .*truncated/,
    ],
    [
      'a damaged line',
      async () => (await lines()).join('\n').replace('"Ada"', '7'),
      /damaged\.jsonl: Line 2/,
    ],
  ])('%s', async (_, textOf, message) => {
    await exportPeople({ gallery, file });
    await writeFile(at('damaged.jsonl'), await textOf());
    await expect(importPeople({ gallery: copy, file: at('damaged.jsonl') })).rejects.toThrow(message);
  });

  it('a file that is missing, and one that cannot be written', async () => {
    await expect(importPeople({ gallery: copy, file: at('none.jsonl') })).rejects.toThrow(
      /^There is no file '.*none\.jsonl'/,
    );
    await expect(exportPeople({ gallery, file: at('no', 'x.jsonl') })).rejects.toThrow(/there is no folder/);
    await expect(exportPeople({ gallery: copy, file: at('x.jsonl') })).rejects.toThrow(/There is no gallery/);
    expect((await readdir(at())).filter((name) => /^x\.jsonl/.test(name))).toEqual([]);
  });

  it('people of another model', async () => {
    await exportPeople({ gallery, file });
    const [header, ...others] = await lines();
    const facts = JSON.parse(header!);
    const other = { ...facts, model: { ...facts.model, fingerprint: 'b'.repeat(64) } };
    await writeFile(at('other.jsonl'), [JSON.stringify(other), ...others].join('\n'));
    await expect(importPeople({ gallery, file: at('other.jsonl') })).rejects.toThrow(
      /other\.jsonl: The gallery '.*staff\.db' was made with the model .* but this is .*bbbbbbbbbbbb/,
    );
  });
});
