import { readFileSync } from 'node:fs';
import { type LossFixture, readLossFixtures } from './loss-fixture.ts';

/**
 * Reads the cases of a fixture file, such as `new URL('./__fixtures__/losses.json', import.meta.url)`.
 * @throws DataError if the file is not a valid fixture file (see `readLossFixtures`)
 */
export function lossFixtures(file: URL): LossFixture[] {
  return readLossFixtures(readFileSync(file, 'utf8'));
}
