import { type Command, InvalidArgumentError, Option } from 'commander';
import type { EnrollOptions } from '../commands/enroll.ts';
import type { ForgetOptions } from '../commands/forget.ts';
import {
  addCommand,
  type CommonOptions,
  runCommand,
  withAlignment,
  withAnyModel,
  withBackend,
  withDecoding,
  withGallery,
} from './command-builder.ts';

/** Adds `openset enroll` and `openset forget`. */
export function addGalleryCommands(program: Command): void {
  const enroll = addCommand(program, {
    name: 'enroll',
    description:
      'add people to a gallery: the largest face of each photo; makes the gallery if there is none',
    example: [
      'openset enroll Ada ada-1.jpg ada-2.jpg --gallery staff.db',
      'openset enroll --data staff --gallery staff.db    # one folder of photos for each person',
      'openset identify visitor.jpg --gallery staff.db',
    ].join('\n'),
    exitCodes:
      '0 all photos are in the gallery, 1 a photo was refused, 2 error, 3 bug in openset, 130 stopped; the same command continues',
  })
    .argument('[name]', 'name of the person')
    .argument('[photos...]', 'photos of the person: images and folders of images')
    .option('--data <path>', 'many people: a folder with one folder for each person, a .rec file or a list');
  withGallery(enroll)
    .addOption(
      new Option(
        '--compare <how>',
        "compare probes with the mean of a person's photos or with the best one; chosen with the first photo (default: mean)",
      ).choices(['mean', 'best']),
    )
    .option('--metadata <json>', 'JSON object to keep with the person', metadataParser)
    .option(
      '--strict',
      "enroll nothing of a person with a warning: a face that is somebody else's, or unlike the person's others",
    );
  const decoded = withDecoding(withAnyModel(enroll, 'that of the gallery'));
  const chosen = withAlignment(decoded, 'if the model states its crop');
  withBackend(chosen).action(
    async (
      name: string | undefined,
      photos: string[],
      options: Omit<EnrollOptions, 'name' | 'photos' | 'signal'> & CommonOptions,
    ) => {
      const [{ enroll: run }, { stopOnSignals }] = await Promise.all([
        import('../commands/enroll.ts'),
        import('@openset/train/node'),
      ]);
      const signal = stopOnSignals();
      await runCommand(options, (output) => run({ ...options, name, photos, signal }, output));
      signal.release();
    },
  );

  const forget = addCommand(program, {
    name: 'forget',
    description: 'remove a person with all photos from a gallery for ever; asks first on a terminal',
    example: [
      'openset forget Ada --gallery staff.db',
      'openset forget Ada --photo 3f0c…    # one photo; openset people show Ada lists them',
    ].join('\n'),
    exitCodes: '0 removed, 1 there is nobody, or the answer was no, 2 error, 3 bug in openset',
  })
    .argument('[name]', 'name of the person')
    .option('--id <id>', 'identifier of the person instead of the name')
    .option('--photo <id>', 'remove only this photo of the person');
  withGallery(forget)
    .option('--compact', 'also return the space of removed people to the system, which can take long')
    .option('--yes', 'ask nothing')
    .action(
      async (
        name: string | undefined,
        { yes, ...options }: Omit<ForgetOptions, 'name' | 'confirm'> & CommonOptions & { yes?: boolean },
      ) => {
        const { forget: run } = await import('../commands/forget.ts');
        const { terminalQuestion } = await import('./terminal-question.ts');
        const confirm = yes ? undefined : terminalQuestion();
        await runCommand(options, () => run({ ...options, name, confirm }));
      },
    );
}

function metadataParser(text: string): EnrollOptions['metadata'] {
  try {
    const value: unknown = JSON.parse(text);
    if (typeof value === 'object' && value !== null && !Array.isArray(value)) return value as never;
  } catch {
    // The message below says what is expected.
  }
  throw new InvalidArgumentError(`It must be a JSON object, such as '{"team": "B"}'.`);
}
