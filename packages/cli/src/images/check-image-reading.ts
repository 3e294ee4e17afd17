import { ConfigError } from '@openset/core';
import type { ImageReading } from './image-reading.ts';

/** @throws ConfigError for a limit on bad images of a command that stops at the first */
export function checkImageReading({ onBadImage, maxBad }: ImageReading): void {
  if (maxBad === undefined || onBadImage === 'skip') return;
  throw new ConfigError('--max-bad needs --on-bad-image skip: otherwise, one bad image stops the command.');
}
