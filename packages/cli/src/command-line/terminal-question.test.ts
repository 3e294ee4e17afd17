import { PassThrough } from 'node:stream';
import { expect, it } from 'vitest';
import { terminalQuestion } from './terminal-question.ts';

const stream = (isTTY: boolean) => Object.assign(new PassThrough(), { isTTY });

it.each([
  [true, false],
  [false, true],
  [false, false],
])('asks nobody without a terminal: %j, %j', (input, output) => {
  expect(terminalQuestion(stream(input) as never, stream(output) as never)).toBeUndefined();
});

it.each([
  ['y', true],
  ['YES ', true],
  ['', false],
  ['n', false],
  ['yeah', false],
])('takes the answer %j as %j', async (answer, expected) => {
  const [input, output] = [stream(true), stream(true)];
  const asked = terminalQuestion(input as never, output as never)!('Remove Ada?');
  input.write(`${answer}\n`);
  expect(await asked).toBe(expected);
  expect(String(output.read())).toContain('Remove Ada? [y/N] ');
});
