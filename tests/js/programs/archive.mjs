// Streams: packs a folder into a gzipped tar-like archive, with a digest of each file, then unpacks and compares it.
import { createReadStream, createWriteStream } from 'node:fs';
import { mkdtemp, mkdir, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { createGzip, createGunzip, brotliCompressSync, brotliDecompressSync, deflateRawSync, inflateRawSync } from 'node:zlib';
import { createHash } from 'node:crypto';
import { PassThrough, Readable, Transform } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { join, relative, dirname } from 'node:path';

const BLOCK = 512;

const root = process.argv[2];
if (!root) throw new Error('usage: archive.mjs DIRECTORY');

async function* walk(dir) {
  const entries = await readdir(dir, { withFileTypes: true });
  entries.sort((a, b) => (a.name < b.name ? -1 : 1));
  for (const entry of entries) {
    const path = join(dir, entry.name);
    if (entry.isDirectory()) yield* walk(path);
    else if (entry.isFile()) yield path;
  }
}

function header(name, size) {
  const block = Buffer.alloc(BLOCK);
  block.write(name, 0, 100, 'utf8');
  block.write('0000644\0', 100, 'ascii');
  block.write(size.toString(8).padStart(11, '0') + '\0', 124, 'ascii');
  block.write('ustar\0' + '00', 257, 'ascii');
  block.fill(' ', 148, 156);
  const sum = block.reduce((n, byte) => n + byte, 0);
  block.write(sum.toString(8).padStart(6, '0') + '\0 ', 148, 'ascii');
  return block;
}

async function* pack(dir) {
  for await (const path of walk(dir)) {
    const { size } = await stat(path);
    yield header(relative(dir, path), size);
    yield* createReadStream(path, { highWaterMark: 1000 });
    if (size % BLOCK) yield Buffer.alloc(BLOCK - (size % BLOCK));
  }
  yield Buffer.alloc(2 * BLOCK);
}

class Unpack extends Transform {
  constructor() {
    super({ readableObjectMode: true });
    this.rest = Buffer.alloc(0);
  }
  _transform(chunk, _encoding, done) {
    this.rest = Buffer.concat([this.rest, chunk]);
    for (;;) {
      if (this.rest.length < BLOCK || this.rest[0] === 0) break;
      const size = parseInt(this.rest.toString('ascii', 124, 135), 8);
      const padded = Math.ceil(size / BLOCK) * BLOCK;
      if (this.rest.length < BLOCK + padded) break;
      const name = this.rest.toString('utf8', 0, this.rest.indexOf(0));
      this.push({ name, content: this.rest.subarray(BLOCK, BLOCK + size) });
      this.rest = this.rest.subarray(BLOCK + padded);
    }
    done();
  }
}

class Meter extends Transform {
  bytes = 0;
  hash = createHash('sha256');
  _transform(chunk, encoding, done) {
    this.bytes += chunk.length;
    this.hash.update(chunk);
    done(null, chunk);
  }
}

const work = await mkdtemp(join(root, 'archive-'));
try {
  const source = join(work, 'source');
  await mkdir(join(source, 'nested', 'déjà'), { recursive: true });
  await Promise.all([
    writeFile(join(source, 'a.txt'), 'hello\n'.repeat(1000)),
    writeFile(join(source, 'nested', 'b.bin'), Uint8Array.from({ length: 3000 }, (_, i) => (i * 7) & 255)),
    writeFile(join(source, 'nested', 'déjà', 'vu.json'), JSON.stringify({ emoji: '🎉', list: [1, 2, 3] })),
    writeFile(join(source, 'empty'), ''),
  ]);

  const file = join(work, 'out.tar.gz');
  const meter = new Meter();
  await pipeline(Readable.from(pack(source)), meter, createGzip({ level: 9 }), createWriteStream(file));
  console.log('packed', meter.bytes, meter.hash.digest('hex').slice(0, 16), (await stat(file)).size < meter.bytes);

  for await (const { name, content } of createReadStream(file).pipe(createGunzip()).pipe(new Unpack())) {
    const same = (await readFile(join(source, name))).equals(content);
    console.log(name.padEnd(22), String(content.length).padStart(5), createHash('md5').update(content).digest('hex'), same ? 'same' : 'DIFFERENT');
  }

  await writeFile(file, (await readFile(file)).subarray(0, 200));
  await pipeline(createReadStream(file), createGunzip(), new PassThrough().resume()).catch((error) => console.log('truncated:', error.code, error.message));

  const text = Buffer.from('to be or not to be '.repeat(50));
  for (const [name, squeeze, expand] of [['brotli', brotliCompressSync, brotliDecompressSync], ['raw', deflateRawSync, inflateRawSync]]) {
    const small = squeeze(text);
    console.log(name, small.length < 60, expand(small).equals(text));
  }

  const web = Readable.toWeb(Readable.from(['one ', 'two ', 'three'])).pipeThrough(new TextEncoderStream()).pipeThrough(new CompressionStream('gzip')).pipeThrough(new DecompressionStream('gzip'));
  console.log(await new Response(web).text());
  const upper = new Transform({ transform: (c, _, cb) => cb(null, c.toString().toUpperCase()) });
  console.log((await Readable.from(['x', 'y']).compose(upper).toArray()).join(''), await Readable.from([1, 2, 3, 4]).filter((n) => n % 2).map((n) => n * 10).toArray());
  console.log((await readdir(work, { recursive: true })).map((p) => dirname(p)).sort().at(-1));
} finally {
  await rm(work, { recursive: true, force: true });
}
console.log('left', (await readdir(root)).length);
