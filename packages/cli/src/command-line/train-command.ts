import { PassThrough } from 'node:stream';
import { type Command, Option } from 'commander';
import type { TrainOptions } from '../commands/train.ts';
import { checkClassLossWord, checkLossWord, lossWordHelp } from '../config/loss-words.ts';
import { presetNames } from '../config/presets.ts';
import type { Output } from '../output.ts';
import {
  addCommand,
  type CommonOptions,
  runCommand,
  withBackend,
  withImageReading,
} from './command-builder.ts';
import { trainText } from './command-texts.ts';
import { countParser, freezeParser, heldOutParser, numberParser, rangeParser } from './option-parsers.ts';

/** Adds `openset train`. */
export function addTrain(program: Command): void {
  const command = addCommand(program, trainText);
  command
    .option(
      '--data <path>',
      'folder with one folder of images for each person, a .rec file or a list of images',
    )
    .option('--out <folder>', 'folder of the run', 'openset-run')
    .option(
      '--backbone <network>',
      'pretrained network such as faceres, frozen, with a head that is trained; graph:PATH.json#OUTPUT_NODE; or a network of ' +
        'openset (default: lresnet-ir from nothing)',
    )
    .option(
      '--init <model>',
      'initial weights: model, folder of a run, PyTorch weights as .safetensors, or a pretrained network',
    )
    .option(
      '--freeze <part>',
      "part of the network that is not trained: 'backbone', or the number of its first stages (default: backbone for --backbone, 0 for --init)",
      freezeParser,
    )
    .option(
      '--input-range <black,white>',
      'values of black and white that the graph model expects (default: -1,1)',
      rangeParser,
    )
    .option('--config <file>', 'settings as JSON; --print-config lists them')
    .addOption(new Option('--preset <name>', "settings of a paper's run").choices(presetNames))
    .option('--loss <name>', 'loss, one of those below (default: unitsface)', checkLossWord)
    .option(
      '--class-loss <name>',
      'loss over class weights that --loss unitsface or epl builds on (default: cosface)',
      checkClassLossWord,
    )
    .option('--epochs <n>', 'length of the run in epochs', countParser)
    .option('--steps <n>', 'length of the run in steps', countParser)
    .option(
      '--minutes <n>',
      'length of the run in minutes (default: 1 for every 250 images)',
      numberParser({ minimum: 0, excludesMinimum: true }),
    )
    .option(
      '--seed <n>',
      'seed of all random numbers (default: 1)',
      numberParser({ minimum: 0, isWhole: true }),
    )
    .option(
      '--held-out <people>',
      'people to hold out for the threshold and the report: their number, or a share up to 0.9 (default: a tenth, at least 40 or ' +
        'a third of a small set; 0 with --pairs)',
      heldOutParser,
    )
    .option(
      '--max-images-per-person <n>',
      "images of a person that an epoch uses; others take their turn in later epochs (default: 50; 'all': no limit)",
      (text: string) => (text === 'all' ? null : countParser(text)),
    )
    .option('--pairs <file>', 'pairs of other people to evaluate on, instead of holding people out')
    .option(
      '--images <folder>',
      'folder that the paths in --pairs are relative to (default: folder of the list)',
    )
    .option(
      '--image-memory <gib>',
      'memory for decoded images in GiB; larger sets are decoded in part in every epoch (default: a quarter of the memory, at most ' +
        'half of what is free)',
      numberParser({ minimum: 0 }),
    )
    .option(
      '--rank-timeout <seconds>',
      'under mpirun: seconds that a process may wait for others before all end (default: 120)',
      numberParser({ minimum: 0.1 }),
    )
    .option(
      '--shard-classes',
      'under mpirun: each process holds a part of the class weights and memories of the loss, instead of all of them',
    )
    .option('--no-shard-classes', 'each process holds all of them (default); also for --resume')
    .option(
      '--sync-batch-norm',
      'under mpirun: batch norms use the statistics of the images of all processes, instead of their own ones',
    )
    .option('--no-sync-batch-norm', 'each process uses its own ones (default); also for --resume')
    .addOption(
      new Option(
        '--gradient-wire <type>',
        'under mpirun: how gradients travel; bfloat16 sends half the bytes, rounded, for slow networks (default float32); also for --resume',
      ).choices(['float32', 'bfloat16']),
    )
    .option('--resume', 'resume the run in --out from its last checkpoint')
    .option('--print-config', 'print all settings as JSON and train nothing');
  withBackend(withImageReading(command, { isSetting: true })).addHelpText(
    'after',
    () => `\nLosses:\n  ${lossWordHelp().join('\n  ')}`,
  );
  command.action(async (options: TrainOptions & CommonOptions & { readonly rankTimeout?: number }) => {
    const [{ train }, { stopOnSignals }, { openRanks }] = await Promise.all([
      import('../commands/train.ts'),
      import('@openset/train/node'),
      import('../ranks/open-ranks.ts'),
    ]);
    const { rankTimeout, ...trainOptions } = options;
    const signal = stopOnSignals();
    const onTrained = () => signal.release();
    const opened = await openRanks(rankTimeout, (line) => console.error(line));
    const ranks = opened?.ranks ?? null;
    const run = (output: Output) => train({ ...trainOptions, signal, onTrained, ranks }, output);
    try {
      // Rank 0 prints the result.
      await runCommand(options, run, ranks && ranks.rank > 0 ? new PassThrough().resume() : undefined);
      await opened?.close();
    } catch (error) {
      await opened?.fail(error);
      throw error;
    }
  });
}
