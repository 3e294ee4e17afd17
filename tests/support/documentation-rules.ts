import { OptionDefaults, type TypeDocOptions } from 'typedoc';
import { workspacePackages } from './workspace.ts';

/** What TypeDoc requires of the comments of our packages; a violation fails `npm run docs:api`. */
export const documentationRules: TypeDocOptions = {
  // `npm run typecheck` checks the sources.
  skipErrorChecking: true,
  // Links to sources need the address of a remote repository, which a checkout may lack.
  disableSources: true,
  excludeExternals: true,
  excludeInternal: true,
  excludePrivate: true,
  excludeProtected: true,
  // openapi-typescript writes this tag into the schema of the service.
  blockTags: [...OptionDefaults.blockTags, '@description'],
  treatWarningsAsErrors: true,
  validation: { invalidLink: true, notDocumented: true, notExported: true, rewrittenLink: true },
  packagesRequiringDocumentation: workspacePackages().map(({ manifest }) => manifest.name),
  // `tests/documented-exports.test.ts` requires comments of the members of types.
  requiredToBeDocumented: [
    'Accessor',
    'Class',
    'Enum',
    'Function',
    'Interface',
    'Method',
    'TypeAlias',
    'Variable',
  ],
};
