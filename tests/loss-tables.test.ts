import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { losses } from '../packages/cli/src/losses.ts';
import { withLossTables } from './support/loss-tables.ts';
import { rootFolder } from './support/workspace.ts';

it('docs/losses.md shows the descriptors; npm run loss-tables updates the page', () => {
  const page = readFileSync(join(rootFolder, 'docs', 'losses.md'), 'utf8');
  expect(page).toBe(withLossTables(page, losses));
});

it('links a loss to the heading that names its class, and states values and defaults', () => {
  const page = [
    '<!-- losses:start -->',
    '<!-- losses:end -->',
    '## SmallLoss, LargeLoss',
    '<!-- loss-options:start -->',
    '<!-- loss-options:end -->',
  ].join('\n');
  const large = {
    name: 'LargeLoss',
    package: '@openset/large',
    summary: 'a large loss',
    use: 'never',
    source: 'nowhere',
    threshold: 'embeddings',
    thresholdCondition: 'on Sundays',
    hasClassWeights: true,
    words: { large: { options: () => ({}) } },
    options: {
      numClasses: { type: 'number', required: true, description: 'classes' },
      scale: { type: 'number', above: 0, maximum: 9, default: 3, symbol: 's', description: 'factor' },
      kind: { type: 'choice', choices: ['a', 'b'], default: 'a', description: 'kind' },
      inner: { type: 'loss', required: true, description: 'inner loss' },
    },
    create: () => {
      throw new Error('not made');
    },
    conformance: [],
  } as const;
  const lines = withLossTables(page, [large]).split('\n');
  expect(lines).toContain(
    '| [`LargeLoss`](#smallloss-largeloss) | `@openset/large` | `large` | embeddings (on Sundays) | never |',
  );
  expect(lines).toContain('| `scale` | s | number > 0 and ≤ 9 | `3` | factor |');
  expect(lines).toContain("| `kind` |  | `'a'`, `'b'` | `'a'` | kind |");
  expect(lines).toContain('| `inner` |  | a loss | required | inner loss |');
  expect(lines.join('\n')).not.toContain('numClasses');
});
