/** Returns the result of a request. @throws the error of the request, which ends its transaction too */
export function resultOf<T>(request: IDBRequest<T>): Promise<T> {
  return new Promise((resolve, reject) => {
    request.onsuccess = () => resolve(request.result);
    request.onerror = () => reject(request.error);
  });
}

/**
 * Returns the result of work when the changes of its transaction are on the disk. Undoes the changes if the work fails.
 * @param work has begun just now
 * @throws the error that ended the transaction, or that of the work
 */
export async function resultAfterCommit<T>(transaction: IDBTransaction, work: Promise<T>): Promise<T> {
  const end = new Promise<'complete' | 'abort'>((resolve) => {
    transaction.oncomplete = () => resolve('complete');
    transaction.onabort = () => resolve('abort');
  });
  let result: T;
  try {
    result = await work;
  } catch (error) {
    abort(transaction);
    await end;
    // A request that ended because its transaction did has an error without the reason.
    throw transaction.error ?? error;
  }
  if ((await end) === 'complete') return result;
  throw transaction.error ?? new DOMException('the transaction was aborted', 'AbortError');
}

function abort(transaction: IDBTransaction): void {
  try {
    transaction.abort();
  } catch {
    // It has ended already.
  }
}
