import { Command } from 'commander';
import { expect, it } from 'vitest';
import { addTrain } from './train-command.ts';

it('rejects a negative seed, which cannot draw pairs', async () => {
  const program = new Command().exitOverride().configureOutput({ writeErr: () => {} });
  addTrain(program);
  await expect(program.parseAsync(['node', 'openset', 'train', '--seed', '-1'])).rejects.toThrow(
    /'-1' is invalid\. It must be a whole number from 0\./,
  );
});
