// crypto.subtle: what it answers and how it refuses. The output beside this file is that of Node.js 20.
const { subtle } = crypto;
const hex = (data) => Array.from(new Uint8Array(data), (b) => b.toString(16).padStart(2, "0")).join("");
const bytes = (text) => new TextEncoder().encode(text);
const unhex = (text) => new Uint8Array(text.match(/../g).map((d) => parseInt(d, 16)));
const say = (...words) => console.log(...words);
const refused = async (what, run) => {
  try {
    await run();
    say(what, "was not refused");
  } catch (error) {
    say(what, error.name);
  }
};
const message = bytes("The quick brown fox jumps over the lazy dog");

for (const name of ["SHA-1", "sha-256", "SHA-384", { name: "SHA-512" }]) say(hex(await subtle.digest(name, message)));
await refused("MD5", () => subtle.digest("MD5", message));
await refused("no data", () => subtle.digest("SHA-1"));
await refused("a string", () => subtle.digest("SHA-1", "x"));
say(hex(await subtle.digest("SHA-1", new DataView(message.buffer, 4, 5))), (await subtle.digest("SHA-1", message)) instanceof ArrayBuffer);

// HMAC
const hmacKey = await subtle.importKey("raw", bytes("Jefe"), { name: "HMAC", hash: "SHA-256" }, true, ["verify", "sign"]);
say(hmacKey.type, hmacKey.extractable, JSON.stringify(hmacKey.algorithm), hmacKey.usages.join(), String(hmacKey));
const code = await subtle.sign("HMAC", hmacKey, bytes("what do ya want for nothing?"));
say(hex(code), await subtle.verify("HMAC", hmacKey, code, bytes("what do ya want for nothing?")), await subtle.verify("HMAC", hmacKey, code, message));
say(JSON.stringify(await subtle.exportKey("jwk", hmacKey)), hex(await subtle.exportKey("raw", hmacKey)));
for (const [hash, length] of [["SHA-1"], ["SHA-384"], ["SHA-256", 264]]) {
  const key = await subtle.generateKey({ name: "HMAC", hash, length }, true, ["sign"]);
  say(hash, key.algorithm.length, (await subtle.exportKey("raw", key)).byteLength);
}
await refused("HMAC for encryption", () => subtle.importKey("raw", bytes("k"), { name: "HMAC", hash: "SHA-1" }, true, ["encrypt"]));
await refused("HMAC for nothing", () => subtle.importKey("raw", bytes("k"), { name: "HMAC", hash: "SHA-1" }, true, []));
await refused("HMAC of a hash that is none", () => subtle.importKey("raw", bytes("k"), { name: "HMAC", hash: "SHA-3" }, true, ["sign"]));
await refused("HMAC without a hash", () => subtle.importKey("raw", bytes("k"), { name: "HMAC" }, true, ["sign"]));
await refused("an empty HMAC key", () => subtle.importKey("raw", new Uint8Array(0), { name: "HMAC", hash: "SHA-1" }, true, ["sign"]));
await refused("usage", async () => subtle.sign("HMAC", await subtle.importKey("raw", bytes("k"), { name: "HMAC", hash: "SHA-1" }, true, ["verify"]), message));

