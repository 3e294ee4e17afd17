import { type ByteFile, bytesFile } from '../../byte-file.ts';
import type { ImageSource } from '../../source.ts';
import { readCfpPairs } from '../cfp-pairs.ts';
import { type CifarOptions, readCifar } from '../cifar-source.ts';
import { readIdx } from '../idx-source.ts';
import { readIjbLandmarks, readIjbMedia, readIjbTemplatePairs } from '../ijb-metadata.ts';
import { imageListSource, readImageList } from '../image-list.ts';
import { readLfwPairs } from '../lfw-pairs.ts';
import { readPairTable } from '../pair-table.ts';
import { readPairs } from '../read-pairs.ts';
import { readRecordIO } from '../record-io-source.ts';
import { readVerificationBin } from '../verification-bin.ts';
import { identitySet, recordSet } from './files.ts';
import pickles from './pickles.json';

/** Files to damage, and the reader of them. */
export interface Target {
  readonly name: string;
  readonly files: readonly Uint8Array[];
  readonly read: (files: readonly Uint8Array[]) => Promise<void>;
}

/** Returns small files of every format with their readers. */
export function makeTargets(): Target[] {
  const verificationSets = Object.values(pickles).map((base64) =>
    target('.bin', [Uint8Array.from(Buffer.from(base64, 'base64'))], async ([file]) => {
      const set = await readVerificationBin(file!);
      for (let index = 0; index < 2 * set.size; index++) await set.image(index);
    }),
  );
  // There are many pickles, so each other target has six times the weight.
  const others = [...recordTargets(), ...rawTargets(), ...listTargets()];
  return [...verificationSets, ...others.flatMap((one) => new Array<Target>(6).fill(one))];
}

function recordTargets(): Target[] {
  const magic = [0x0a, 0x23, 0xd7, 0xce];
  const plain = recordSet([
    { image: Uint8Array.of(1, 2, 3), label: 0 },
    { image: Uint8Array.from([...magic, ...magic, 7, ...magic]), label: 1 },
    { image: new Uint8Array(0), label: [2, 0.5, 3] },
  ]);
  const faces = identitySet();
  const read: Reader = ([records, index]) => readAll(readRecordIO({ records: records!, index }));
  return [
    target('.rec', [plain.records], read),
    target('.rec and .idx', [plain.records, plain.index], read),
    target('.rec and .idx of identities', [faces.records, faces.index], read),
  ];
}

function rawTargets(): Target[] {
  const images = Uint8Array.of(0, 0, 8, 3, 0, 0, 0, 2, 0, 0, 0, 1, 0, 0, 0, 2, 1, 2, 3, 4);
  const labels = Uint8Array.of(0, 0, 8, 1, 0, 0, 0, 2, 0, 1);
  const record = (...first: number[]) => [...first, ...new Array<number>(3072).fill(7)];
  const cifar = (form: CifarOptions['labels']) => (files: readonly ByteFile[]) =>
    readAll(readCifar(files, { labels: form }));
  const ten = Uint8Array.from([...record(9), ...record(0)]);
  const hundred = Uint8Array.from([...record(19, 99), ...record(0, 0)]);
  return [
    target('idx', [images, labels], (files) => readAll(readIdx({ images: files[0]!, labels: files[1]! }))),
    target('CIFAR-10', [ten, ten.subarray(3073)], cifar('cifar-10')),
    target('CIFAR-100, fine', [hundred], cifar('cifar-100-fine')),
    target('CIFAR-100, coarse', [hundred], cifar('cifar-100-coarse')),
  ];
}

function listTargets(): Target[] {
  const pairs = 'A_B\t1\t4\nA\t12\t2\nB\t2\tC\t3\nD\t1\tE\t10\n';
  const list: Reader = async ([file]) =>
    readAll(readImageList(file!).then((one) => imageListSource(one, async () => new Uint8Array(0))));
  const cfp: Reader = async ([frontal, profile, same, different]) => {
    await readCfpPairs({ frontal: frontal!, profile, folds: [{ same: same!, different: different! }] });
  };
  const one = (read: (file: ByteFile) => Promise<unknown>): Reader => {
    return async ([file]) => void (await read(file!));
  };
  const landmarks = '1.jpg 30.5 40 60.25 40 45 60 32 80 58 80 0.99\n2.jpg 1 2 3 4 5 6 7 8 9 10 1e-3\n';
  return [
    target('pairs.txt of LFW', [`2\t2\n${pairs}${pairs}`], one(readLfwPairs)),
    target('pairs of LFW, View 1', [`2\n${pairs}`], one(readLfwPairs)),
    target('CSV of pairs', ['a,b,same,fold\n"a,1",b,1,0\nc,d,0,1\n'], one(readPairTable)),
    target('pairs of AgeDB', ['1 a/1.jpg a/2.jpg\n0 a/1.jpg b/1.jpg\n'], one(readPairTable)),
    target('pairs in either form', ['name,n1,n2,\n"A ""B",1,4,\nA B,12,C,2\n'], one(readPairs)),
    target('pairs below a header', ['img1;y;img2\n# x\na;no;b\nc;1.0;d\n'], one(readPairs)),
    target('pairs of CFP', ['1 F/1.jpg\n2 F/2.jpg\n', '1 P/1.jpg\n2 P/2.jpg\n', '1,1\n2,2\n', '1,2\n'], cfp),
    target('.lst of MXNet', ['0\t1\t0.5\ta.jpg\n1\t2\t0.5\tb.jpg\n'], list),
    target('.lst of InsightFace', ['1\ta b.jpg\t0\t1\t2\n0\tc.jpg\t1\t3\t4\n'], list),
    target('label.txt', ['a b.jpg 0\nc.jpg 1\n'], list),
    target('CSV list', ['id,path,label\n1,"a,""b"".jpg",x\n2,c.jpg,y\n'], list),
    target('IJB media', ['1.jpg 1 69544\n2.jpg 1 9\n'], one(readIjbMedia)),
    target('IJB pairs', ['1 11065 1\n1 11066 0\n'], one(readIjbTemplatePairs)),
    target('IJB landmarks', [landmarks], one(readIjbLandmarks)),
  ];
}

type Reader = (files: readonly ByteFile[]) => Promise<void>;

function target(name: string, contents: readonly (Uint8Array | string)[], read: Reader): Target {
  const files = contents.map((content) =>
    typeof content === 'string' ? new TextEncoder().encode(content) : content,
  );
  return { name, files, read: (bytes) => read(bytes.map((one, index) => bytesFile(`file ${index}`, one))) };
}

async function readAll(opening: Promise<ImageSource>): Promise<void> {
  const source = await opening;
  for (let index = 0; index < source.size; index++) await source.get(index);
}
