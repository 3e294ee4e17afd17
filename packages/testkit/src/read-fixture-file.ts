import { readFileSync } from 'node:fs';
import { type LossFixture, readLossFixtures } from './loss-fixture.ts';

/**
 * The cases of a fixture file beside a test: `lossFixtures(new URL('./__fixtures__/losses.json', import.meta.url))`.
 * @param which the losses whose cases are wanted; default all
 * @throws DataError if the file is not in the format, or holds none of them
 */
export function lossFixtures(file: URL, which?: readonly string[]): LossFixture[] {
  return readLossFixtures(readFileSync(file, 'utf8')).filter(({ loss }) => which?.includes(loss) ?? true);
}
