// node:crypto: what it answers and how it refuses. The output beside this file is that of Node.js 20.
import crypto, { createHash, createHmac, randomBytes, webcrypto } from "node:crypto";
const hex = (data) => Array.from(new Uint8Array(data.buffer ?? data, data.byteOffset ?? 0, data.byteLength), (b) => b.toString(16).padStart(2, "0")).join("");
const bytes = (text) => new TextEncoder().encode(text);
const join = (...parts) => Uint8Array.from(parts.flatMap((part) => [...part]));
const say = (...words) => console.log(...words);
const refused = (what, run) => {
  try {
    run();
    say(what, "was not refused");
  } catch (error) {
    say(what, "|", error.name, error.code, "|", error.message);
  }
};
const long = new Uint8Array(100000).map((_, i) => i * 7);

for (const name of ["md5", "sha1", "sha224", "SHA256", "sha384", "sha512", "sha512-256", "sha3-256", "sha3-512", "RSA-SHA256"]) {
  say(name, createHash(name).update("abc").digest("hex"), createHash(name).update(long).update("abc", "utf8").digest("base64"));
}
const hash = createHash("sha256");
for (let i = 0; i < 5000; i++) hash.update(`piece ${i}`);
const copy = hash.copy();
say(hash.digest("hex") === copy.digest("hex"), copy instanceof crypto.Hash);
say(createHash("sha1").update("616263", "hex").digest("latin1").length, createHash("sha1").update("YWJj", "base64").digest("base64url"));
say(hex(createHash("sha1").update(new Uint16Array([1, 2])).digest()), hex(createHash("sha1").digest()));
for (const key of ["k", bytes("x".repeat(200))]) {
  say(createHmac("sha256", key).update("a").update(long).digest("hex"), createHmac("sha3-256", key).update("a").digest("hex"), createHmac("md5", key).digest("hex"));
}
refused("hash", () => createHash("nope"));
refused("hash type", () => createHash());
refused("hash data", () => createHash("md5").update(3));
refused("digested", () => { const h = createHash("md5"); h.digest(); h.digest(); });
refused("updated", () => { const h = createHash("md5"); h.digest(); h.update("x"); });
refused("hmac", () => createHmac("nope", "k"));
refused("hmac key", () => createHmac("sha1"));
say(createHmac("sha1", crypto.createSecretKey("k", "utf8")).update("x").digest("hex"));

say(randomBytes(16).length, hex(randomBytes(16)) !== hex(randomBytes(16)), crypto.randomFillSync(new Uint32Array(4)).some((x) => x > 0));
refused("size", () => randomBytes(-1));
refused("size type", () => randomBytes("x"));
const drawn = Array.from({ length: 200 }, () => crypto.randomInt(3, 6));
say(Math.min(...drawn), Math.max(...drawn), drawn.every(Number.isInteger));
refused("int", () => crypto.randomInt(5, 5));
refused("int type", () => crypto.randomInt(1.5));
say(crypto.timingSafeEqual(bytes("abc"), bytes("abc")), crypto.timingSafeEqual(bytes("abc"), bytes("abd")), crypto.randomUUID().length);
refused("lengths", () => crypto.timingSafeEqual(bytes("a"), bytes("ab")));
await new Promise((done) => randomBytes(8, (error, random) => { say(error, random.length); done(); }));

say(hex(crypto.pbkdf2Sync("password", "salt", 4096, 20, "sha1")), hex(crypto.pbkdf2Sync("p", bytes("s"), 2, 100, "sha512")));
say(hex(crypto.scryptSync("password", "NaCl", 64, { N: 1024, r: 8, p: 16 })), hex(crypto.scryptSync("", "", 8)));
say(hex(crypto.hkdfSync("sha512", "key", "salt", "info", 64)));
await new Promise((done) => crypto.pbkdf2("p", "s", 1, 8, "sha1", (error, key) => { say(error, hex(key)); done(); }));
await new Promise((done) => crypto.scrypt("p", "s", 8, (error, key) => { say(error, hex(key)); done(); }));
refused("iterations", () => crypto.pbkdf2Sync("p", "s", 0, 10, "sha1"));
refused("digest", () => crypto.pbkdf2Sync("p", "s", 1, 10, "nope"));
refused("no digest", () => crypto.pbkdf2Sync("p", "s", 1, 10));
refused("scrypt", () => crypto.scryptSync("p", "s", 10, { N: 3 }));
refused("hkdf", () => crypto.hkdfSync("sha256", "k", "s", "i", 256 * 33));

