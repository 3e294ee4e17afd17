// Threads that claim chunks of a task. They share a control block of 128 bytes:
//
//    0  claim: the number of unclaimed chunks (low 32 bits) and the number of the job (high 32 bits). Compare-exchange updates
//       both together, so a late thread with an old claim never takes a chunk of the new job.
//    8  task, 12 number of chunks, 16 address of the parameters: of the job in progress, or else of the next one
//   20  whether threads must end
//   64  number of finished chunks, on a cache line of its own
//
// With one thread, memory is not shared and these functions are never called.
import { runChunk } from './tasks';

/** Publishes a task as a new job and wakes waiting threads. The previous job must be finished. */
export function publish(control: usize, task: i32, parameters: usize, chunks: i32): void {
  store<i32>(control, task, 8);
  store<i32>(control, chunks, 12);
  store<usize>(control, parameters, 16);
  atomic.store<i32>(control, 0, 64);
  const job = atomic.load<u32>(control, 4) + 1;
  atomic.store<u64>(control, ((<u64>job) << 32) | <u64>(<u32>chunks));
  atomic.notify(control + 4, -1);
}

/** Claims and runs chunks of the current job until none is left. */
export function work(control: usize, scratch: usize): void {
  while (true) {
    const claim = atomic.load<u64>(control);
    const left = <i32>claim;
    if (left == 0) return;
    if (atomic.cmpxchg<u64>(control, claim, claim - 1) != claim) continue;
    // The job cannot end before this chunk is finished, so its words are stable from here on.
    const chunks = load<i32>(control, 12);
    runChunk(load<i32>(control, 8), load<usize>(control, 16), chunks - left, scratch);
    if (atomic.add<i32>(control, 1, 64) + 1 == chunks) atomic.notify(control + 64, -1);
  }
}

/**
 * Waits until all chunks of the current job are finished: spins, then sleeps for at most `milliseconds`. Threads that must not
 * sleep pass 0. Returns the number of finished chunks.
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

/** Runs jobs until `stop`. Between jobs, spins for a while, then sleeps. */
export function serve(control: usize, scratch: usize, spins: i32): void {
  while (atomic.load<i32>(control, 20) == 0) {
    const job = atomic.load<i32>(control, 4);
    work(control, scratch);
    for (let spin = 0; spin < spins && atomic.load<i32>(control, 4) == job; spin++) {}
    atomic.wait<i32>(control + 4, job, -1);
  }
}

/** Ends all workers after their current chunk. */
export function stop(control: usize): void {
  atomic.store<i32>(control, 1, 20);
  atomic.add<i32>(control, 1, 4);
  atomic.notify(control + 4, -1);
}
