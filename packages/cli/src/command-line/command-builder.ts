import { type Command, Option } from 'commander';
import { backendNames } from '../backend-names.ts';
import { engineNames, fewestImages } from '../engine/engine-names.ts';
import { defaultGallery } from '../gallery/default-gallery.ts';
import { badImagePolicies, damageLevels, orientations } from '../images/image-reading.ts';
import { ownModel } from '../model/own-model.ts';
import { type CommandResult, createOutput, type Output } from '../output.ts';
import { cosineParser, countParser, shareParser } from './option-parsers.ts';

/** Options of every command. */
export interface CommonOptions {
  /** Whether to print the result as one line of JSON. */
  readonly json?: boolean;
}

/** Name and help of a command. */
export interface CommandText {
  readonly name: string;
  readonly description: string;
  /** Example command lines: one line or more. */
  readonly example: string;
  /** Meaning of the exit codes, if they differ from those in the general help. */
  readonly exitCodes?: string;
}

/** Adds a command with `--json`, `--debug` and an example. */
export function addCommand(
  program: Command,
  { name, description, example, exitCodes }: CommandText,
): Command {
  const lines = example.split('\n').map((line) => `  ${line}`);
  const codes = exitCodes ? `\n\nExit codes: ${exitCodes}` : '';
  return program
    .command(name)
    .description(description)
    .option('--json', 'print the result as one line of JSON on standard output')
    .option('--debug', 'print stack traces')
    .addHelpText('after', `\nExample:\n${lines.join('\n')}${codes}`);
}

const modelText = 'model file, folder of a run, or a pretrained network such as faceres';

/** Adds `--model` for commands that read the user's own model. */
export function withModel(command: Command): Command {
  return command.addOption(new Option('--model <model>', modelText).default(ownModel));
}

/**
 * Adds `--model` for commands that use any model; `chooseModel` finds the default.
 * @param first the model that is the default before the others, for the help
 */
export function withAnyModel(command: Command, first?: string): Command {
  const before = first === undefined ? '' : `${first}, else `;
  return command.option(
    '--model <model>',
    `${modelText} (default: ${before}${ownModel} if there is one, else faceres)`,
  );
}

/** Adds `--gallery` for commands that change or describe a gallery. */
export function withGallery(command: Command): Command {
  return command.option(
    '--gallery <place>',
    `gallery file such as staff.db, or postgres://… (default: ${defaultGallery})`,
  );
}

/** Options as the command line gives them: without `--model`, the command chooses the model. */
export type WithAnyModel<Options extends { readonly model: string }> = Omit<Options, 'model'> & {
  readonly model?: string | undefined;
};

/** Runs a command with the model of `chooseModel`, as `runCommand`. */
export async function runWithModel<Options extends { readonly model?: string | undefined }>(
  options: Options & CommonOptions,
  run: (options: Options & { readonly model: string }, output: Output) => Promise<CommandResult>,
): Promise<void> {
  await runCommand(options, async (output) => {
    const { chooseModel } = await import('../model/choose-model.ts');
    return run({ ...options, model: await chooseModel(options.model, output) }, output);
  });
}

/**
 * Adds `--threshold`.
 * @param defaultText which threshold decides if the option is missing, for the help
 */
export function withThreshold(command: Command, defaultText = "the model's"): Command {
  return command.option(
    '--threshold <cosine>',
    `cosine to decide with, or 'learned' for the threshold learned in training (default: ${defaultText})`,
    (text) => (text === 'learned' ? text : cosineParser(text)),
  );
}

/**
 * Adds `--backend` and `--threads`.
 * @param defaultText backend if the option is missing, for the help
 */
export function withBackend(
  command: Command,
  defaultText = 'node-gpu or node if installed, else wasm',
): Command {
  return command
    .addOption(new Option('--backend <name>', `backend (default: ${defaultText})`).choices(backendNames))
    .option('--threads <n>', 'number of threads (default: one for each core)', countParser);
}

/**
 * Adds `--engine`, `--backend` and `--threads`.
 * @param engineText engine if neither is given, for the help
 * @param backendText backend if neither is given, for the help
 */
export function withEngine(
  command: Command,
  engineText = `onnxruntime if onnxruntime-node is installed, for ${fewestImages} images or more; else the backend`,
  backendText?: string,
): Command {
  return withBackend(
    command.addOption(
      new Option('--engine <name>', `what computes embeddings (default: ${engineText})`).choices(engineNames),
    ),
    backendText,
  );
}

/** Adds `--orientation`, `--fail-on` and `--max-pixels`. */
export function withDecoding(command: Command): Command {
  return command
    .addOption(
      new Option(
        '--orientation <mode>',
        'turn images upright by their EXIF orientation, or ignore it (default: as the model was trained, else exif)',
      ).choices(orientations),
    )
    .addOption(
      new Option('--fail-on <level>', 'damage from which an image is bad (default: warning)').choices(
        damageLevels,
      ),
    )
    .option('--max-pixels <n>', 'number of pixels above which an image is bad (default: 2^26)', countParser);
}

/**
 * Adds `--align` and `--no-align`.
 * @param defaultText when faces are cropped without the options, for the help
 */
export function withAlignment(
  command: Command,
  defaultText = 'if the model states its crop, for sets whose images are no crops yet',
): Command {
  return command
    .option('--align', `find faces and crop them (default: ${defaultText})`)
    .option('--no-align', 'take images as they are');
}

/**
 * Adds the options of `ImageReading`.
 * @param options `isSetting`: whether a configuration file can set the options, so that they have no default here
 */
export function withImageReading(command: Command, { isSetting = false } = {}): Command {
  const [stop] = badImagePolicies;
  command
    .addOption(
      new Option('--on-bad-image <action>', 'stop at images that cannot be read and list them, or skip them')
        .choices(badImagePolicies)
        .default(isSetting ? undefined : stop),
    )
    .option(
      '--max-bad <share>',
      'with skip: stop if more than this share of the images is bad, such as 1% or 0.01 (default: no limit)',
      shareParser,
    );
  if (!isSetting) {
    command.hook('preAction', async () => {
      const { checkImageReading } = await import('../images/check-image-reading.ts');
      checkImageReading(command.opts());
    });
  }
  return withFeatureCache(withAlignment(withDecoding(command)));
}

/** Adds `--feature-cache`. */
function withFeatureCache(command: Command): Command {
  return command.option(
    '--feature-cache <folder>',
    "where features of frozen networks are kept, or 'off' (default: ~/.cache/openset)",
  );
}

/** Adds the options that name the test set of a model. */
export function withTest(command: Command): Command {
  return command
    .option('--pairs <file>', "list of pairs: LFW's pairs.txt or a table path,path,same[,fold]")
    .option(
      '--images <folder>',
      'folder that the paths in --pairs are relative to (default: folder of the list)',
    )
    .option('--bin <file>', 'InsightFace verification set, such as lfw.bin')
    .option(
      '--data <path>',
      'labelled images: a folder with one folder for each person, a .rec file or a list',
    );
}

/**
 * Runs a command: prints progress to standard error and the result to standard output, and sets the exit code.
 * @param stream where the result goes, if not to standard output
 */
export async function runCommand(
  { json }: CommonOptions,
  run: (output: Output) => Promise<CommandResult>,
  stream: NodeJS.WritableStream = process.stdout,
): Promise<void> {
  const { data, text, exitCode = 0 } = await run(createOutput(process.stderr));
  stream.write(`${json ? JSON.stringify(data) : text}\n`);
  process.exitCode = exitCode;
}
