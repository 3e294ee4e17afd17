import type { Gallery } from '@openset/gallery';
import type { ServerLimits } from './limits/limits.ts';
import type { Recognizer } from './recognizer.ts';

/** What routes work with. */
export interface Service {
  readonly recognizer: Recognizer;
  readonly gallery: Gallery;
  readonly limits: ServerLimits;
}
