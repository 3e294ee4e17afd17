import { type Command, Option } from 'commander';
import type { ExportOptions } from '../commands/export.ts';
import type { ImportOptions } from '../commands/import.ts';
import type { BackendChoice } from '../start-backend.ts';
import { addCommand, type CommonOptions, runCommand, withBackend, withModel } from './command-builder.ts';
import { cosineParser, countParser } from './option-parsers.ts';

/** Options of `openset import` that configure the network. */
interface NetworkFlags {
  readonly depth?: number;
  readonly width?: number;
  readonly inputSize?: number;
  readonly channels?: number;
  readonly embeddingSize?: number;
}

type ImportFlags = Omit<ImportOptions, 'weights' | 'options'> & NetworkFlags & CommonOptions;

/** Adds `openset export`, `openset import` and `openset info`. */
export function addFileCommands(program: Command): void {
  const exported = addCommand(program, {
    name: 'export',
    description: 'write the network as ONNX, with the threshold in the metadata',
    example: 'openset export --out model.onnx --flip-sum --preprocess --fold',
  })
    .requiredOption('--out <file>', 'ONNX file')
    .option('--flip-sum', 'add the embedding of the mirrored image, as verify does')
    .option('--preprocess', 'take pixels from 0 to 255 (default: from -1 to 1)')
    .option('--fold', 'fold batch norms into the convolutions before them')
    .option('--normalize', 'scale embeddings to unit length');
  withBackend(withModel(exported)).action(async (options: ExportOptions & CommonOptions) => {
    const { exportModel } = await import('../commands/export.ts');
    await runCommand(options, (output) => exportModel(options, output));
  });

  const imported = addCommand(program, {
    name: 'import',
    description: 'convert PyTorch weights (a state_dict as safetensors) to a model',
    example:
      'openset import weights.safetensors --network lresnet-ir --depth 50 --threshold 0.49 --out model.safetensors',
  })
    .argument('<weights>', 'safetensors file')
    .requiredOption(
      '--network <name>',
      'lresnet-ir, mobile-facenet, small-cnn, cifar-resnet or cifar-densenet',
    )
    .option('--depth <n>', 'depth of lresnet-ir (18, 34, 50, 100, 200) or cifar-resnet (18, 50)', countParser)
    .option('--width <n>', 'channels of the first stage', countParser)
    .option('--input-size <n>', 'height and width of the images in pixels', countParser)
    .option('--channels <n>', '3 for colour, 1 for grey', countParser)
    .option('--embedding-size <n>', 'number of values in an embedding', countParser)
    .requiredOption(
      '--threshold <cosine>',
      'lowest cosine of two embeddings of the same person; calibrate finds one',
      cosineParser,
    )
    .addOption(
      new Option('--threshold-source <word>', 'origin of the threshold')
        .choices(['learned', 'calibrated'])
        .default('calibrated'),
    )
    .option('--ignore <starts...>', 'skip tensors whose names start with one of these, such as fc.')
    .requiredOption('--out <file>', 'model file');
  withBackend(imported).action(async (weights: string, flags: ImportFlags) => {
    const { importWeights } = await import('../commands/import.ts');
    await runCommand(flags, (output) =>
      importWeights({ ...flags, weights, options: networkOptions(flags) }, output),
    );
  });

  const info = addCommand(program, {
    name: 'info',
    description: 'show versions, backends, kernels and threads, or what a model file says',
    example: [
      'openset info --json',
      'openset info --model openset-run   # its threshold, and for which question',
    ].join('\n'),
  }).option(
    '--model <path>',
    'model to describe instead of the installation: a file, the folder of a run, or a word such as faceres',
  );
  withBackend(info).action(async (options: BackendChoice & CommonOptions & { readonly model?: string }) => {
    const { model, ...choice } = options;
    if (model === undefined) {
      const { info: run } = await import('../commands/info.ts');
      await runCommand(options, (output) => run(choice, output));
    } else {
      const { modelInfo: run } = await import('../commands/model-info.ts');
      await runCommand(options, (output) => run({ ...choice, model }, output));
    }
  });
}

/** Returns the network options that are set. */
function networkOptions({ depth, width, inputSize, channels, embeddingSize }: NetworkFlags) {
  const all = Object.entries({ depth, width, inputSize, channels, embeddingSize });
  return Object.fromEntries(all.filter(([, value]) => value !== undefined));
}
