import { ConfigError } from '@openset/core';
import { describe, expect, it } from 'vitest';
import { isPostgresAddress, readPostgresAddress } from './postgres-address.ts';

describe('readPostgresAddress', () => {
  it('separates the name of the gallery from what pg takes', () => {
    expect(
      readPostgresAddress('postgres://ada:s%2Fcret@db:5433/faces?gallery=staff&sslmode=require'),
    ).toEqual({
      connectionString: 'postgres://ada:s%2Fcret@db:5433/faces?sslmode=require',
      schema: 'staff',
      display: 'postgres://db:5433/faces?gallery=staff',
    });
    expect(readPostgresAddress('postgresql://localhost/faces')).toMatchObject({ schema: 'openset' });
    expect(readPostgresAddress('postgres:///faces?host=/run/postgresql', 'staff')).toEqual({
      connectionString: 'postgres:///faces?host=%2Frun%2Fpostgresql',
      schema: 'staff',
      display: 'postgres://localhost/faces?gallery=staff',
    });
  });

  it('never shows the password', () => {
    const { display } = readPostgresAddress('postgres://ada:secret@db/faces?password=secret&gallery=a');
    expect(display).not.toMatch(/secret|ada/);
    const refuse = () => readPostgresAddress('postgres://ada:sec/ret@db/faces');
    expect(refuse).toThrow(ConfigError);
    expect(refuse).not.toThrow(/ret/);
  });

  it.each([
    ['staff.db', undefined],
    ['mysql://db/faces', undefined],
    ['postgres://', 'a b'],
    [7 as unknown as string, undefined],
    ['postgres://db/faces?gallery=a&gallery=b', undefined],
    ['postgres://db/faces?gallery=a', 'b'],
    ['postgres://db/faces?gallery=', undefined],
    ['postgres://db/faces?gallery=Staff', undefined],
    ['postgres://db/faces?gallery=1a', undefined],
    ['postgres://db/faces?gallery=pg_temp', undefined],
    ['postgres://db/faces?gallery=information_schema', undefined],
    ['postgres://db/faces', 'a"; DROP TABLE people; --'],
    ['postgres://db/faces', 'a'.repeat(64)],
  ])('refuses %s with the name %s', (address, name) => {
    expect(() => readPostgresAddress(address, name)).toThrow(ConfigError);
  });
});

describe('isPostgresAddress', () => {
  it('distinguishes addresses from paths', () => {
    const texts = ['postgres://db', 'PostgreSQL://db/x', 'postgres', './postgres:/x', 'staff.db'];
    expect(texts.map(isPostgresAddress)).toEqual([true, true, false, false, false]);
  });
});
