import { expect, it } from 'vitest';
import { listItem, listText, medianText, table, wrapText } from './page-text.ts';

it('writes tables and lists', () => {
  expect(table(['a', 'b'], [[1, 'x']])).toBe('| a | b |\n| --- | --- |\n| 1 | x |');
  expect([listText([]), listText([100]), listText([100, 400]), listText([100, 400, 982])]).toEqual([
    '',
    '100',
    '100 and 400',
    '100, 400 and 982',
  ]);
});

it('shows the median between the lowest and the highest', () => {
  expect(medianText([0.03, 0.01, 0.02])).toBe('2.00 % (1.00 %–3.00 %)');
});

it('wraps text at 125 characters and keeps every word', () => {
  const text = Array.from({ length: 60 }, (_, index) => `word${index}`).join(' ');
  const lines = wrapText(text).split('\n');
  expect(lines.join(' ')).toBe(text);
  expect(Math.max(...lines.map(({ length }) => length))).toBeLessThanOrEqual(125);
  expect(lines.length).toBe(Math.ceil(text.length / 125));
  const item = listItem(text).split('\n');
  expect(item[0]).toMatch(/^- word0 /);
  for (const line of item.slice(1)) expect(line).toMatch(/^ {2}word/);
});
