import asc from 'assemblyscript/asc'; import fs from 'fs'; import zlib from 'zlib';
for (const o of [['-O3'],['-O2'],['-O3','--shrinkLevel','1'],['-O2','--shrinkLevel','2'],['-O1']]) {
const {error,stderr}=await asc.main(['packages/wasm-kernels/assembly/index.ts','--outFile','/tmp/scratch-ew/s.wasm',...o,'--noAssert','--importMemory','--runtime','stub','--enable','simd','--enable','bulk-memory','--maximumMemory','65536','--textFile','/tmp/scratch-ew/s.wat']);
if(error) console.log(stderr.toString());
const b=fs.readFileSync('/tmp/scratch-ew/s.wasm'); console.log(o.join(' '),b.length,zlib.brotliCompressSync(b).length);}
