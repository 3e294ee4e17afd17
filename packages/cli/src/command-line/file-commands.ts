import { type Command, Option } from 'commander';
import type { ExportOptions } from '../commands/export.ts';
import type { ImportOptions } from '../commands/import.ts';
import type { BackendChoice } from '../start-backend.ts';
import { addCommand, answer, type CommonOptions, withBackend, withModel } from './command-builder.ts';
import { cosineParser, countParser } from './option-parsers.ts';

/** Options of `openset import` that are options of the network. */
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
    description: 'write the network as ONNX, its threshold in the metadata',
    example: 'openset export --out model.onnx --flip-sum --preprocess --fold',
  })
    .requiredOption('--out <file>', 'the ONNX file')
    .option('--flip-sum', 'add the embedding of the mirrored image, as verify does')
    .option('--preprocess', 'take pixels from 0 to 255 (default: scaled to -1 to 1)')
    .option('--fold', 'make batch norms part of the convolutions before them')
    .option('--normalize', 'give embeddings of length 1');
  withBackend(withModel(exported)).action(async (options: ExportOptions & CommonOptions) => {
    const { exportModel } = await import('../commands/export.ts');
    await answer(options, (output) => exportModel(options, output));
  });

  const imported = addCommand(program, {
    name: 'import',
    description: 'make a model of weights from PyTorch (a state_dict as safetensors)',
    example:
      'openset import weights.safetensors --network lresnet-ir --depth 50 --threshold 0.49 --out model.safetensors',
  })
    .argument('<weights>', 'safetensors file')
    .requiredOption(
      '--network <name>',
      'lresnet-ir, mobile-facenet, small-cnn, cifar-resnet or cifar-densenet',
    )
    .option('--depth <n>', 'of lresnet-ir (18, 34, 50, 100, 200) or cifar-resnet (18, 50)', countParser)
    .option('--width <n>', 'channels of the first stage', countParser)
    .option('--input-size <n>', 'side of the images in pixels', countParser)
    .option('--channels <n>', '3 for colour, 1 for grey', countParser)
    .option('--embedding-size <n>', 'length of an embedding', countParser)
    .requiredOption(
      '--threshold <cosine>',
      'from which cosine on two embeddings are of the same person; calibrate finds one',
      cosineParser,
    )
    .addOption(
      new Option('--threshold-source <word>', 'where it comes from')
        .choices(['learned', 'calibrated'])
        .default('calibrated'),
    )
    .option('--ignore <starts...>', 'beginnings of names to be passed over, such as fc.')
    .requiredOption('--out <file>', 'the model');
  withBackend(imported).action(async (weights: string, flags: ImportFlags) => {
    const { importWeights } = await import('../commands/import.ts');
    await answer(flags, (output) =>
      importWeights({ ...flags, weights, options: networkOptions(flags) }, output),
    );
  });

  const info = addCommand(program, {
    name: 'info',
    description: 'tell versions, backends, kernels and threads',
    example: 'openset info --json',
  });
  withBackend(info).action(async (options: BackendChoice & CommonOptions) => {
    const { info: run } = await import('../commands/info.ts');
    await answer(options, (output) => run(options, output));
  });
}

/** Those that were given. */
function networkOptions({ depth, width, inputSize, channels, embeddingSize }: NetworkFlags) {
  const all = Object.entries({ depth, width, inputSize, channels, embeddingSize });
  return Object.fromEntries(all.filter(([, value]) => value !== undefined));
}
