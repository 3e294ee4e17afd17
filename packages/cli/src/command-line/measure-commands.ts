import type { Command } from 'commander';
import type { CalibrateOptions } from '../commands/calibrate.ts';
import type { EvaluateOptions } from '../commands/evaluate.ts';
import {
  addCommand,
  type CommonOptions,
  runCommand,
  runWithModel,
  type WithAnyModel,
  withAnyModel,
  withBackend,
  withEngine,
  withImageReading,
  withModel,
  withTest,
  withThreshold,
} from './command-builder.ts';
import { countParser, numberParser, oddsParser } from './option-parsers.ts';

/** Adds `openset evaluate` and `openset calibrate`. */
export function addMeasureCommands(program: Command): void {
  const evaluate = addCommand(program, {
    name: 'evaluate',
    description: 'measure a model: accuracy at its threshold and at the best one, TAR@FAR, EER, ROC',
    example: [
      'openset evaluate --data other-faces --report report.html',
      'openset evaluate --data other-faces --groups groups.csv',
      'openset evaluate --pairs lfw/pairs.txt --images lfw --model model.safetensors',
      'openset evaluate --bin lfw.bin --json',
    ].join('\n'),
  });
  withTest(withThreshold(withAnyModel(evaluate)))
    .option('--groups <file>', 'table person,group: error rates of each group of the people in --data')
    .option('--report <file>', 'write a report with curves and histograms as HTML');
  withEngine(
    withImageReading(evaluate),
    'onnxruntime if onnxruntime-node is installed, else the backend',
  ).action(async (options: WithAnyModel<EvaluateOptions> & CommonOptions) => {
    const { evaluate: run } = await import('../commands/evaluate.ts');
    await runWithModel(options, run);
  });

  const calibrate = addCommand(program, {
    name: 'calibrate',
    description: 'write a model with a threshold and probabilities for your own images',
    example: [
      'openset calibrate --data my-faces --far 0.001 --out strict.safetensors',
      'openset calibrate --pairs pairs.csv        # half of the pairs are the same person',
      'openset calibrate --data my-faces --gallery-size 200',
      'openset calibrate --data my-faces --gallery-size 200 --far 0.01    # accepts at most 1 % of strangers',
    ].join('\n'),
  });
  withTest(withModel(calibrate))
    .option(
      '--far <share>',
      'accept at most this share of pairs of different people; with --gallery-size, of strangers in a search',
      numberParser({ minimum: 0, maximum: 1 }),
    )
    .option(
      '--odds <same:different>',
      'for pairs with these odds, such as 1:100 (default: 1, half of the pairs are the same person)',
      oddsParser,
    )
    .option('--gallery-size <people>', 'for searches among this many people', countParser)
    .option(
      '--out <file>',
      'new model file (default: the name of the model with -calibrated, if there is no such file)',
    );
  withBackend(withImageReading(calibrate)).action(async (options: CalibrateOptions & CommonOptions) => {
    const { calibrate: run } = await import('../commands/calibrate.ts');
    await runCommand(options, (output) => run(options, output));
  });
}
