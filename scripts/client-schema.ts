// Writes the types of the service's API for @openset/client: npm run client-schema
import { writeFileSync } from 'node:fs';
import { clientSchema, clientSchemaPath } from '../tests/support/client-schema.ts';

writeFileSync(clientSchemaPath, await clientSchema());
