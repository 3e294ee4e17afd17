// The size limits of all packages, which each package states for itself, and of one use of two packages, for one run of size-limit in
// the root folder.
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

const parent = join(import.meta.dirname, 'packages');
const limits = await Promise.all(
  readdirSync(parent).map(async (name) => {
    const folder = join(parent, name);
    const { peerDependencies, 'size-limit': own = [] } = JSON.parse(
      readFileSync(join(folder, 'package.json'), 'utf8'),
    );
    const configuration = join(folder, '.size-limit.js');
    const checks = existsSync(configuration) ? (await import(configuration)).default : own;
    const peers = Object.keys(peerDependencies ?? {});
    return checks.map(({ path, ignore = [], ...check }) => ({
      ...check,
      path: join('packages', name, path),
      ignore: [...peers, ...ignore],
    }));
  }),
);

/** What a page needs to train with USS. */
const ussTraining = {
  name: 'packages/uss and packages/core, UssLoss and minimize',
  import: { 'packages/uss/dist/index.js': '{ UssLoss }', 'packages/core/dist/index.js': '{ minimize }' },
  ignore: ['@tensorflow/tfjs-core'],
  limit: '12 kB',
};

export default [...limits.flat(), ussTraining];
