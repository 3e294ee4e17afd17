import type { Command } from 'commander';
import type { CommandText } from './command-builder.ts';

type AddCommands = (program: Command) => void;

/** The commands, in the order of the help. */
const groups: readonly {
  readonly names: readonly string[];
  /** Returns the function that adds the commands. */
  readonly load: () => Promise<AddCommands>;
  /** Returns one that adds them without their options, for the list of all commands; default: `load`. */
  readonly loadOutline?: () => Promise<AddCommands>;
}[] = [
  {
    names: ['train'],
    load: async () => (await import('./train-command.ts')).addTrain,
    loadOutline: async () => outlined((await import('./command-texts.ts')).trainText),
  },
  { names: ['doctor'], load: async () => (await import('./doctor-command.ts')).addDoctor },
  { names: ['align'], load: async () => (await import('./align-command.ts')).addAlign },
  {
    names: ['evaluate', 'calibrate'],
    load: async () => (await import('./measure-commands.ts')).addMeasureCommands,
  },
  {
    names: ['verify', 'identify', 'embed'],
    load: async () => (await import('./recognition-commands.ts')).addRecognitionCommands,
  },
  {
    names: ['enroll', 'forget'],
    load: async () => (await import('./gallery-commands.ts')).addGalleryCommands,
  },
  { names: ['people'], load: async () => (await import('./people-command.ts')).addPeople },
  {
    names: ['export', 'import', 'info'],
    load: async () => (await import('./file-commands.ts')).addFileCommands,
  },
  { names: ['serve'], load: async () => (await import('./serve-command.ts')).addServe },
  { names: ['keys'], load: async () => (await import('./keys-command.ts')).addKeys },
  {
    names: ['schema'],
    load: async () => (await import('./schema-command.ts')).addSchema,
    loadOutline: async () => outlined((await import('./command-texts.ts')).schemaText),
  },
  { names: ['conformance'], load: async () => (await import('./conformance-command.ts')).addConformance },
];

async function outlined(text: CommandText): Promise<AddCommands> {
  const { addCommand } = await import('./command-builder.ts');
  return (program) => addCommand(program, text);
}

/**
 * Adds the command that the command line names, so that the modules of others are not loaded: those of `train` are all losses and
 * the schema of settings. Adds all commands if it names none, for the help and for messages: none for `--version`, and those that
 * need many modules without their options.
 */
export async function addCommands(program: Command, commandLine: readonly string[]): Promise<void> {
  // The options before a command take no values.
  const [name, helped] = commandLine.filter((word) => !word.startsWith('-'));
  if (name === undefined && commandLine.some((word) => word === '--version' || word === '-V')) return;
  const named = groups.filter(({ names }) => name !== undefined && names.includes(name));
  if (named.length > 0) {
    for (const { load } of named) (await load())(program);
    return;
  }
  for (const { names, load, loadOutline = load } of groups) {
    const isHelped = name === 'help' && helped !== undefined && names.includes(helped);
    (await (isHelped ? load : loadOutline)())(program);
  }
}
