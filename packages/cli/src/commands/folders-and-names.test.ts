import { copyFile, mkdir, readdir, readFile, rename, writeFile } from 'node:fs/promises';
import { beforeAll, describe, expect, it } from 'vitest';
import { useModelFolder } from '../__fixtures__/model-folder.ts';
import { writePeople } from '../__fixtures__/people-folder.ts';
import { recordOutput } from '../__fixtures__/record-output.ts';
import { calibrate } from './calibrate.ts';
import { embed } from './embed.ts';
import { evaluate } from './evaluate.ts';
import { identify } from './identify.ts';
import { train } from './train.ts';

const { at, common, image } = useModelFolder();
const composed = 'Jos\u00e9';
const decomposed = 'Jose\u0301';

/** Every command that opens the folder of people `path`. */
function commandsOn(path: string) {
  const printed = { config: at('small.json'), data: at(path), out: at('run'), printConfig: true } as const;
  const output = recordOutput();
  return {
    output,
    commands: {
      embed: () => embed({ ...common, paths: [at(path)], out: at('e.jsonl') }, output),
      'identify, of probes': () => identify({ ...common, paths: [at(path)], gallery: at('faces') }, output),
      'identify, of the gallery': () =>
        identify({ ...common, paths: [image(0, 0)], gallery: at(path) }, output),
      evaluate: () => evaluate({ ...common, data: at(path) }, output),
      calibrate: () => calibrate({ ...common, data: at(path), out: at('calibrated.safetensors') }, output),
      train: () => train(printed, output),
    },
  };
}

const names = Object.keys(commandsOn('').commands) as (keyof ReturnType<typeof commandsOn>['commands'])[];

beforeAll(async () => {
  const network = { backbone: 'small-cnn', width: 4, embeddingSize: 8, inputSize: 16, channels: 3 };
  await writeFile(at('small.json'), JSON.stringify({ network, batchSize: 4, backend: 'cpu' }));
});

describe('files that are no images of the set', () => {
  beforeAll(async () => {
    await writePeople(at('mixed'), { people: 5, images: 3 });
    for (const junk of ['@eaDir', '#recycle', 'lost+found', '.thumbnails', '$RECYCLE.BIN', '__MACOSX']) {
      for (const place of [at('mixed', junk), at('mixed', 'person-0', junk)]) {
        await mkdir(place);
        await copyFile(at('text.jpg'), `${place}/junk.jpg`);
      }
    }
    for (const junk of ['desktop.ini', 'Thumbs.db', '.DS_Store', '._image-0.png']) {
      await copyFile(at('text.jpg'), at('mixed', junk));
      await copyFile(at('text.jpg'), at('mixed', 'person-1', junk));
    }
    for (const file of ['a.svg', 'b.svg', 'c.CR2', 'notes.txt']) {
      await copyFile(at('text.jpg'), at('mixed', 'person-2', file));
    }
  });

  it.each(names)('%s passes those of systems, and counts the others in one line', async (name) => {
    const { commands, output } = commandsOn('mixed');
    await commands[name]();
    const lines = output.lines.filter((line) => line.includes('left out'));
    expect(lines).toEqual(['left out: 2 .svg, 1 .cr2, 1 other']);
  });

  it('says nothing about a folder of images', async () => {
    const { commands, output } = commandsOn('faces');
    for (const name of names) await commands[name]();
    expect(output.lines.join('\n')).not.toContain('left out');
  });
});

it('takes folders that differ in the Unicode form of their name as one person', async () => {
  await writePeople(at('forms'), { people: 4, images: 4 });
  await rename(at('forms', 'person-0'), at('forms', composed));
  await mkdir(at('forms', decomposed), { recursive: true });
  await rename(at('forms', composed, 'image-3.png'), at('forms', decomposed, 'image-4.png'));
  const { commands, output } = commandsOn('forms');
  const { data } = await commands['identify, of the gallery']();
  expect(data.pictures).toMatchObject([{ identity: composed }]);
  expect(output.lines.join('\n')).toMatch(/^gallery +4 people$/m);
  const { data: measured } = await commands.evaluate();
  expect(measured.uniform).toMatchObject({ pictures: 16, classes: 4 });
});

it.each([
  [composed, decomposed],
  [decomposed, composed],
])(
  'finds the files of lists and pairs in another Unicode form and with backslashes',
  async (listed, stored) => {
    const set = stored === composed ? 'listed-nfd' : 'listed-nfc';
    await writePeople(at(set), { people: 2, images: 3 });
    await rename(at(set, 'person-0'), at(set, stored));
    const rows = [0, 1, 2].flatMap((n) => [
      `${listed}\\image-${n}.png,${n === 0 ? stored : listed}`,
      `.\\person-1\\image-${n}.png,person-1`,
    ]);
    await writeFile(at(set, 'list.csv'), ['path,label', ...rows].join('\n'));
    const { data } = await evaluate({ ...common, data: at(set, 'list.csv') }, recordOutput());
    expect(data.uniform).toMatchObject({ pictures: 6, classes: 2 });
    const pairs = [
      `${listed}\\image-0.png,${listed}/image-1.png,1`,
      `${listed}\\image-0.png,person-1\\image-1.png,0`,
    ];
    await writeFile(at(set, 'pairs.csv'), pairs.join('\n'));
    const measured = await evaluate({ ...common, pairs: at(set, 'pairs.csv') }, recordOutput());
    expect(measured.data).toMatchObject({ same: 1, different: 1 });
  },
);

it('reads a file with an unknown extension that is named as an argument', async () => {
  await copyFile(image(1, 1), at('photo.unknown'));
  const { data } = await embed(
    { ...common, paths: [at('photo.unknown')], out: at('one.jsonl') },
    recordOutput(),
  );
  expect(data.pictures).toBe(1);
  expect(JSON.parse(await readFile(at('one.jsonl'), 'utf8'))).toMatchObject({ path: at('photo.unknown') });
});

// Names on macOS and Windows are text, not bytes.
describe.runIf(process.platform === 'linux')('names that are not UTF-8', () => {
  beforeAll(async () => {
    await writePeople(at('bytes'), { people: 4, images: 4 });
    await writePeople(at('bytes-folder'), { people: 4, images: 4 });
    const bytes = (path: string) => Buffer.concat([Buffer.from(at('')), Buffer.from(`/${path}`, 'latin1')]);
    await copyFile(image(0, 0), bytes('bytes/person-0/Jos\xe9.png'));
    await mkdir(bytes('bytes-folder/Ren\xe9'));
    await copyFile(image(0, 0), bytes('bytes-folder/Ren\xe9/1.png'));
    await copyFile(image(0, 1), bytes('bytes-folder/Ren\xe9/2.png'));
  });

  it.each(names.filter((name) => name !== 'train'))('%s refuses a file and a folder', async (name) => {
    await expect(commandsOn('bytes').commands[name]()).rejects.toThrow(
      /person-0\/Jos\\xE9\.png: the name is not UTF-8\. Rename/,
    );
    await expect(commandsOn('bytes-folder').commands[name]()).rejects.toThrow(
      /Ren\\xE9\/1\.png: the name is not UTF-8\. Rename/,
    );
  });

  it.each(['bytes', 'bytes-folder'])('train refuses %s before it writes anything', async (path) => {
    const options = { config: at('small.json'), data: at(path), out: at('run'), steps: 2 };
    await expect(train(options, recordOutput())).rejects.toThrow(/\.png: the name is not UTF-8\. Rename/);
    expect(await readdir(at())).not.toContain('run');
  });
});
