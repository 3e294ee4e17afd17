import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import '@openset/wasm-kernels';
import * as tf from '@tensorflow/tfjs';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { backbones, lossMakers, trainTwoSteps } from './support/matrix.ts';
import { rootFolder } from './support/workspace.ts';

// Tests every loss with a backbone of every family on every installed backend, and writes docs/matrix.md. More backends:
// OPENSET_TEST_BACKENDS=node,webgpu npx vitest run tests/matrix.test.ts
const document = join(rootFolder, 'docs', 'matrix.md');
const more = (process.env.OPENSET_TEST_BACKENDS?.split(',') ?? []).map((name) =>
  name === 'node' ? 'tensorflow' : name,
);
const done = new Map<string, Set<string>>();

describe.each(['cpu', 'wasm', ...more])('on %s', (backendName) => {
  beforeAll(async () => {
    await tf.setBackend(backendName);
  });

  describe.each(Object.keys(backbones))('%s', (backbone) => {
    it.each(Object.keys(lossMakers))('learns with %s', async (loss) => {
      const { losses, leaked } = await trainTwoSteps(backbones[backbone]!, lossMakers[loss]!);
      for (const value of losses) expect(Number.isFinite(value)).toBe(true);
      expect(losses[2]).toBeLessThan(losses[0]!);
      expect(leaked).toBe(0);
      const key = `${backendName}/${backbone}`;
      done.set(key, (done.get(key) ?? new Set()).add(loss));
    });
  });

  // A backend that is not installed keeps its section.
  afterAll(() => {
    const columns = Object.keys(backbones);
    const rows = Object.keys(lossMakers).map((loss) => {
      const cells = columns.map((backbone) =>
        done.get(`${backendName}/${backbone}`)?.has(loss) ? '✓' : 'fails',
      );
      return `| ${[loss.replace(/Loss$/, ''), ...cells].join(' | ')} |`;
    });
    const head = [
      `| ${['', ...columns].join(' | ')} |`,
      `| ${['', ...columns].map(() => '---').join(' | ')} |`,
    ];
    const sections = readSections();
    sections.set(backendName, [...head, ...rows].join('\n'));
    writeFileSync(document, pageOf(sections));
  });
});

function readSections(): Map<string, string> {
  const text = existsSync(document) ? readFileSync(document, 'utf8') : '';
  return new Map(
    text
      .split(/^## /m)
      .slice(1)
      .map((section) => {
        const [name, ...lines] = section.split('\n');
        return [name!, lines.join('\n').trim()] as const;
      }),
  );
}

function pageOf(sections: ReadonlyMap<string, string>): string {
  const names = [...sections.keys()].sort();
  return `# Any loss, any backbone, any backend

\`tests/matrix.test.ts\` writes this page. It trains each combination for two steps on one batch; the loss must fall, stay finite
and leak no tensors. Each row is a loss with all its terms active from the first step. \`tensorflow\` is the backend of
\`@tensorflow/tfjs-node\`. \`tests/browser.test.ts\` tests WebGL and WebGPU in a browser with the losses' reference values.

${names.map((name) => `## ${name}\n\n${sections.get(name)}`).join('\n\n')}
`;
}
