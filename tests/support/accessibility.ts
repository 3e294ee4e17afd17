import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import type { Frame, Page } from 'playwright-core';
import { expect } from 'vitest';

const script = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8');

/**
 * Checks a page, or a frame of one, with axe.
 * @param rules `'all'` (default), or `'colours'` for a page that passed the others in other colours
 */
export async function expectAccessible(page: Page | Frame, rules: 'all' | 'colours' = 'all'): Promise<void> {
  await page.evaluate(script);
  const options = rules === 'all' ? {} : { runOnly: ['color-contrast'] };
  const violations = await page.evaluate(async (given) => {
    const { axe } = window as unknown as Axe;
    const results = await axe.run(given);
    return results.violations.map(({ id, nodes }) => `${id}: ${nodes.map(({ html }) => html).join(' ')}`);
  }, options);
  expect(violations).toEqual([]);
}

interface Axe {
  readonly axe: { run(options: object): Promise<{ violations: AxeViolation[] }> };
}

/** A violation that axe found. */
interface AxeViolation {
  readonly id: string;
  readonly nodes: readonly { readonly html: string }[];
}
