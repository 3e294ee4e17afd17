// The losses on wasm with the kernels of @openset/wasm-kernels; the tests of the losses themselves run without them.
import '@openset/wasm-kernels';
import { testAllLosses } from './support/wasm-losses.ts';

testAllLosses();
