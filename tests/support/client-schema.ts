import { join } from 'node:path';
import openapiTypes, { astToString } from 'openapi-typescript';
import ts from 'typescript';
import { startFake } from '../../packages/server/src/__fixtures__/start.ts';
import { rootFolder } from './workspace.ts';

/** Path of the types that `clientSchema` writes. */
export const clientSchemaPath = join(rootFolder, 'packages', 'client', 'src', 'schema.ts');

/** Returns the types of the service's API as TypeScript, made from its OpenAPI document. */
export async function clientSchema(): Promise<string> {
  const { app } = await startFake();
  const document = (await app.inject('/openapi.json')).json();
  const blob = ts.factory.createTypeReferenceNode('Blob');
  const nodes = await openapiTypes(document, {
    transform: (schema) => (schema.format === 'binary' ? blob : undefined),
  });
  return `// Made from the OpenAPI document of @openset/server by npm run client-schema.\n\n${astToString(nodes)}`;
}