// AES
const key16 = unhex("2b7e151628aed2a6abf7158809cf4f3c");
const iv = unhex("000102030405060708090a0b0c0d0e0f");
const aes = (name, raw = key16, usages = ["encrypt", "decrypt"]) => subtle.importKey("raw", raw, name, true, usages);
for (const [algorithm, data] of [
  [{ name: "AES-CBC", iv }, message], [{ name: "AES-CBC", iv }, new Uint8Array(32)], [{ name: "AES-CTR", counter: iv, length: 64 }, message],
  [{ name: "AES-CTR", counter: new Uint8Array(16).fill(255), length: 5 }, message], [{ name: "AES-GCM", iv }, message],
  [{ name: "AES-GCM", iv: iv.slice(0, 12), additionalData: key16, tagLength: 96 }, message], [{ name: "AES-GCM", iv: iv.slice(0, 12) }, new Uint8Array(0)],
]) {
  for (const raw of [key16, new Uint8Array(32).fill(7)]) {
    const key = await aes(algorithm.name, raw);
    const encrypted = await subtle.encrypt(algorithm, key, data);
    say(algorithm.name, hex(encrypted), hex(await subtle.decrypt(algorithm, key, encrypted)) === hex(data));
    const changed = new Uint8Array(encrypted);
    changed[changed.length - 1] ^= 0x91;
    if (algorithm.name !== "AES-CTR") await refused("changed", () => subtle.decrypt(algorithm, key, changed));
  }
}
say(JSON.stringify(await subtle.exportKey("jwk", await aes("AES-GCM"))));
await refused("short key", () => aes("AES-GCM", new Uint8Array(15)));
await refused("short iv", async () => subtle.encrypt({ name: "AES-CBC", iv: new Uint8Array(12) }, await aes("AES-CBC"), message));
await refused("other algorithm", async () => subtle.encrypt({ name: "AES-CBC", iv }, await aes("AES-GCM"), message));
await refused("tag length", async () => subtle.encrypt({ name: "AES-GCM", iv, tagLength: 100 }, await aes("AES-GCM"), message));
await refused("too short for its tag", async () => subtle.decrypt({ name: "AES-GCM", iv }, await aes("AES-GCM"), new Uint8Array(3)));
await refused("counter length", async () => subtle.encrypt({ name: "AES-CTR", counter: iv, length: 0 }, await aes("AES-CTR"), message));
await refused("key length", () => subtle.generateKey({ name: "AES-GCM", length: 100 }, true, ["encrypt"]));
const made = await subtle.generateKey({ name: "AES-CTR", length: 256 }, true, ["decrypt", "encrypt", "decrypt"]);
say(made.usages.join(), (await subtle.exportKey("raw", made)).byteLength);

// derivation
const password = await subtle.importKey("raw", bytes("password"), "PBKDF2", false, ["deriveBits", "deriveKey"]);
const pbkdf2 = { name: "PBKDF2", hash: "SHA-1", salt: bytes("salt"), iterations: 4096 };
say(hex(await subtle.deriveBits(pbkdf2, password, 160)));
const derived = await subtle.deriveKey({ ...pbkdf2, hash: "SHA-512", iterations: 10 }, password, { name: "AES-GCM", length: 256 }, true, ["encrypt"]);
say(hex(await subtle.exportKey("raw", derived)), JSON.stringify(derived.algorithm));
const ikm = await subtle.importKey("raw", new Uint8Array(22).fill(11), "HKDF", false, ["deriveBits", "deriveKey"]);
const hkdf = { name: "HKDF", hash: "SHA-256", salt: unhex("000102030405060708090a0b0c"), info: unhex("f0f1f2f3f4f5f6f7f8f9") };
say(hex(await subtle.deriveBits(hkdf, ikm, 42 * 8)));
say(JSON.stringify((await subtle.deriveKey(hkdf, ikm, { name: "HMAC", hash: "SHA-384" }, true, ["sign"])).algorithm));
await refused("no iterations", () => subtle.deriveBits({ ...pbkdf2, iterations: 0 }, password, 160));
await refused("odd bits", () => subtle.deriveBits(pbkdf2, password, 161));
await refused("too many bits", () => subtle.deriveBits(hkdf, ikm, 256 * 256 * 8));
await refused("extractable password", () => subtle.importKey("raw", bytes("p"), "PBKDF2", true, ["deriveBits"]));

