import { type Command, Option } from 'commander';
import { backendNames } from '../backend-names.ts';
import type { ServeOptions } from '../commands/serve.ts';
import { engineNames } from '../engine/engine-names.ts';
import { damageLevels } from '../images/image-reading.ts';
import {
  addCommand,
  type CommonOptions,
  runCommand,
  withAnyModel,
  withGallery,
  withThreshold,
} from './command-builder.ts';
import { countParser, numberParser } from './option-parsers.ts';

const portParser = numberParser({ minimum: 0, maximum: 65_535, isWhole: true });
const megabytesParser = numberParser({ minimum: 0, excludesMinimum: true, maximum: 1024 });

/** Adds `openset serve`. */
export function addServe(program: Command): void {
  const serve = addCommand(program, {
    name: 'serve',
    description: 'verify, identify and enroll people over HTTP, until Ctrl-C',
    example: [
      'openset serve --gallery staff.db --port 8080',
      'curl -F image=@visitor.jpg http://127.0.0.1:8080/v1/identify',
    ].join('\n'),
    exitCodes: '0 stopped by a signal, 2 error, 3 bug in openset',
  });
  withGallery(withThreshold(withAnyModel(serve, 'that of the gallery')))
    .option('--host <address>', 'address to listen at; others than this machine need --keys', '127.0.0.1')
    .option('--port <n>', 'port to listen at; 0 for any free one', portParser, 8080)
    .option('--keys <file>', "file of API keys of 'openset keys' (default: only this machine is answered)")
    .option('--workers <n>', 'number of worker threads (default: one for each core)', countParser)
    .option(
      '--queue <n>',
      'images that wait before more are refused (default: 32 for each worker)',
      countParser,
    )
    .option(
      '--max-pixels <n>',
      'pixels of an image above which it is refused (default: 50 million)',
      countParser,
    )
    .option('--max-faces <n>', 'faces of an image above which it is refused (default: 50)', countParser)
    .option('--max-image <megabytes>', 'size of an image file (default: 16)', megabytesParser)
    .option('--rate <n>', 'requests of a key in a minute (default: 600)', countParser)
    .option('--no-page', 'serve no page at /')
    .option('--align', 'find faces and crop them also for a model that states no crop')
    .addOption(
      new Option('--fail-on <level>', 'damage from which an image is refused (default: warning)').choices(
        damageLevels,
      ),
    )
    .addOption(
      new Option(
        '--engine <name>',
        'what computes embeddings (default: onnxruntime if onnxruntime-node is installed, else the backend)',
      ).choices(engineNames),
    )
    .addOption(new Option('--backend <name>', 'backend (default: wasm)').choices(backendNames))
    .option(
      '--threads <n>',
      "number of threads of each worker's backend and engine (default: 1)",
      countParser,
    )
    .addOption(
      new Option('--log <level>', 'log of requests on standard output, as lines of JSON')
        .choices(['debug', 'info', 'warn', 'error', 'silent'])
        .default('info'),
    )
    .action(async (options: Omit<ServeOptions, 'signal'> & CommonOptions) => {
      const [{ serve: run }, { stopOnSignals }] = await Promise.all([
        import('../commands/serve.ts'),
        import('@openset/train/node'),
      ]);
      const signal = stopOnSignals();
      await runCommand(options, (output) => run({ ...options, signal }, output));
      signal.release();
    });
}
