import { expect, it } from 'vitest';
import { typescriptBlocks } from './readme-blocks.ts';

const fence = '```';

it('finds blocks of TypeScript, including indented ones, and skips others', () => {
  const markdown = [
    `${fence}sh`,
    'npm install',
    fence,
    'Text.',
    `${fence}ts`,
    'const one = 1;',
    fence,
    '1. In a list:',
    `   ${fence}ts no-run`,
    '   if (two) {',
    '     three();',
    '   }',
    `   ${fence}`,
    `${fence}\`md`,
    `${fence}ts`,
    'a block inside a block is text',
    fence,
    `${fence}\``,
  ].join('\n');
  expect(typescriptBlocks(markdown)).toEqual([
    { code: 'const one = 1;\n', line: 5, runs: true },
    { code: 'if (two) {\n  three();\n}\n', line: 9, runs: false },
  ]);
});

it('rejects a block without an end and an unknown mark', () => {
  expect(() => typescriptBlocks(`${fence}ts\nconst one = 1;`)).toThrow('line 1 does not end');
  expect(() => typescriptBlocks(`\n${fence}ts skip\n${fence}`)).toThrow("Line 2: 'skip' after ts");
});
