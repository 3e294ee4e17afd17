/** The command runs in Node and has a top-level await, which size-limit's own settings for browsers refuse. */
const forNode = (config) => ({ ...config, format: 'esm', platform: 'node', packages: 'external' });

export default [{ path: 'dist/main.js', limit: '83.3 kB', modifyEsbuildConfig: forNode }];