// signatures and agreement
const roundTrip = async (algorithm, pair, forms) => {
  for (const [format, half] of forms) {
    const exported = await subtle.exportKey(format, pair[half]);
    const again = await subtle.importKey(format, exported, algorithm, true, pair[half].usages);
    const same = JSON.stringify(await subtle.exportKey("jwk", again)) === JSON.stringify(await subtle.exportKey("jwk", pair[half]));
    say(" ", format, half, same, format === "jwk" ? Object.keys(exported).sort().join() : exported.byteLength > 30);
  }
};
const FORMS = [["spki", "publicKey"], ["pkcs8", "privateKey"], ["jwk", "publicKey"], ["jwk", "privateKey"]];
for (const [algorithm, signing] of [
  [{ name: "ECDSA", namedCurve: "P-256" }, { name: "ECDSA", hash: "SHA-256" }], [{ name: "ECDSA", namedCurve: "P-384" }, { name: "ECDSA", hash: "SHA-1" }],
  [{ name: "ECDSA", namedCurve: "P-521" }, { name: "ECDSA", hash: "SHA-512" }], [{ name: "Ed25519" }, "Ed25519"],
  [{ name: "RSASSA-PKCS1-v1_5", hash: "SHA-256", modulusLength: 1024, publicExponent: new Uint8Array([1, 0, 1]) }, "RSASSA-PKCS1-v1_5"],
  [{ name: "RSA-PSS", hash: "SHA-1", modulusLength: 1024, publicExponent: new Uint8Array([1, 0, 1]) }, { name: "RSA-PSS", saltLength: 20 }],
]) {
  const pair = await subtle.generateKey(algorithm, true, ["sign", "verify"]);
  say(pair.privateKey.type, pair.publicKey.type, JSON.stringify(pair.publicKey.algorithm), pair.privateKey.usages.join(), pair.publicKey.usages.join());
  const signature = await subtle.sign(signing, pair.privateKey, message);
  say(signature.byteLength, await subtle.verify(signing, pair.publicKey, signature, message), await subtle.verify(signing, pair.publicKey, signature, iv));
  await roundTrip(algorithm, pair, algorithm.modulusLength ? FORMS : [["raw", "publicKey"], ...FORMS]);
  await refused("public for private", () => subtle.sign(signing, pair.publicKey, message));
}
for (const algorithm of [{ name: "ECDH", namedCurve: "P-256" }, { name: "ECDH", namedCurve: "P-521" }, { name: "X25519" }]) {
  const [one, other] = [await subtle.generateKey(algorithm, true, ["deriveBits", "deriveKey"]), await subtle.generateKey(algorithm, true, ["deriveBits"])];
  const [a, b] = [
    await subtle.deriveBits({ ...algorithm, public: other.publicKey }, one.privateKey, 256), await subtle.deriveBits({ ...algorithm, public: one.publicKey }, other.privateKey, 256),
  ];
  say(algorithm.name, hex(a) === hex(b), (await subtle.deriveBits({ ...algorithm, public: other.publicKey }, one.privateKey, null)).byteLength);
  const shared = await subtle.deriveKey({ ...algorithm, public: other.publicKey }, one.privateKey, { name: "AES-CBC", length: 128 }, true, ["encrypt"]);
  say(hex(await subtle.exportKey("raw", shared)) === hex(a).slice(0, 32), one.publicKey.usages.length);
  await roundTrip(algorithm, one, FORMS);
  await refused("too many bits", () => subtle.deriveBits({ ...algorithm, public: other.publicKey }, one.privateKey, 1024));
  await refused("private for public", () => subtle.deriveBits({ ...algorithm, public: other.privateKey }, one.privateKey, 256));
}
const oaep = { name: "RSA-OAEP", hash: "SHA-256", modulusLength: 2048, publicExponent: new Uint8Array([1, 0, 1]) };
const rsa = await subtle.generateKey(oaep, true, ["encrypt", "decrypt", "wrapKey", "unwrapKey"]);
const sealed = await subtle.encrypt({ name: "RSA-OAEP", label: iv }, rsa.publicKey, message);
say(sealed.byteLength, hex(await subtle.decrypt({ name: "RSA-OAEP", label: iv }, rsa.privateKey, sealed)) === hex(message));
await refused("other label", () => subtle.decrypt({ name: "RSA-OAEP" }, rsa.privateKey, sealed));
await refused("too long", () => subtle.encrypt({ name: "RSA-OAEP" }, rsa.publicKey, new Uint8Array(300)));

