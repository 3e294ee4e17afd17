import { type Command, Option } from 'commander';
import { backendNames } from '../backends.ts';
import { type CommandResult, createOutput, type Output } from '../output.ts';
import { cosineParser, countParser } from './option-parsers.ts';

/** What every command has. */
export interface CommonOptions {
  /** Whether the answer is one line of JSON. */
  readonly json?: boolean;
}

/** How a command presents itself. */
export interface CommandText {
  readonly name: string;
  readonly description: string;
  /** One line or more, as they are typed. */
  readonly example: string;
  /** What its exit codes mean beyond the usual. */
  readonly exitCodes?: string;
}

/** Adds a command with what all have: `--json`, `--debug`, an example. */
export function addCommand(
  program: Command,
  { name, description, example, exitCodes }: CommandText,
): Command {
  const lines = example.split('\n').map((line) => `  ${line}`);
  const codes = exitCodes ? `\n\nExit codes: ${exitCodes}` : '';
  return program
    .command(name)
    .description(description)
    .option('--json', 'answer with one line of JSON on standard output')
    .option('--debug', 'print stack traces')
    .addHelpText('after', `\nExample:\n${lines.join('\n')}${codes}`);
}

/** Where `openset train` leaves its model. */
export const defaultModel = 'openset-run/model.safetensors';

/** Adds `--model`. */
export function withModel(command: Command): Command {
  return command.addOption(
    new Option('--model <path>', 'trained model, or the folder of a run').default(defaultModel),
  );
}

/**
 * Adds `--threshold`.
 * @param usual what decides without it
 */
export function withThreshold(command: Command, usual = "the model's"): Command {
  return command.option(
    '--threshold <cosine>',
    `decide with this threshold, or with the 'learned' one (default: ${usual})`,
    (text) => (text === 'learned' ? text : cosineParser(text)),
  );
}

/** Adds `--backend` and `--threads`. */
export function withBackend(command: Command): Command {
  return command
    .addOption(
      new Option(
        '--backend <name>',
        'what computes (default: node-gpu or node where installed, else wasm)',
      ).choices(backendNames),
    )
    .option('--threads <n>', 'threads that compute (default: one for each core)', countParser);
}

/** Adds the options that say what a model is measured on. */
export function withTest(command: Command): Command {
  return command
    .option('--pairs <file>', 'list of pairs: pairs.txt of LFW, or a table path,path,same[,fold]')
    .option('--images <folder>', 'folder that the paths of --pairs start from (default: that of the list)')
    .option('--bin <file>', 'verification set of InsightFace, such as lfw.bin')
    .option(
      '--data <path>',
      'images of known people: a folder with a folder for each, a .rec file, or a list',
    );
}

/** Runs a command: progress on standard error, the answer on standard output, the exit code for the process. */
export async function answer(
  { json }: CommonOptions,
  run: (output: Output) => Promise<CommandResult>,
): Promise<void> {
  const { data, text, exitCode = 0 } = await run(createOutput(process.stderr));
  process.stdout.write(`${json ? JSON.stringify(data) : text}\n`);
  process.exitCode = exitCode;
}
