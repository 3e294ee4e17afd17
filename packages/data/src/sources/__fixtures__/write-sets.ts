import { RecordIOWriter } from '../record-io-writer.ts';

// Overwrites a set of 100 records until the process is killed; the records of a set contain its version.
const [, , path = ''] = process.argv;
for (let version = 1; ; version++) {
  const writer = await RecordIOWriter.create(path);
  for (let record = 0; record < 100; record++) {
    await writer.add(new Uint8Array(30_000).fill(version % 256), version);
  }
  await writer.close();
  if (version === 1) process.stdout.write('written\n');
}
