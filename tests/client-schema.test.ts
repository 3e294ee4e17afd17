import { readFileSync } from 'node:fs';
import { expect, it } from 'vitest';
import { clientSchema, clientSchemaPath } from './support/client-schema.ts';

it('the types of the client are those of the service; npm run client-schema updates them', async () => {
  expect(readFileSync(clientSchemaPath, 'utf8')).toBe(await clientSchema());
});
