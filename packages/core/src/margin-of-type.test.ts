import { expect, it } from 'vitest';
import { angularMargin } from './angular-margin.ts';
import { cosineMargin } from './cosine-margin.ts';
import { marginOfType } from './margin-of-type.ts';

it('returns the margin of each type', () => {
  expect(marginOfType('cosine', 0.3)).toEqual(cosineMargin(0.3));
  expect(marginOfType('angular', 0.3)).toEqual(angularMargin({ margin: 0.3 }));
  expect(marginOfType('angular', 0.3)).toMatchObject({ kind: 'angular', margin: 0.3 });
});
