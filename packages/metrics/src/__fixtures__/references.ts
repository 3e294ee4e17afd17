import { readFileSync } from 'node:fs';
// The format is that of `openset conformance --kind metrics`; types alone, so nothing of the command is loaded.
import type { MetricsFixtures, VerificationFixture } from '../../../cli/src/metrics-fixture.ts';

/** A second set of pairs, of which the float64 cosines are kept and not the embeddings. */
interface Similarities extends Pick<VerificationFixture, 'isSame' | 'expected'> {
  readonly similarities: readonly number[];
}

function read<T>(name: string): T {
  return JSON.parse(readFileSync(new URL(name, import.meta.url), 'utf8')) as T;
}

export const references = read<MetricsFixtures>('metrics.json');
export const similarityReference = read<Similarities>('similarities.json');
