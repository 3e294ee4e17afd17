import type { LibraryHandle } from 'koffi';
import { CommunicatorError } from '../errors.ts';
import type { MpiConstants } from './mpi-library.ts';

type Address = bigint;

/** The functions of MPI that this package calls. All throw a `CommunicatorError` with MPI's own text if MPI reports an error. */
export type MpiFunctions = ReturnType<typeof bindFunctions>;

/** Binds the functions. Addresses of arrays are passed, so that nothing is copied. */
export function bindFunctions(library: LibraryHandle, { handleType: handle }: MpiConstants) {
  const errorText = library.func('MPI_Error_string', 'int', ['int', 'void *', 'void *']);
  const bind = <T extends readonly unknown[]>(name: string, types: readonly string[]) => {
    const call = library.func(name, 'int', [...types]);
    return (...values: T): void => {
      const code: number = call(...values);
      if (code === 0) return;
      const text = Buffer.alloc(1024);
      const length = new Int32Array(1);
      errorText(code, text, length);
      throw new CommunicatorError(`${name} failed: ${text.toString('latin1', 0, length[0])}.`);
    };
  };
  const [address, pointer] = ['uintptr_t', 'void *'];
  type Handle = number | bigint;
  type Out = Int32Array | BigInt64Array;
  /** Of an operation from one array to another, each with a count and a type. */
  const bindExchange = (name: string) =>
    bind<[Address, number, Handle, Address, number, Handle, Handle, Out]>(name, [
      address,
      'int',
      handle,
      address,
      'int',
      handle,
      handle,
      pointer,
    ]);
  return {
    initThread: bind<[null, null, number, Out]>('MPI_Init_thread', [pointer, pointer, 'int', pointer]),
    isInitialized: bind<[Out]>('MPI_Initialized', [pointer]),
    setErrorHandler: bind<[Handle, Handle]>('MPI_Comm_set_errhandler', [handle, handle]),
    rank: bind<[Handle, Out]>('MPI_Comm_rank', [handle, pointer]),
    size: bind<[Handle, Out]>('MPI_Comm_size', [handle, pointer]),
    duplicate: bind<[Handle, Out]>('MPI_Comm_dup', [handle, pointer]),
    allReduce: bind<[Address, Address, number, Handle, Handle, Handle, Out]>('MPI_Iallreduce', [
      address,
      address,
      'int',
      handle,
      handle,
      handle,
      pointer,
    ]),
    reduceScatter: bind<[Address, Address, number, Handle, Handle, Handle, Out]>(
      'MPI_Ireduce_scatter_block',
      [address, address, 'int', handle, handle, handle, pointer],
    ),
    allGather: bindExchange('MPI_Iallgather'),
    allToAll: bindExchange('MPI_Ialltoall'),
    allGatherVarying: bind<[Address, number, Handle, Address, Address, Address, Handle, Handle, Out]>(
      'MPI_Iallgatherv',
      [address, 'int', handle, address, address, address, handle, handle, pointer],
    ),
    broadcast: bind<[Address, number, Handle, number, Handle, Out]>('MPI_Ibcast', [
      address,
      'int',
      handle,
      'int',
      handle,
      pointer,
    ]),
    barrier: bind<[Handle, Out]>('MPI_Ibarrier', [handle, pointer]),
    send: bind<[Address, number, Handle, number, number, Handle, Out]>('MPI_Isend', [
      address,
      'int',
      handle,
      'int',
      'int',
      handle,
      pointer,
    ]),
    receive: bind<[Address, number, Handle, number, number, Handle, Out]>('MPI_Irecv', [
      address,
      'int',
      handle,
      'int',
      'int',
      handle,
      pointer,
    ]),
    test: bind<[Out, Out, Address]>('MPI_Test', [pointer, pointer, address]),
    abort: bind<[Handle, number]>('MPI_Abort', [handle, 'int']),
    finalize: bind<[]>('MPI_Finalize', []),
  };
}
