import { readFileSync } from 'node:fs';
import { expect, it } from 'vitest';
import { useModelFolder } from '../__fixtures__/model-folder.ts';
import { recordOutput } from '../__fixtures__/record-output.ts';
import { identify } from './identify.ts';
import { verify } from './verify.ts';

const { at, common, image } = useModelFolder();
const page = readFileSync(new URL('../../README.md', import.meta.url), 'utf8');

/** Returns the fields that the README names for an object of `--json`. */
function documentedFields(object: string): string[] {
  const [, section = ''] = page.split('### Answers as JSON');
  const row = section.split('\n').find((line) => line.startsWith(`| ${object} |`)) ?? '';
  return [...row.slice(object.length + 4).matchAll(/`(\w+)`/g)].map(([, field]) => field!);
}

it('the README names all fields of the answers of verify and identify', async () => {
  const { data: pair } = await verify({ ...common, first: image(0, 0), second: image(0, 1) }, recordOutput());
  const { data: search } = await identify(
    { ...common, gallery: at('faces'), paths: [image(0, 0)] },
    recordOutput(),
  );
  for (const [object, answer] of [
    ['`verify`', pair],
    ['`identify`', search],
    ['entry of `pictures`', search.pictures[0]!],
  ] as const) {
    const documented = documentedFields(object);
    expect(documented.length, object).toBeGreaterThan(3);
    expect(documented, object).toEqual(expect.arrayContaining(Object.keys(answer)));
  }
});
