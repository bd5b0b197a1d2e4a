'use strict';
// A small encrypted store: scrypt for the key, AES-256-GCM for the values, HMAC for the names, a signed export.
const crypto = require('node:crypto');
const fs = require('node:fs');
const path = require('node:path');
const { promisify } = require('node:util');

const scrypt = promisify(crypto.scrypt);

class Vault {
  #key;
  #indexKey;
  #entries = new Map();

  static async open(file, password) {
    const vault = new Vault();
    vault.file = file;
    const stored = fs.existsSync(file) ? JSON.parse(fs.readFileSync(file, 'utf8')) : null;
    vault.salt = stored ? Buffer.from(stored.salt, 'base64') : crypto.randomBytes(16);
    const material = await scrypt(password.normalize('NFKC'), vault.salt, 64, { N: 1024, r: 8, p: 1 });
    vault.#key = material.subarray(0, 32);
    vault.#indexKey = material.subarray(32);
    if (stored) {
      const check = crypto.createHmac('sha256', vault.#indexKey).update('check').digest();
      if (!crypto.timingSafeEqual(check, Buffer.from(stored.check, 'hex'))) throw new Error('wrong password');
      for (const [id, entry] of Object.entries(stored.entries)) vault.#entries.set(id, entry);
    }
    return vault;
  }

  #id(name) {
    return crypto.createHmac('sha256', this.#indexKey).update(name).digest('base64url').slice(0, 22);
  }

  set(name, value) {
    const iv = crypto.randomBytes(12);
    const cipher = crypto.createCipheriv('aes-256-gcm', this.#key, iv);
    cipher.setAAD(Buffer.from(name));
    const text = Buffer.concat([cipher.update(JSON.stringify(value), 'utf8'), cipher.final()]);
    this.#entries.set(this.#id(name), { iv: iv.toString('hex'), tag: cipher.getAuthTag().toString('hex'), text: text.toString('base64') });
    return this;
  }

  get(name) {
    const entry = this.#entries.get(this.#id(name));
    if (!entry) return undefined;
    const decipher = crypto.createDecipheriv('aes-256-gcm', this.#key, Buffer.from(entry.iv, 'hex'));
    decipher.setAAD(Buffer.from(name));
    decipher.setAuthTag(Buffer.from(entry.tag, 'hex'));
    return JSON.parse(decipher.update(entry.text, 'base64', 'utf8') + decipher.final('utf8'));
  }

  save() {
    const data = {
      salt: this.salt.toString('base64'),
      check: crypto.createHmac('sha256', this.#indexKey).update('check').digest('hex'),
      entries: Object.fromEntries(this.#entries),
    };
    const temporary = `${this.file}.${process.pid}.tmp`;
    fs.writeFileSync(temporary, JSON.stringify(data), { flag: 'wx' });
    fs.renameSync(temporary, this.file);
  }
}

// A JSON web token, by hand.
const b64 = (value) => Buffer.from(typeof value === 'string' ? value : JSON.stringify(value)).toString('base64url');
function token(payload, secret) {
  const body = `${b64({ alg: 'HS256', typ: 'JWT' })}.${b64(payload)}`;
  return `${body}.${crypto.createHmac('sha256', secret).update(body).digest('base64url')}`;
}

async function main() {
  const file = path.join(process.argv[2] || process.cwd(), 'vault.json');
  const first = await Vault.open(file, 'correct horse ⚡');
  first.set('github', { user: 'octo', token: 'ghp_123' }).set('pin', 4711).save();
  console.log('names in clear?', /github|octo|4711/.test(fs.readFileSync(file, 'utf8')));

  const again = await Vault.open(file, 'correct horse ⚡');
  console.log(again.get('github'), again.get('pin'), again.get('nothing'));
  await Vault.open(file, 'wrong').catch((error) => console.log('refused:', error.message));

  const stored = JSON.parse(fs.readFileSync(file, 'utf8'));
  for (const entry of Object.values(stored.entries)) entry.tag = entry.tag.replace(/^./, (c) => (c === '0' ? '1' : '0'));
  fs.writeFileSync(file, JSON.stringify(stored));
  const forged = await Vault.open(file, 'correct horse ⚡');
  try {
    forged.get('pin');
  } catch (error) {
    console.log('forged:', error.message);
  }

  console.log(token({ sub: 'alice', iat: 1700000000 }, 'secret'));
  for (const name of ['md5', 'sha1', 'sha256', 'sha512', 'sha3-256']) {
    console.log(name.padEnd(9), crypto.createHash(name).update('The quick brown fox ').update('jumps').digest('hex').slice(0, 32));
  }
  console.log('pbkdf2', crypto.pbkdf2Sync('password', 'salt', 1000, 24, 'sha256').toString('hex'));
  console.log('hkdf', Buffer.from(crypto.hkdfSync('sha256', 'key', 'salt', 'info', 16)).toString('hex'));

  const { publicKey, privateKey } = crypto.generateKeyPairSync('ed25519');
  const signature = crypto.sign(null, Buffer.from('message'), privateKey);
  console.log('ed25519', signature.length, crypto.verify(null, Buffer.from('message'), publicKey, signature), crypto.verify(null, Buffer.from('other'), publicKey, signature));
  const pem = publicKey.export({ type: 'spki', format: 'pem' });
  console.log(pem.split('\n')[0], crypto.createPublicKey(pem).asymmetricKeyType);

  const ec = await crypto.subtle.generateKey({ name: 'ECDSA', namedCurve: 'P-256' }, true, ['sign', 'verify']);
  const bytes = new TextEncoder().encode('web');
  const webSignature = await crypto.subtle.sign({ name: 'ECDSA', hash: 'SHA-256' }, ec.privateKey, bytes);
  console.log('subtle', webSignature.byteLength, await crypto.subtle.verify({ name: 'ECDSA', hash: 'SHA-256' }, ec.publicKey, webSignature, bytes));
  console.log('uuid', /^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/.test(crypto.randomUUID()), crypto.randomInt(5, 6));
}

main().catch((error) => {
  console.error(error);
  process.exit(1);
});
