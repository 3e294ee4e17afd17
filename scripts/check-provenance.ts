// Ends a release before it publishes anything, if npm would refuse its packages because of their provenance.
import { provenanceProblem } from '../tests/support/release/provenance-problem.ts';
import { workspacePackages } from '../tests/support/workspace.ts';

const problem = provenanceProblem(workspacePackages(), process.env);
if (problem !== null) {
  console.error(problem);
  process.exitCode = 1;
}
