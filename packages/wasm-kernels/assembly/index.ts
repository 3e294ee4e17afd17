export { bankNorms, bceNegatives, projectRows, softmaxNegatives, softmaxSums } from './bank-loss';
export { gemm, gemmScratchBytes } from './gemm';
