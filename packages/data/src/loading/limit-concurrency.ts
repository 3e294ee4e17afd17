/** Wraps a function so that at most `limit` of its calls run at a time; further calls wait in order. */
export function limitConcurrency<Result, Input = number>(
  work: (input: Input) => Promise<Result>,
  limit: number,
): (input: Input) => Promise<Result> {
  const waiting: (() => void)[] = [];
  let active = 0;
  return async (input) => {
    // A finished call passes its slot to the next waiting call, so that a new call cannot overtake it.
    if (active < limit) active++;
    else await new Promise<void>((resolve) => waiting.push(resolve));
    try {
      return await work(input);
    } finally {
      const next = waiting.shift();
      if (next) next();
      else active--;
    }
  };
}
