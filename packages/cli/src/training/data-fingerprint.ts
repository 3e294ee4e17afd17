import { createHash } from 'node:crypto';
import { ConfigError } from '@openset/core';
import type { ImageSource } from '@openset/data';
import { z } from 'zod';
import { entries, parseSettings } from '../config/problems.ts';
import { readJson } from '../files/read-json.ts';
import { statusOf } from '../files/status-of.ts';

const fingerprintSchema = entries({ pictures: z.int(), people: z.int(), sha256: z.string() });

/** What a set of images is known again by, wherever it lies: its numbers, and a hash of names and classes. */
export type DataFingerprint = z.output<typeof fingerprintSchema>;

/** The fingerprint of a set. */
export function fingerprintOf({ size, classNames, labels }: ImageSource): DataFingerprint {
  const hash = createHash('sha256').update(JSON.stringify(classNames)).update(labels);
  return { pictures: size, people: classNames.length, sha256: hash.digest('hex') };
}

/**
 * Makes sure that a run goes on with the images that it began with: of others, people who are held out would be trained
 * on, as they are drawn by their numbers.
 * @param path where the run keeps the fingerprint; a run of a version that kept none is not checked
 * @param name of the set, for messages
 * @throws ConfigError if there are other people, or other numbers of their images; DataError if the file is damaged
 */
export async function checkSameData(path: string, source: ImageSource, name: string): Promise<void> {
  if (!(await statusOf(path))) return;
  const before = parseSettings(fingerprintSchema, await readJson(path), path);
  const now = fingerprintOf(source);
  if (now.sha256 === before.sha256) return;
  throw new ConfigError(
    `'${name}' is not what the run began with: it had ${contents(before)}, and has ${contents(now)}` +
      `${contents(now) === contents(before) ? ', but not the same' : ''}. Going on would train on people who are held out: ` +
      'bring the images back as they were, or begin another run with --out.',
  );
}

function contents({ pictures, people }: DataFingerprint): string {
  return `${pictures} images of ${people} people`;
}
