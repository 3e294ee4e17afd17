import { Command } from 'commander';
import { expect, it } from 'vitest';
import { addCommands } from './add-commands.ts';

const all = [
  ...['train', 'doctor', 'align', 'evaluate', 'calibrate', 'verify', 'identify', 'embed'],
  ...['enroll', 'forget', 'people', 'export', 'import', 'info', 'serve', 'keys', 'schema', 'conformance'],
];

async function added(...commandLine: string[]): Promise<string[]> {
  const program = new Command();
  await addCommands(program, commandLine);
  return program.commands.map((command) => command.name());
}

it('adds only the commands of the file of the named one', async () => {
  expect(await added('--debug', 'verify', 'train', 'b.jpg')).toEqual(['verify', 'identify', 'embed']);
});

it('adds all commands without a known name', async () => {
  for (const commandLine of [[], ['--help'], ['help', 'verify'], ['verfy']]) {
    expect(await added(...commandLine)).toEqual(all);
  }
});

it('adds no command for the version alone', async () => {
  for (const commandLine of [['--version'], ['-V'], ['--debug', '--version']]) {
    expect(await added(...commandLine)).toEqual([]);
  }
});

it('adds the options of a command that is named, or whose help is asked for', async () => {
  for (const name of ['train', 'schema']) {
    for (const commandLine of [
      [name, '--help'],
      ['help', name],
    ]) {
      const program = new Command();
      await addCommands(program, commandLine);
      const command = program.commands.find((one) => one.name() === name);
      expect(command?.options.map(({ long }) => long)).toContain('--loss');
    }
  }
});

it.each(all)('adds %s if it is named', async (name) => {
  expect(await added(name)).toContain(name);
});
