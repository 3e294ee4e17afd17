import { readFile } from 'node:fs/promises';
import { DataError } from '@openset/core';
import { expect, it } from 'vitest';
import { useModelFolder } from '../__fixtures__/model-folder.ts';
import { recordOutput } from '../__fixtures__/record-output.ts';
import { serve } from './serve.ts';

const { at, common, image } = useModelFolder();

/** Starts the command, and returns its address when it listens. */
async function start(options: object) {
  const output = recordOutput();
  const stop = new AbortController();
  const common = { host: '127.0.0.1', port: 0, workers: 1, log: 'silent', signal: stop.signal } as const;
  const result = serve({ ...common, ...options }, output);
  result.catch(() => {});
  const text = () => output.lines.join('\n');
  const listening = () => text().match(/listening +(http:\S+)/)?.[1];
  await Promise.race([expect.poll(listening).toBeDefined(), result]);
  return { address: listening()!, text, stop: () => stop.abort(), result };
}

it('serves a gallery that it creates, and keeps its people', async () => {
  const gallery = at('served.db');
  const first = await start({ ...common, gallery });
  expect(first.text()).toMatch(/^model +\S+model\.safetensors$/m);
  expect(first.text()).toMatch(/^gallery +\S+served\.db, 0 people$/m);
  expect(first.text()).toMatch(/^threshold +0\.900, learned$/m);
  expect(first.text()).toMatch(/^API keys +none: only this machine is answered/m);
  const body = new FormData();
  body.append('name', 'Ada');
  body.append('images', new Blob([await readFile(image(0, 0))]), 'ada.png');
  const enrolled = await fetch(`${first.address}/v1/people`, { method: 'POST', body });
  expect(enrolled.status, await enrolled.clone().text()).toBe(201);
  expect((await fetch(`${first.address}/`)).headers.get('content-type')).toContain('text/html');
  first.stop();
  expect(await first.result).toEqual({
    data: {
      ...{ address: first.address, model: common.model, gallery },
      engine: { name: 'cpu', version: null, threads: 1 },
    },
    text: 'stopped',
  });

  // The model is that of the gallery.
  const second = await start({ backend: 'cpu', gallery, page: false });
  expect(second.text()).toMatch(/^gallery +\S+served\.db, 1 person$/m);
  expect((await fetch(`${second.address}/`)).status).toBe(404);
  const probe = new FormData();
  probe.append('image', new Blob([await readFile(image(0, 0))]), 'probe.png');
  const answer = await fetch(`${second.address}/v1/identify`, { method: 'POST', body: probe });
  expect(await answer.json()).toMatchObject({ people: 1, faces: [{ person: { name: 'Ada' } }] });
  second.stop();
  await second.result;
});

it('refuses a folder as a gallery, and a missing model', async () => {
  await expect(start({ ...common, gallery: at('faces') })).rejects.toThrow(DataError);
  await expect(start({ ...common, model: at('none'), gallery: at('new.db') })).rejects.toThrow(DataError);
});
