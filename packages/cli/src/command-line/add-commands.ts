import type { Command } from 'commander';

/** The commands, in the order of the help, and the function that adds them. */
const groups: readonly {
  readonly names: readonly string[];
  readonly load: () => Promise<(program: Command) => void>;
}[] = [
  { names: ['train'], load: async () => (await import('./train-command.ts')).addTrain },
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
  { names: ['schema'], load: async () => (await import('./schema-command.ts')).addSchema },
  { names: ['conformance'], load: async () => (await import('./conformance-command.ts')).addConformance },
];

/**
 * Adds the command that the command line names, so that the modules of others are not loaded: those of `train` are all losses and
 * the schema of settings. Adds all commands if it names none, for the help and for messages.
 */
export async function addCommands(program: Command, commandLine: readonly string[]): Promise<void> {
  // The options before a command take no values.
  const name = commandLine.find((word) => !word.startsWith('-')) ?? '';
  const named = groups.filter(({ names }) => names.includes(name));
  for (const { load } of named.length > 0 ? named : groups) (await load())(program);
}