// keys that others made
const jwk = {
  kty: "EC", crv: "P-256", x: "MKBCTNIcKUSDii11ySs3526iDZ8AiTo7Tu6KPAqv7D4", y: "4Etl6SRW2YiLUrN5vfvVHuhp7x8PxltmWWlbbM4IFyM",
  d: "870MB6gfuTJ4HtUnUvYMyJpr5eUZNP4Bk43bVdj3eAE",
};
const imported = await subtle.importKey("jwk", jwk, { name: "ECDSA", namedCurve: "P-256" }, true, ["sign"]);
say(hex(await subtle.exportKey("pkcs8", imported)));
await refused("a point that is none", () => subtle.importKey("jwk", { ...jwk, d: undefined, y: jwk.x }, { name: "ECDSA", namedCurve: "P-256" }, true, ["verify"]));
await refused("another curve", () => subtle.importKey("jwk", jwk, { name: "ECDSA", namedCurve: "P-384" }, true, ["sign"]));
await refused("junk", () => subtle.importKey("pkcs8", iv, { name: "ECDSA", namedCurve: "P-384" }, true, ["sign"]));
await refused("a curve that is none", () => subtle.generateKey({ name: "ECDSA", namedCurve: "P-1" }, true, ["sign"]));
await refused("ext", () => subtle.importKey("jwk", { kty: "oct", k: "AAAA", ext: false }, { name: "HMAC", hash: "SHA-1" }, true, ["sign"]));
await refused("alg", () => subtle.importKey("jwk", { kty: "oct", k: "AAAA", alg: "HS256" }, { name: "HMAC", hash: "SHA-1" }, true, ["sign"]));
await refused("a format that is none", () => subtle.importKey("pem", iv, "AES-GCM", true, ["encrypt"]));

// wrapping
const wrapping = await subtle.importKey("raw", key16, "AES-KW", false, ["wrapKey", "unwrapKey"]);
const inner = await subtle.importKey("raw", iv, "AES-CBC", true, ["encrypt"]);
const wrapped = await subtle.wrapKey("raw", inner, wrapping, "AES-KW");
say(hex(wrapped));
const unwrapped = await subtle.unwrapKey("raw", wrapped, wrapping, "AES-KW", "AES-CBC", true, ["decrypt"]);
say(hex(await subtle.exportKey("raw", unwrapped)), unwrapped.usages.join());
await refused("wrapped wrongly", () => subtle.unwrapKey("raw", new Uint8Array(24), wrapping, "AES-KW", "AES-CBC", true, ["decrypt"]));
const gcm = await subtle.importKey("raw", key16, "AES-GCM", false, ["wrapKey", "unwrapKey"]);
for (const [format, key] of [["jwk", imported], ["pkcs8", imported]]) {
  const packed = await subtle.wrapKey(format, key, gcm, { name: "AES-GCM", iv });
  const back = await subtle.unwrapKey(format, packed, gcm, { name: "AES-GCM", iv }, { name: "ECDSA", namedCurve: "P-256" }, true, ["sign"]);
  say(format, JSON.stringify(await subtle.exportKey("jwk", back)) === JSON.stringify(await subtle.exportKey("jwk", imported)));
}

// objects
say(Object.prototype.toString.call(subtle), Object.prototype.toString.call(hmacKey), subtle === crypto.subtle);
await refused("no constructor", async () => new CryptoKey());
await refused("no constructor either", async () => new SubtleCrypto());
await refused("another this", () => subtle.digest.call({}, "SHA-1", iv));
await refused("no key", () => subtle.sign("HMAC", {}, iv));
const clone = structuredClone({ key: hmacKey }).key;
say(clone instanceof CryptoKey, clone !== hmacKey, hex(await subtle.exportKey("raw", clone)));
say("ok");
