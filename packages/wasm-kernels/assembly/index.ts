export { bankNorms, bceNegatives, projectRows, softmaxNegatives, softmaxSums } from './bank-loss';
export { gemm } from './gemm';
export { runChunk, scratchBytes } from './tasks';
