import { meanTemplate } from '@openset/gallery';
import type { Statements } from './statements.ts';
import { vectorBytes, vectorOf } from './vector-bytes.ts';

/**
 * Writes the mean of the embeddings of a person, or removes it if they have none.
 * @param person number of the row
 * @throws DataError if the embeddings cancel each other out
 */
export function updateTemplate(statements: Statements, person: number, name: string): void {
  const vectors = statements.vectorsOf.all(person).map(vectorOf);
  if (vectors.length === 0) statements.removeTemplate.run(person);
  else statements.setTemplate.run(person, vectorBytes(meanTemplate(name, vectors)));
}