for (const name of ["aes-128-cbc", "aes-192-cbc", "aes-256-cbc", "aes-128-ctr", "aes-256-ctr", "aes-256-ecb", "aes-128-gcm", "AES-256-GCM"]) {
  const { keyLength, ivLength = 0, mode } = crypto.getCipherInfo(name);
  const [key, iv] = [new Uint8Array(keyLength).fill(3), ivLength ? new Uint8Array(ivLength).fill(250) : null];
  for (const sizes of [[], [5], [16], [1, 15, 32, 33, 7], [40000, 3]]) {
    const cipher = crypto.createCipheriv(name, key, iv);
    if (mode === "gcm") cipher.setAAD(bytes("associated"));
    let at = 0;
    const parts = sizes.map((size) => cipher.update(long.subarray(at, (at += size))));
    const encrypted = join(...parts, cipher.final());
    const tag = mode === "gcm" ? cipher.getAuthTag() : undefined;
    const decipher = crypto.createDecipheriv(name, key, iv);
    if (tag) decipher.setAuthTag(tag).setAAD(bytes("associated"));
    const plain = join(decipher.update(encrypted.subarray(0, 3)), decipher.update(encrypted.subarray(3)), decipher.final());
    const digest = createHash("sha1").update(encrypted).digest("hex");
    say(name, parts.map((part) => part.length).join(), digest, tag ? hex(tag) : "", hex(plain) === hex(long.subarray(0, at)));
  }
}
const text = crypto.createCipheriv("aes-128-cbc", "0123456789abcdef", "0123456789abcdef");
say(text.update("some text", "utf8", "hex") + text.final("hex"));
const zero = (name, size = 16, iv = 16) => crypto.createDecipheriv(name, new Uint8Array(size), new Uint8Array(iv));
refused("cipher", () => crypto.createCipheriv("nope", "k", "i"));
refused("iv", () => crypto.createCipheriv("aes-128-cbc", new Uint8Array(16), "i"));
refused("key", () => crypto.createCipheriv("aes-128-cbc", new Uint8Array(15), new Uint8Array(16)));
refused("padding", () => { const d = zero("aes-128-cbc"); d.update(new Uint8Array(16)); d.final(); });
refused("length", () => { const d = zero("aes-128-cbc"); d.update(new Uint8Array(15)); d.final(); });
refused("tag", () => { const d = zero("aes-128-gcm", 16, 12); d.setAuthTag(new Uint8Array(16)); d.update(new Uint8Array(15)); d.final(); });
refused("no tag", () => { const d = zero("aes-128-gcm", 16, 12); d.update(new Uint8Array(15)); d.final(); });
refused("tag length", () => zero("aes-128-gcm", 16, 12).setAuthTag(new Uint8Array(3)));
refused("early tag", () => crypto.createCipheriv("aes-128-gcm", new Uint8Array(16), new Uint8Array(12)).getAuthTag());
refused("twice", () => { const c = crypto.createCipheriv("aes-128-cbc", new Uint8Array(16), new Uint8Array(16)); c.final(); c.final(); });
refused("late", () => { const c = crypto.createCipheriv("aes-128-cbc", new Uint8Array(16), new Uint8Array(16)); c.final(); c.update("x"); });
refused("no padding", () => { const c = crypto.createCipheriv("aes-128-cbc", new Uint8Array(16), new Uint8Array(16)); c.setAutoPadding(false); c.update("x"); c.final(); });

