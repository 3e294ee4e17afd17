import { ConfigError } from '@openset/core';
import type { LibraryHandle } from 'koffi';

/** A handle of MPI: in Open MPI the address of an object, in MPICH a number. */
export type Handle = number | bigint;

/** The constants of `mpi.h`, which differ between the libraries. */
export interface MpiConstants {
  /** C type of handles. */
  readonly handleType: 'uintptr_t' | 'int';
  readonly world: Handle;
  readonly errorsReturn: Handle;
  readonly types: Readonly<Record<'Float32Array' | 'Float64Array' | 'Int32Array' | 'Uint8Array', Handle>>;
  readonly operations: Readonly<Record<'sum' | 'max' | 'min', Handle>>;
  /** `MPI_IN_PLACE` and `MPI_STATUS_IGNORE`. */
  readonly inPlace: bigint;
  readonly ignoreStatus: bigint;
  readonly anySource: number;
}

/** A loaded MPI library. */
export interface MpiLibrary {
  readonly library: LibraryHandle;
  /** First line of `MPI_Get_library_version`. */
  readonly version: string;
  readonly constants: MpiConstants;
}

/** The part of `koffi` that this package uses. */
export type Koffi = Pick<typeof import('koffi')['default'], 'address' | 'load'>;

/** Names of Open MPI's library, versions 4 and 5, then of MPICH's and its relatives. */
const openMpiNames = ['libmpi.so.40', 'libmpi.40.dylib'];
const mpichNames = ['libmpich.so.12', 'libmpi.so.12', 'libmpi.12.dylib'];
const anyNames = ['libmpi.so', 'libmpi.dylib', '/opt/homebrew/lib/libmpi.dylib'];

/**
 * Loads the MPI library of this machine. For MPICH, sets `UCX_MEM_MMAP_HOOK_MODE` in the environment if it is missing.
 * @param given path of the library; null for that of `OPENSET_MPI_LIBRARY`, or to look for one: the one of the launcher first
 * @throws ConfigError if there is none
 */
export function loadMpi(koffi: Koffi, given: string | null, environment: NodeJS.ProcessEnv): MpiLibrary {
  const path = given ?? environment.OPENSET_MPI_LIBRARY ?? null;
  const isOfMpich = environment.OMPI_COMM_WORLD_SIZE === undefined && environment.PMI_RANK !== undefined;
  const known = isOfMpich ? [...mpichNames, ...openMpiNames] : [...openMpiNames, ...mpichNames];
  // UCX, by which MPICH may send, patches functions of the C library that map memory. Some processes of Node crash then: 2 of 29 starts of 4
  // ranks with MPICH 4.0 and UCX 1.13, and none without the patches.
  if (isOfMpich) environment.UCX_MEM_MMAP_HOOK_MODE ??= 'none';
  const library = firstLoaded(koffi, path === null ? [...known, ...anyNames] : [path]);
  if (!library) {
    const problem = path === null ? 'This machine has no MPI library' : `There is no MPI library '${path}'`;
    throw new ConfigError(
      `${problem}: install Open MPI 4 or 5, or MPICH (Debian and Ubuntu: apt-get install openmpi-bin libopenmpi3; macOS: brew install ` +
        'open-mpi), or set `library` or the variable OPENSET_MPI_LIBRARY to the path of libmpi.',
    );
  }
  const version = readVersion(library);
  return { library, version, constants: constantsOf(library, version) };
}

function firstLoaded(koffi: Koffi, names: readonly string[]): LibraryHandle | null {
  for (const name of names) {
    try {
      // The parts of Open MPI that it loads itself find its symbols only if they are global.
      return koffi.load(name, { global: true });
    } catch {
      // The next name.
    }
  }
  return null;
}

function readVersion(library: LibraryHandle): string {
  const text = Buffer.alloc(8192);
  const length = new Int32Array(1);
  try {
    library.func('MPI_Get_library_version', 'int', ['void *', 'void *'])(text, length);
  } catch (error) {
    throw new ConfigError(
      'The library has no function MPI_Get_library_version, so it is no MPI library of MPI 3 or later: set `library` to the path of libmpi.',
      { cause: error },
    );
  }
  return text.toString('latin1', 0, length[0]).split('\n')[0]!.replaceAll('\0', '').trim();
}

function constantsOf(library: LibraryHandle, version: string): MpiConstants {
  if (version.includes('Open MPI')) return openMpiConstants((name) => library.symbol(`ompi_mpi_${name}`));
  if (/MPICH|Intel\(R\) MPI|MVAPICH/.test(version)) return mpichConstants;
  throw new ConfigError(
    `The MPI library calls itself '${version}', which openset does not know: use Open MPI 4 or 5, or MPICH.`,
  );
}

/** @param symbol returns the address of a global variable */
function openMpiConstants(symbol: (name: string) => bigint): MpiConstants {
  return {
    handleType: 'uintptr_t',
    world: symbol('comm_world'),
    errorsReturn: symbol('errors_return'),
    types: {
      Float32Array: symbol('float'),
      Float64Array: symbol('double'),
      Int32Array: symbol('int'),
      Uint8Array: symbol('byte'),
    },
    operations: { sum: symbol('op_sum'), max: symbol('op_max'), min: symbol('op_min') },
    inPlace: 1n,
    ignoreStatus: 0n,
    anySource: -1,
  };
}

/** The ABI that MPICH and its relatives share, as 64-bit machines have it. */
const mpichConstants: MpiConstants = {
  handleType: 'int',
  world: 0x44_00_00_00,
  errorsReturn: 0x54_00_00_01,
  types: {
    Float32Array: 0x4c_00_04_0a,
    Float64Array: 0x4c_00_08_0b,
    Int32Array: 0x4c_00_04_05,
    Uint8Array: 0x4c_00_01_0d,
  },
  operations: { sum: 0x58_00_00_03, max: 0x58_00_00_01, min: 0x58_00_00_02 },
  inPlace: 2n ** 64n - 1n,
  ignoreStatus: 1n,
  anySource: -2,
};
