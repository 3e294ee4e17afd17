import type { Command } from 'commander';
import type { OperatingPointOptions } from '../commands/operating-point.ts';
import type { PeopleOptions } from '../commands/people.ts';
import type { GalleryInfoOptions } from '../commands/people-info.ts';
import {
  addCommand,
  type CommonOptions,
  runCommand,
  withAnyModel,
  withBackend,
  withGallery,
} from './command-builder.ts';
import { cosineParser, shareParser } from './option-parsers.ts';

/** Adds `openset people` and its commands. */
export function addPeople(program: Command): void {
  const people = withGallery(
    addCommand(program, {
      name: 'people',
      description: 'list the people of a gallery; show, rename, export and import them; choose its threshold',
      example: [
        'openset people --gallery staff.db',
        'openset people show Ada --gallery staff.db',
        'openset people operating-point --far 1% --gallery staff.db',
      ].join('\n'),
    }),
  );
  people.allowExcessArguments().action(async (options: PeopleOptions & CommonOptions) => {
    const [word] = people.args;
    if (word !== undefined) throw await unknownCommand(people, word);
    const { people: run } = await import('../commands/people.ts');
    await runCommand(options, () => run(options));
  });

  const show = withGallery(
    addCommand(people, {
      name: 'show',
      description: 'show a person with the photos and the metadata',
      example: 'openset people show Ada --gallery staff.db',
    }).argument('<name>', 'name of the person'),
  );
  show.action(async (name: string) => {
    const options = show.optsWithGlobals<PeopleOptions & CommonOptions>();
    const { showPerson } = await import('../commands/people.ts');
    await runCommand(options, () => showPerson({ ...options, name }));
  });

  const rename = withGallery(
    addCommand(people, {
      name: 'rename',
      description: 'change the name of a person',
      example: "openset people rename Ada 'Ada Lovelace' --gallery staff.db",
    })
      .argument('<name>', 'name of the person')
      .argument('<new-name>', 'new name'),
  );
  rename.action(async (name: string, newName: string) => {
    const options = rename.optsWithGlobals<PeopleOptions & CommonOptions>();
    const { renamePerson } = await import('../commands/people.ts');
    await runCommand(options, () => renamePerson({ ...options, name, newName }));
  });

  const exported = withGallery(
    addCommand(people, {
      name: 'export',
      description: 'write a gallery as JSON lines: people, embeddings, metadata and times',
      example: [
        'openset people export staff.jsonl --gallery staff.db',
        'openset people export --gallery staff.db | gzip > staff.jsonl.gz',
      ].join('\n'),
    }).argument('[file]', 'file to write; - for standard output', '-'),
  );
  exported.action(async (file: string) => {
    const options = exported.optsWithGlobals<PeopleOptions & CommonOptions>();
    const { exportPeople } = await import('../commands/people-files.ts');
    // The people are on standard output.
    const stream = file === '-' ? process.stderr : process.stdout;
    await runCommand(options, () => exportPeople({ ...options, file }), stream);
  });

  const imported = withGallery(
    addCommand(people, {
      name: 'import',
      description: 'add the people of an exported gallery; makes the gallery if there is none',
      example: [
        'openset people import staff.jsonl --gallery postgres://localhost/faces',
        'gunzip -c staff.jsonl.gz | openset people import - --gallery copy.db',
      ].join('\n'),
    }).argument('<file>', 'file of people export; - for standard input'),
  );
  imported.action(async (file: string) => {
    const options = imported.optsWithGlobals<PeopleOptions & CommonOptions>();
    const { importPeople } = await import('../commands/people-files.ts');
    await runCommand(options, () => importPeople({ ...options, file }));
  });

  const info = withGallery(
    addCommand(people, {
      name: 'info',
      description: 'show the model, the sizes and the threshold of a gallery',
      example: 'openset people info --gallery staff.db',
    }),
  );
  withBackend(withAnyModel(info, 'that of the gallery')).action(async () => {
    const options = info.optsWithGlobals<GalleryInfoOptions & CommonOptions>();
    const { galleryInfo } = await import('../commands/people-info.ts');
    await runCommand(options, (output) => galleryInfo(options, output));
  });

  const point = withGallery(
    addCommand(people, {
      name: 'operating-point',
      description: 'choose the threshold of a gallery for all programs that use it, or show it',
      example: [
        'openset people operating-point --far 1%         # accepts at most 1 % of strangers',
        'openset people operating-point --threshold 0.6',
        "openset people operating-point --default        # the model's for a gallery of this size",
      ].join('\n'),
    }),
  )
    .option(
      '--far <share>',
      'accept at most this share of strangers, of the rates that the model knows',
      shareParser,
    )
    .option('--threshold <cosine>', 'accept the best match from this cosine on', cosineParser)
    .option('--default', "let the model's threshold for a gallery of this size decide");
  withBackend(withAnyModel(point, 'that of the gallery')).action(async () => {
    const { threshold, default: clear, ...options } = point.optsWithGlobals<PointFlags>();
    const { operatingPoint } = await import('../commands/operating-point.ts');
    await runCommand(options, (output) => operatingPoint({ ...options, cosine: threshold, clear }, output));
  });
}

/** Returns the error for a word that is no command on people. */
async function unknownCommand(people: Command, word: string): Promise<Error> {
  const { ConfigError, didYouMean } = await import('@openset/core');
  const names = people.commands.map((command) => command.name());
  return new ConfigError(
    `There is no command 'openset people ${word}', but ${names.join(', ')}.${didYouMean(word, names)}`,
  );
}

type PointFlags = Omit<OperatingPointOptions, 'cosine' | 'clear'> &
  CommonOptions & { readonly threshold?: number; readonly default?: boolean };
