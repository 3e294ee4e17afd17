import { type Command, InvalidArgumentError, Option } from 'commander';
import { maximumThreads } from '../backend-names.ts';
import type { AlignOptions } from '../commands/align.ts';
import { faceSelections, parseCrop } from '../faces/crop-option.ts';
import { addCommand, type CommonOptions, runCommand, withBackend, withDecoding } from './command-builder.ts';
import { countParser, numberParser } from './option-parsers.ts';

/** Adds `openset align`. */
export function addAlign(program: Command): void {
  const command = addCommand(program, {
    name: 'align',
    description: 'find the faces of photos and write them as crops, for training and recognition',
    example: [
      'openset align photos --out crops                 # folders of people are kept',
      'openset align party.jpg --out faces --select all',
      'openset align photos --out other-crops --for model.safetensors',
    ].join('\n'),
    exitCodes:
      '0 done, 1 no photo has a face to crop, 2 error, 3 bug in openset, 130 stopped; the same command continues',
  });
  command
    .argument('<photos...>', 'folders of photos, photos, or one list or .rec file')
    .requiredOption('--out <folder>', 'folder of the crops, rejects.csv and contact-sheet.html')
    .addOption(
      new Option('--select <which>', 'faces of a photo to crop').choices(faceSelections).default('largest'),
    )
    .option(
      '--min-size <pixels>',
      'reject faces whose eyes are closer (default: 12)',
      numberParser({ minimum: 0 }),
    )
    .option(
      '--min-score <score>',
      'reject faces that are less certain, 0 to 1 (default: 0.5)',
      numberParser({ minimum: 0, maximum: 1 }),
    )
    .option(
      '--min-sharpness <value>',
      'reject faces that are more blurred; the contact sheet shows values (default: none)',
      numberParser({ minimum: 0 }),
    )
    .option(
      '--size <pixels>',
      "height and width of the crops (default: the model's with --for, else 112)",
      countParser,
    )
    .option(
      '--crop <kind>',
      'points: five landmarks on the ArcFace template; box[:SCALE]: a square of the face (default: points)',
      cropParser,
    )
    .option('--for <model>', 'crop as this model needs it')
    .option(
      '--workers <number>',
      'photos to search at the same time, each on a core (default: one for each core, as memory allows)',
      numberParser({ minimum: 1, maximum: maximumThreads, isWhole: true }),
    );
  withBackend(withDecoding(command)).action(
    async (paths: string[], options: Omit<AlignOptions, 'paths' | 'signal'> & CommonOptions) => {
      const [{ align }, { stopOnSignals }] = await Promise.all([
        import('../commands/align.ts'),
        import('@openset/train/node'),
      ]);
      const signal = stopOnSignals();
      await runCommand(options, (output) => align({ ...options, paths, signal }, output));
      signal.release();
    },
  );
}

function cropParser(text: string) {
  const crop = parseCrop(text);
  if (crop) return crop;
  throw new InvalidArgumentError("It must be 'points', 'box' or 'box:SCALE', such as box:1.2.");
}
