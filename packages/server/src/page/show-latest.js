// @ts-check
import { problemOf } from './api.js';

/**
 * Returns a function that asks the service and shows the answer. If it is called again before the answer has come, only the answer to the last
 * call is shown: answers may come in another order.
 * @template Answer
 * @param {() => Promise<Answer>} ask
 * @param {(answer: Answer) => void | Promise<void>} show
 * @param {(problem: string) => void} showProblem
 * @returns {() => Promise<void>} each call ends when the answer to the last one is shown
 */
export function showLatest(ask, show, showProblem) {
  let calls = 0;
  let last = Promise.resolve();
  /** @param {number} call */
  const run = async (call) => {
    try {
      const answer = await ask();
      return call === calls ? await show(answer) : await last;
    } catch (error) {
      return call === calls ? showProblem(problemOf(error)) : await last;
    }
  };
  return () => {
    last = run(++calls);
    return last;
  };
}
