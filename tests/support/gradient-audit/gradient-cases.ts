import { convolutionCases } from './cases/convolution-cases.ts';
import { elementwiseCases } from './cases/elementwise-cases.ts';
import { imageCases } from './cases/image-cases.ts';
import { matrixCases } from './cases/matrix-cases.ts';
import { networkCases } from './cases/network-cases.ts';
import { poolingCases } from './cases/pooling-cases.ts';
import { reductionCases } from './cases/reduction-cases.ts';
import { shapeCases } from './cases/shape-cases.ts';
import type { GradientCase } from './gradient-case.ts';

/** All cases of the audit. */
export const gradientCases: readonly GradientCase[] = [
  ...elementwiseCases,
  ...reductionCases,
  ...matrixCases,
  ...convolutionCases,
  ...poolingCases,
  ...imageCases,
  ...shapeCases,
  ...networkCases,
];
