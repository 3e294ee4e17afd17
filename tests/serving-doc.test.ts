import { readFileSync } from 'node:fs';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { defaultLimits } from '@openset/server';
import { expect, it } from 'vitest';
import { runCommand } from './support/run-command.ts';
import { drawPhoto } from './support/serving-page/drawn-photos.ts';
import { startPage } from './support/serving-page/start-page.ts';
import { rootFolder } from './support/workspace.ts';

const page = readFileSync(join(rootFolder, 'docs/serving.md'), 'utf8');

/** Returns the shell commands of a section. */
function commandsOf(section: string): string {
  const text = page.split(`\n## ${section}\n`)[1]!.split('\n## ')[0]!;
  return /```sh\n(.*?)```/s.exec(text)![1]!;
}

it('the requests of docs/serving.md do what the page says', async ({ onTestFinished }) => {
  const { server, gallery, address } = await startPage();
  const folder = await mkdtemp(join(tmpdir(), 'openset-curl-'));
  onTestFinished(async () => {
    await server.close();
    await rm(folder, { recursive: true });
  });
  const photos = {
    'ada-1': ['ada'],
    'ada-2': ['ada'],
    'grace-1': ['grace'],
    party: ['grace', 'stranger'],
  } as const;
  for (const [index, [name, people]] of Object.entries(photos).entries()) {
    await writeFile(join(folder, `${name}.jpg`), await drawPhoto(people, index));
  }
  const script = [
    'set -eu',
    // Each answer is a line.
    'curl() { command curl --silent --show-error --fail-with-body "$@"; echo; }',
    commandsOf('Ask it').replace('http://127.0.0.1:8080', address),
  ].join('\n');
  const { exitCode, output } = await runCommand('bash', ['-c', script], { folder });
  expect(exitCode, output).toBe(0);
  const answers = output.split('\n').flatMap((line) => (line.startsWith('{') ? [JSON.parse(line)] : []));
  const [ada, grace, party, same, people, points, chosen] = answers;
  expect(ada).toMatchObject({ isNew: true, person: { name: 'Ada', photoCount: 2 } });
  expect(grace.photos[0].source).toBe('grace-1.jpg');
  expect(party.faces.map(({ person }: { person: { name: string } | null }) => person?.name)).toEqual([
    'Grace',
    undefined,
  ]);
  expect(same.same).toBe(true);
  expect(people.people.map(({ name }: { name: string }) => name)).toEqual(['Ada', 'Grace']);
  expect(points.points.find(({ rate }: { rate: number }) => rate === 0.01).threshold).toBeCloseTo(0.64, 2);
  expect(chosen).toMatchObject({ threshold: 0.64, source: 'operating-point', falseAlarms: 0.01 });
  expect((await gallery.people()).people.map(({ name }) => name)).toEqual(['Grace']);
});

it('docs/serving.md states the limits of the code', () => {
  const { bodyBytes, imageBytes, imagesPerRequest, bufferedBytes, requestsPerMinute } = defaultLimits;
  const { receiveSeconds, answerSeconds, stopSeconds } = defaultLimits;
  for (const row of [
    `| body of a request | ${bodyBytes / 2 ** 20} MiB |`,
    `| an image | ${imageBytes / 2 ** 20} MiB |`,
    `| images in an enrollment | ${imagesPerRequest} |`,
    `| bodies of all running requests together | ${bufferedBytes / 2 ** 20} MiB |`,
    `| requests of a key in a minute | ${requestsPerMinute} |`,
    `| time until a request has arrived | ${receiveSeconds} s |`,
    `| time until it is answered | ${answerSeconds} s |`,
    `| time to end running requests at a stop | ${stopSeconds} s |`,
  ]) {
    expect(page).toContain(row);
  }
});

it('docs/serving.md lists every request of the API', async ({ onTestFinished }) => {
  const { server } = await startPage();
  onTestFinished(() => server.close());
  const { paths } = (await server.app.inject('/openapi.json')).json() as {
    paths: Record<string, Record<string, unknown>>;
  };
  const expected = Object.entries(paths).flatMap(([path, methods]) =>
    path.startsWith('/v1/')
      ? Object.keys(methods).map((method) => {
          const named = path.replace('{id}', 'ID').replace('{photoId}', 'PHOTO');
          return `\`${method.toUpperCase()} ${named}\``;
        })
      : [],
  );
  expect(expected.length).toBeGreaterThan(12);
  expect(expected.filter((request) => !page.includes(request))).toEqual([]);
});
