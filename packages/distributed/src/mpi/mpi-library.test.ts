import { ConfigError } from '@openset/core';
import { expect, it } from 'vitest';
import { loadMpi } from './mpi-library.ts';

/** Returns the names that are tried on a machine without MPI libraries. */
function namesTried(environment: NodeJS.ProcessEnv): string[] {
  const names: string[] = [];
  const load = (name: string) => {
    names.push(name);
    throw new Error('missing');
  };
  expect(() => loadMpi({ load, address: () => 0n } as never, null, environment)).toThrow(ConfigError);
  return names;
}

it('looks for the library of the launcher first, or for the one that is given', () => {
  expect(namesTried({ OMPI_COMM_WORLD_SIZE: '2', PMI_RANK: '0' })[0]).toBe('libmpi.so.40');
  expect(namesTried({ PMI_RANK: '0' })[0]).toBe('libmpich.so.12');
  expect(namesTried({ OPENSET_MPI_LIBRARY: '/opt/libmpi.so' })).toEqual(['/opt/libmpi.so']);
});

it('keeps UCX from patching the C library under MPICH, unless the user has chosen', () => {
  const hookMode = (environment: NodeJS.ProcessEnv) => {
    namesTried(environment);
    return environment.UCX_MEM_MMAP_HOOK_MODE;
  };
  expect(hookMode({ PMI_RANK: '0' })).toBe('none');
  expect(hookMode({ PMI_RANK: '0', UCX_MEM_MMAP_HOOK_MODE: 'reloc' })).toBe('reloc');
  expect(hookMode({ OMPI_COMM_WORLD_SIZE: '2' })).toBeUndefined();
});
