import '@tensorflow/tfjs-backend-cpu';
import '@tensorflow/tfjs-backend-wasm';
import { enableProdMode } from '@tensorflow/tfjs-core';

// Without it the cpu backend greets every test file with an advertisement for tfjs-node.
enableProdMode();
