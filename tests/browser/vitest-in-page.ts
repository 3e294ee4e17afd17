import {
  ASYMMETRIC_MATCHERS_OBJECT,
  chai,
  JestAsymmetricMatchers,
  JestChaiExpect,
  JestExtend,
} from '@vitest/expect';

// The part of vitest that the conformance suite of galleries uses, for pages. `openPage` puts it in the place of vitest.

type Work = () => unknown;

interface Suite {
  readonly name: string;
  readonly before: readonly Work[];
  readonly after: readonly Work[];
}

interface Test {
  readonly name: string;
  readonly suite: Suite;
  readonly run: Work;
}

chai.use(JestExtend);
chai.use(JestChaiExpect);
chai.use(JestAsymmetricMatchers);

/** vitest's own `expect`. */
export const expect = Object.assign(
  (value: unknown) => chai.expect(value),
  chai.expect,
  (globalThis as unknown as Record<symbol, object>)[ASYMMETRIC_MATCHERS_OBJECT],
);

const tests: Test[] = [];
let suite: { name: string; before: Work[]; after: Work[] } = { name: '', before: [], after: [] };

/** Registers tests, each with the hooks around it. */
export const describe = withEach((name, define) => {
  const outside = suite;
  suite = { name: `${outside.name}${name} > `, before: [...outside.before], after: [...outside.after] };
  define();
  suite = outside;
});

/** Registers a test. */
export const it = withEach((name, run) => {
  tests.push({ name: suite.name + name, suite, run });
});

/** Registers work before each test of a suite. */
export function beforeEach(work: Work): void {
  suite.before.push(work);
}

/** Registers work after each test of a suite. */
export function afterEach(work: Work): void {
  suite.after.push(work);
}

/** Runs all registered tests, one after the other. @returns the number that passed, and the names and errors of those that failed */
export async function runTests(): Promise<{ passed: number; failed: string[] }> {
  const failed: string[] = [];
  for (const { name, suite: around, run } of tests) {
    try {
      for (const work of around.before) await work();
      await run();
    } catch (error) {
      failed.push(`${name}: ${error}`);
    }
    for (const work of around.after) await work();
  }
  return { passed: tests.length - failed.length, failed };
}

/** Adds `each`, which registers a case for every row. */
function withEach(register: (name: string, run: Work) => void) {
  const each = (rows: readonly unknown[]) => (name: string, run: (...values: unknown[]) => unknown) => {
    for (const row of rows) {
      const values = Array.isArray(row) ? row : [row];
      register(name.replace('%s', String(values[0])), () => run(...values));
    }
  };
  return Object.assign(register, { each });
}
