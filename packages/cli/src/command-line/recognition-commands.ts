import type { Command } from 'commander';
import type { EmbedOptions } from '../commands/embed.ts';
import type { IdentifyOptions } from '../commands/identify.ts';
import type { VerifyOptions } from '../commands/verify.ts';
import { defaultGallery } from '../gallery/default-gallery.ts';
import {
  addCommand,
  type CommonOptions,
  runCommand,
  runWithModel,
  type WithAnyModel,
  withAlignment,
  withAnyModel,
  withDecoding,
  withEngine,
  withImageReading,
  withThreshold,
} from './command-builder.ts';

/** Adds `openset verify`, `openset identify` and `openset embed`. */
export function addRecognitionCommands(program: Command): void {
  const verify = addCommand(program, {
    name: 'verify',
    description: 'decide whether two images show the same person',
    example:
      'openset verify ada.jpg grace.jpg && echo same   # any photos; the largest face of each is compared',
    exitCodes: '0 same, 1 different, 2 error, 3 bug in openset',
  })
    .argument('<first>', 'image')
    .argument('<second>', 'image');
  const options = withAlignment(withDecoding(withThreshold(withAnyModel(verify))));
  withEngine(options, 'the backend', 'wasm, which starts fastest').action(
    async (
      first: string,
      second: string,
      options: WithAnyModel<Omit<VerifyOptions, 'first' | 'second'>> & CommonOptions,
    ) => {
      const { verify: run } = await import('../commands/verify.ts');
      await runWithModel(options, (chosen, output) => run({ ...chosen, first, second }, output));
    },
  );

  const identify = addCommand(program, {
    name: 'identify',
    description: 'find each face of the images in a gallery, or report nobody known',
    example: [
      'openset identify visitor.jpg --gallery staff      # one folder of images for each person',
      'openset identify visitor.jpg --gallery staff.db   # the people of openset enroll',
    ].join('\n'),
    exitCodes:
      '0 everybody is known, 1 somebody is unknown, 2 error or a probe was skipped, 3 bug in openset',
  })
    .argument('<paths...>', 'images and folders of images')
    .option(
      '--gallery <place>',
      'known people: a gallery file such as staff.db, postgres://…, or images: a folder with one folder for each person, a .rec ' +
        `file or a list (default: ${defaultGallery})`,
    );
  const defaultText =
    "the gallery's operating point, else the model's for galleries of this size, else the learned one if it separates two embeddings, else the model's";
  const chosen = withAnyModel(identify, 'that of the gallery');
  withEngine(withImageReading(withThreshold(chosen, defaultText))).action(
    async (paths: string[], options: Omit<IdentifyOptions, 'paths'> & CommonOptions) => {
      const { identify: run } = await import('../commands/identify.ts');
      await runCommand(options, (output) => run({ ...options, paths }, output));
    },
  );

  const embed = addCommand(program, {
    name: 'embed',
    description: 'write the embeddings of images, scaled to unit length',
    example: 'openset embed photos --out photos.npz     # or photos.jsonl',
  })
    .argument('<paths...>', 'images and folders of images')
    .requiredOption(
      '--out <file>',
      'file ending in .npz (embeddings, paths) or .jsonl (one line for each image)',
    );
  withEngine(withImageReading(withAnyModel(embed))).action(
    async (paths: string[], options: WithAnyModel<Omit<EmbedOptions, 'paths'>> & CommonOptions) => {
      const { embed: run } = await import('../commands/embed.ts');
      await runWithModel(options, (chosen, output) => run({ ...chosen, paths }, output));
    },
  );
}
