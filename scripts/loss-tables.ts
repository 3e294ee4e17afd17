// Brings the tables in docs/losses.md up to date with the descriptors of the losses: npm run loss-tables
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { losses } from '../packages/cli/src/losses.ts';
import { withLossTables } from '../tests/support/loss-tables.ts';
import { rootFolder } from '../tests/support/workspace.ts';

const path = join(rootFolder, 'docs', 'losses.md');
writeFileSync(path, withLossTables(readFileSync(path, 'utf8'), losses));
