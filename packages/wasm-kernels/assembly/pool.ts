// Threads that take chunks of a task by turns. What they share is a control block of 128 bytes:
//
//    0  claim: how many chunks are left to take (low 32 bits) and the number of the job (high 32 bits), moved as one by
//       compare-exchange: a thread that is late with an old job, of which none are left, never takes a chunk of the new one
//    8  task, 12 chunks, 16 address of the parameters: of a job that has chunks left to take or to do, or else of the next
//   20  whether threads are to end
//   64  chunks that are done, on a cache line of its own
//
// Memory on one thread is not shared: these functions are then never called.
import { runChunk } from './tasks';

/** Makes a new job of a task; the threads that wait wake up. The last job must be done. */
export function publish(control: usize, task: i32, parameters: usize, chunks: i32): void {
  store<i32>(control, task, 8);
  store<i32>(control, chunks, 12);
  store<usize>(control, parameters, 16);
  atomic.store<i32>(control, 0, 64);
  const job = atomic.load<u32>(control, 4) + 1;
  atomic.store<u64>(control, ((<u64>job) << 32) | <u64>(<u32>chunks));
  atomic.notify(control + 4, -1);
}

/** Takes chunks of the present job until none is left. */
export function work(control: usize, scratch: usize): void {
  while (true) {
    const claim = atomic.load<u64>(control);
    const left = <i32>claim;
    if (left == 0) return;
    if (atomic.cmpxchg<u64>(control, claim, claim - 1) != claim) continue;
    // The job does not end before this chunk is done: only now its words are sure to stay.
    const chunks = load<i32>(control, 12);
    runChunk(load<i32>(control, 8), load<usize>(control, 16), chunks - left, scratch);
    if (atomic.add<i32>(control, 1, 64) + 1 == chunks) atomic.notify(control + 64, -1);
  }
}

/**
 * Waits until the chunks of the present job are done: spins, then sleeps for at most `milliseconds` (0: not at all, for
 * threads that may not). @returns how many are done
 */
export function wait(control: usize, spins: i32, milliseconds: i32): i32 {
  const chunks = load<i32>(control, 12);
  let done = atomic.load<i32>(control, 64);
  for (let spin = 0; spin < spins && done < chunks; spin++) done = atomic.load<i32>(control, 64);
  if (done < chunks && milliseconds > 0) {
    atomic.wait<i32>(control + 64, done, <i64>milliseconds * 1000000);
    done = atomic.load<i32>(control, 64);
  }
  return done;
}

/** What a worker does until `stop`: jobs, and between them spinning for a while, then sleep. */
export function serve(control: usize, scratch: usize, spins: i32): void {
  while (atomic.load<i32>(control, 20) == 0) {
    const job = atomic.load<i32>(control, 4);
    work(control, scratch);
    for (let spin = 0; spin < spins && atomic.load<i32>(control, 4) == job; spin++) {}
    atomic.wait<i32>(control + 4, job, -1);
  }
}

/** Lets all workers end once they are done with what they do. */
export function stop(control: usize): void {
  atomic.store<i32>(control, 1, 20);
  atomic.add<i32>(control, 1, 4);
  atomic.notify(control + 4, -1);
}
