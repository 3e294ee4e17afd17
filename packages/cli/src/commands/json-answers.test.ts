import { readFileSync } from 'node:fs';
import { expect, it } from 'vitest';
import { useModelFolder } from '../__fixtures__/model-folder.ts';
import { recordOutput } from '../__fixtures__/record-output.ts';
import { enroll } from './enroll.ts';
import { forget } from './forget.ts';
import { identify } from './identify.ts';
import { operatingPoint } from './operating-point.ts';
import { people, renamePerson, showPerson } from './people.ts';
import { exportPeople, importPeople } from './people-files.ts';
import { galleryInfo } from './people-info.ts';
import { verify } from './verify.ts';

const { at, common, image } = useModelFolder();
const page = readFileSync(new URL('../../README.md', import.meta.url), 'utf8');

/** Returns the fields that the README names for an object of `--json`. */
function documentedFields(object: string): string[] {
  const [, section = ''] = page.split('### Answers as JSON');
  const row = section.split('\n').find((line) => line.startsWith(`| ${object} |`)) ?? '';
  return [...row.slice(object.length + 4).matchAll(/`(\w+)`/g)].map(([, field]) => field!);
}

it('the README names all fields of the answers of verify, identify and the commands on galleries', async () => {
  const { data: pair } = await verify({ ...common, first: image(0, 0), second: image(0, 1) }, recordOutput());
  const { data: search } = await identify(
    { ...common, gallery: at('faces'), paths: [image(0, 0)] },
    recordOutput(),
  );
  const gallery = at('staff.db');
  const enrolled = await enroll(
    { ...common, gallery, name: 'Ada', photos: [image(0, 0), image(1, 0), at('text.jpg')] },
    recordOutput(),
  );
  const [person] = enrolled.data.people;
  const point = await operatingPoint({ gallery, cosine: 0.5 }, recordOutput());
  const { data: info } = await galleryInfo({ gallery }, recordOutput());
  const { data: list } = await people({ gallery });
  const { data: shown } = await showPerson({ gallery, name: 'Ada' });
  const { data: renamed } = await renamePerson({ gallery, name: 'Ada', newName: 'Bob' });
  const { data: exported } = await exportPeople({ gallery, file: at('staff.jsonl') });
  const { data: imported } = await importPeople({ gallery: at('copy.db'), file: at('staff.jsonl') });
  const { data: forgotten } = await forget({ gallery, name: 'Bob' });
  for (const [object, answer] of [
    ['`verify`', pair],
    ['`identify`', search],
    ['entry of `pictures`', { ...search.pictures[0]!, ...search.pictures[0]!.candidates[0] }],
    ['`enroll`', { ...enrolled.data, ...enrolled.data.model }],
    [
      'entry of `people` of `enroll`',
      { ...person!, ...person!.enrolled[0], ...person!.refused[0], ...person!.warnings[0] },
    ],
    ['`forget`', forgotten],
    ['`people`', { ...list, ...list.people[0] }],
    ['`people show`', { ...shown, ...shown.photos[0], ...renamed }],
    ['`people export`', exported],
    ['`people import`', imported],
    ['`people info`', { ...info, ...info.facts, ...info.count }],
    ['`people operating-point`', { ...point.data, ...point.data.operatingPoint }],
  ] as const) {
    const documented = documentedFields(object);
    expect(documented.length, object).toBeGreaterThan(3);
    expect(documented, object).toEqual(expect.arrayContaining(Object.keys(answer)));
  }
});
