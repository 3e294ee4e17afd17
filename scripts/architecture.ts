// Brings the graph of packages in docs/architecture.md up to date: npm run architecture
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { packageImports, withPackageGraph } from '../tests/support/package-graph.ts';
import { rootFolder, workspacePackages } from '../tests/support/workspace.ts';

const path = join(rootFolder, 'docs', 'architecture.md');
writeFileSync(path, withPackageGraph(readFileSync(path, 'utf8'), packageImports(workspacePackages())));
