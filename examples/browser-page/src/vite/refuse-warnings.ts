import type { Logger, Plugin } from 'vite';

/** Returns a plugin that lets a build fail if it or the build of a worker has warned. */
export function refuseWarnings(): Plugin {
  let logger: Logger;
  return {
    name: 'refuse-warnings',
    apply: 'build',
    configResolved(config) {
      logger = config.logger;
    },
    closeBundle: {
      order: 'post',
      handler() {
        if (logger.hasWarned) throw new Error('The build has warnings.');
      },
    },
  };
}
