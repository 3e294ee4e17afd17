/** Headers with which browsers let a page run threads of WebAssembly. Without them, the page that trains runs on one thread. */
export const isolationHeaders = {
  'Cross-Origin-Opener-Policy': 'same-origin',
  'Cross-Origin-Embedder-Policy': 'require-corp',
};
