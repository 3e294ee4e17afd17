import { expect, it } from 'vitest';
import { docCommentExamples } from './doc-comment-examples.ts';

const source = `
/* @example of no doc comment */
/**
 * Adds.
 * @example
 * if (true) {
 *   add(1); /* one *\\/
 * }
 *
 * @throws Error
 */
export function add() {}

export interface Thing {
  /**
   * @example
   * \`\`\`ts no-run
   * one();
   * \`\`\`
   * and
   * \`\`\`ts
   * two();
   * \`\`\`
   * @example
   * three();
   */
  value: number;
}
`;

it('finds the examples of doc comments, with and without fences', () => {
  expect(docCommentExamples(source)).toEqual([
    { code: 'if (true) {\n  add(1); /* one */\n}\n', line: 5, runs: true },
    { code: 'one();\n', line: 17, runs: false },
    { code: 'two();\n', line: 21, runs: true },
    { code: 'three();\n', line: 24, runs: true },
  ]);
});

it('finds no example in code', () => {
  expect(docCommentExamples("const text = '@example';\n// @example\nconst a = 1;\n")).toEqual([]);
});
