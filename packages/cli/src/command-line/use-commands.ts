import type { Command } from 'commander';
import type { EmbedOptions } from '../commands/embed.ts';
import type { IdentifyOptions } from '../commands/identify.ts';
import type { VerifyOptions } from '../commands/verify.ts';
import {
  addCommand,
  answer,
  type CommonOptions,
  withBackend,
  withModel,
  withThreshold,
} from './command-builder.ts';

/** Adds `openset verify`, `openset identify` and `openset embed`. */
export function addUseCommands(program: Command): void {
  const verify = addCommand(program, {
    name: 'verify',
    description: 'do two images show the same person?',
    example: 'openset verify ada.jpg grace.jpg && echo same',
    exitCodes: '0 the same, 1 different, 2 a problem, 3 a mistake in openset',
  })
    .argument('<first>', 'image')
    .argument('<second>', 'image');
  withBackend(withThreshold(withModel(verify))).action(
    async (
      first: string,
      second: string,
      options: Omit<VerifyOptions, 'first' | 'second'> & CommonOptions,
    ) => {
      const { verify: run } = await import('../commands/verify.ts');
      await answer(options, (output) => run({ ...options, first, second }, output));
    },
  );

  const identify = addCommand(program, {
    name: 'identify',
    description: 'who is on the images: a person of a gallery, or nobody known?',
    example: 'openset identify visitor.jpg --gallery staff   # one folder of images for each person',
    exitCodes: '0 everybody is known, 1 somebody is not, 2 a problem, 3 a mistake in openset',
  })
    .argument('<paths...>', 'images, and folders of images')
    .requiredOption(
      '--gallery <path>',
      'images of the known people: a folder with a folder for each, or a list',
    );
  const usual = "the learned one, if there is one between embeddings, else the model's";
  withBackend(withThreshold(withModel(identify), usual)).action(
    async (paths: string[], options: Omit<IdentifyOptions, 'paths'> & CommonOptions) => {
      const { identify: run } = await import('../commands/identify.ts');
      await answer(options, (output) => run({ ...options, paths }, output));
    },
  );

  const embed = addCommand(program, {
    name: 'embed',
    description: 'write the embeddings of images, at unit length',
    example: 'openset embed photos --out photos.npz     # or photos.jsonl',
  })
    .argument('<paths...>', 'images, and folders of images')
    .requiredOption('--out <file>', 'file that ends in .npz (embeddings, paths) or .jsonl (a line each)');
  withBackend(withModel(embed)).action(
    async (paths: string[], options: Omit<EmbedOptions, 'paths'> & CommonOptions) => {
      const { embed: run } = await import('../commands/embed.ts');
      await answer(options, (output) => run({ ...options, paths }, output));
    },
  );
}
