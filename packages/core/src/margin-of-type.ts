import { angularMargin } from './angular-margin.ts';
import { cosineMargin } from './cosine-margin.ts';
import type { Margin } from './margins.ts';

/** Returns the margin of an option `marginType`, such as `marginTypeOption`. @param margin subtracted from a cosine, or added to an angle */
export function marginOfType(type: 'cosine' | 'angular', margin: number): Margin {
  return type === 'cosine' ? cosineMargin(margin) : angularMargin({ margin });
}
