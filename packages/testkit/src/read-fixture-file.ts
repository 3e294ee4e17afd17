import { readFileSync } from 'node:fs';
import { type LossFixture, readLossFixtures } from './loss-fixture.ts';

/**
 * Reads the cases of a fixture file beside a test: `lossFixtures(new URL('./__fixtures__/losses.json', import.meta.url))`.
 * @throws DataError if the file is not in the format
 */
export function lossFixtures(file: URL): LossFixture[] {
  return readLossFixtures(readFileSync(file, 'utf8'));
}
