import { createHash } from 'node:crypto';
import { ConfigError } from '@openset/core';
import type { ImageSource } from '@openset/data';
import { z } from 'zod';
import { objectSchema, parseSettings } from '../config/parse-settings.ts';
import { pathStatus } from '../files/paths.ts';
import { readJson } from '../files/read-file.ts';

const fingerprintSchema = objectSchema({ pictures: z.int(), people: z.int(), sha256: z.string() });

/** Fingerprint of a set of images, independent of its location: counts, and a hash of class names and labels. */
export type DataFingerprint = z.output<typeof fingerprintSchema>;

/** Computes the fingerprint of a set. */
export function fingerprintImages({ size, classNames, labels }: ImageSource): DataFingerprint {
  const hash = createHash('sha256').update(JSON.stringify(classNames)).update(labels);
  return { pictures: size, people: classNames.length, sha256: hash.digest('hex') };
}

/**
 * Checks that a resumed run has the images that it started with. With other images, other people would be held out, so the
 * run would train on people that were held out before.
 * @param path of the fingerprint in the folder of the run; older versions wrote none, and those runs are not checked
 * @param name of the set, for messages
 * @throws ConfigError if the people or the numbers of their images differ; DataError if the file is damaged
 */
export async function checkSameData(path: string, source: ImageSource, name: string): Promise<void> {
  if (!(await pathStatus(path))) return;
  const original = parseSettings(fingerprintSchema, await readJson(path), path);
  const current = fingerprintImages(source);
  if (current.sha256 === original.sha256) return;
  const difference = describeCounts(current) === describeCounts(original) ? ', but not the same' : '';
  throw new ConfigError(
    `'${name}' has changed since the run started: it had ${describeCounts(original)}, now it has ` +
      `${describeCounts(current)}${difference}. Resuming would train on people who are held out. Restore the images, or ` +
      'start another run with --out.',
  );
}

function describeCounts({ pictures, people }: DataFingerprint): string {
  return `${pictures} images of ${people} people`;
}