// keys and signatures
for (const [type, options] of [["ec", { namedCurve: "P-256" }], ["ec", { namedCurve: "secp521r1" }], ["ed25519"], ["rsa", { modulusLength: 1024 }]]) {
  const { publicKey, privateKey } = crypto.generateKeyPairSync(type, options);
  say(privateKey.type, publicKey.asymmetricKeyType, JSON.stringify(publicKey.asymmetricKeyDetails, (_, value) => (typeof value === "bigint" ? `${value}n` : value)));
  const forms = type === "ec" ? ["pkcs8", "sec1"] : type === "rsa" ? ["pkcs8", "pkcs1"] : ["pkcs8"];
  for (const form of forms) {
    const pem = privateKey.export({ format: "pem", type: form });
    const der = privateKey.export({ format: "der", type: form });
    say(pem.split("\n")[0], crypto.createPrivateKey(pem).equals(privateKey), crypto.createPrivateKey({ key: der, format: "der", type: form }).equals(privateKey));
  }
  const pem = publicKey.export({ format: "pem", type: "spki" });
  say(pem.split("\n")[0], crypto.createPublicKey(pem).equals(publicKey), crypto.createPublicKey(privateKey).equals(publicKey), crypto.createPublicKey({ key: publicKey.export({ format: "jwk" }), format: "jwk" }).equals(publicKey));
  const name = type === "ed25519" ? null : "sha256";
  const signature = crypto.sign(name, long, privateKey);
  say(crypto.verify(name, long, pem, signature), crypto.verify(name, bytes("x"), publicKey, signature), crypto.verify(name, long, publicKey, new Uint8Array(9)));
  if (name === null) continue;
  const signed = crypto.createSign("sha512").update("some ").update("text").sign(privateKey, "base64");
  say(crypto.createVerify("RSA-SHA512").update("some text").verify(publicKey, signed, "base64"), crypto.createVerify("sha512").update("other").verify(publicKey, signed, "base64"));
  if (type === "rsa") {
    const pss = { key: privateKey, padding: crypto.constants.RSA_PKCS1_PSS_PADDING };
    say(crypto.verify("sha256", long, { ...pss, key: publicKey }, crypto.sign("sha256", long, pss)));
    const sealed = crypto.publicEncrypt(publicKey, bytes("secret"));
    say(sealed.length, hex(crypto.privateDecrypt(privateKey, sealed)));
  } else {
    const raw = crypto.sign("sha256", long, { key: privateKey, dsaEncoding: "ieee-p1363" });
    say(raw.length, crypto.verify("sha256", long, { key: publicKey, dsaEncoding: "ieee-p1363" }, raw));
  }
}
const [alice, bob] = [crypto.createECDH("secp384r1"), crypto.createECDH("secp384r1")];
const points = [alice.generateKeys(), bob.generateKeys("hex", "compressed")];
say(alice.computeSecret(bob.getPublicKey(), null, "hex") === bob.computeSecret(points[0], null, "hex"), points[1].length);
const [x, y] = [crypto.generateKeyPairSync("x25519"), crypto.generateKeyPairSync("x25519")];
say(hex(crypto.diffieHellman({ privateKey: x.privateKey, publicKey: y.publicKey })) === hex(crypto.diffieHellman({ privateKey: y.privateKey, publicKey: x.publicKey })));
refused("junk", () => crypto.createPrivateKey("junk"));
refused("junk too", () => crypto.createPublicKey("junk"));
refused("signature hash", () => crypto.createSign("nope"));
refused("signing with a public key", () => crypto.sign("sha1", long, crypto.generateKeyPairSync("ed25519").publicKey));
say(webcrypto === globalThis.crypto, crypto.subtle === webcrypto.subtle, crypto.getHashes().includes("sha256"), crypto.getCiphers().includes("aes-256-gcm"));
// What OpenSSL leaves in its queue of errors shows elsewhere, so this comes last.
refused("scrypt memory", () => crypto.scryptSync("p", "s", 10, { N: 2 ** 20 }));
say("ok");
