import { RecordIOWriter } from '../record-io-writer.ts';

// Writes sets of 100 records over each other until it is killed; the records of a set hold its version.
const [, , path = ''] = process.argv;
for (let version = 1; ; version++) {
  const writer = await RecordIOWriter.create(path);
  for (let record = 0; record < 100; record++) {
    await writer.add(new Uint8Array(30_000).fill(version % 256), version);
  }
  await writer.close();
  if (version === 1) process.stdout.write('written\n');
}
