import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { backbones, lossMakers } from './matrix.ts';
import { rootFolder } from './workspace.ts';

const document = join(rootFolder, 'docs', 'matrix.md');

/** Writes the table of a backend to `docs/matrix.md`. The tables of other backends stay. */
export function writeMatrixTable(
  backend: string,
  hasLearned: (backbone: string, loss: string) => boolean,
): void {
  const columns = Object.keys(backbones);
  const rows = Object.keys(lossMakers).map((loss) => {
    const cells = columns.map((backbone) => (hasLearned(backbone, loss) ? '✓' : 'fails'));
    return `| ${[loss.replace(/Loss$/, ''), ...cells].join(' | ')} |`;
  });
  const head = [
    `| ${['', ...columns].join(' | ')} |`,
    `| ${['', ...columns].map(() => '---').join(' | ')} |`,
  ];
  const tables = readTables();
  tables.set(backend, [...head, ...rows].join('\n'));
  const text = pageOf(tables);
  // Other tests read the page at the same time.
  if (text !== readPage()) writeFileSync(document, text);
}

function readPage(): string {
  return existsSync(document) ? readFileSync(document, 'utf8') : '';
}

function readTables(): Map<string, string> {
  return new Map(
    readPage()
      .split(/^## /m)
      .slice(1)
      .map((section) => {
        const [name, ...lines] = section.split('\n');
        return [name!, lines.join('\n').trim()] as const;
      }),
  );
}

function pageOf(tables: ReadonlyMap<string, string>): string {
  const names = [...tables.keys()].sort();
  return `# Any loss, any backbone, any backend

Tests write this page. They train each combination for two steps on one batch; the loss must fall, stay finite and leak no tensors.
Each row is a loss with all its terms active from the first step. \`tensorflow\` is the backend of \`@tensorflow/tfjs-node\`. \`webgl\`
and \`webgpu\` run in Chromium, on its graphics in software.

| backend | test | \`npm test\` runs | \`npm run test:long\` runs |
|---|---|---|---|
| \`cpu\`, \`wasm\` | \`tests/matrix.test.ts\` | each combination | each combination |
| \`webgl\`, \`webgpu\` | \`tests/browser-training.test.ts\` | each loss once, on one of the two, with a small backbone | each combination |
| \`tensorflow\` | \`OPENSET_TEST_BACKENDS=node npx vitest run tests/matrix.test.ts\` | nothing | nothing |

\`tests/browser-training.test.ts\` also checks that steps in the page leave the number of tensors, their bytes and the bytes on the GPU
as they were. \`tests/browser.test.ts\` compares the losses on WebGL and WebGPU with their reference values: \`npm test\` compares some
cases on each, \`npm run test:long\` all.

${names.map((name) => `## ${name}\n\n${tables.get(name)}`).join('\n\n')}
`;
}
