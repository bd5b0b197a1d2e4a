import * as jose from 'jose';
const secret = new TextEncoder().encode('a secret of at least 32 bytes, yes');
const t = await new jose.SignJWT({ a: 1 }).setProtectedHeader({ alg: 'HS256' }).setIssuedAt(1700000000).setSubject('x').sign(secret);
console.log(t, (await jose.jwtVerify(t, secret)).payload);
const { publicKey, privateKey } = await jose.generateKeyPair('ES256', { extractable: true });
const s = await new jose.SignJWT({}).setProtectedHeader({ alg: 'ES256' }).sign(privateKey);
console.log((await jose.jwtVerify(s, publicKey)).protectedHeader);
await jose.jwtVerify(t, new Uint8Array(32)).catch((e) => console.log(e.code, e.message));
const jwk = await jose.exportJWK(publicKey);
console.log(Object.keys(jwk).sort(), (await jose.calculateJwkThumbprint(jwk)).length);
const enc = await new jose.EncryptJWT({ b: 2 }).setProtectedHeader({ alg: 'dir', enc: 'A256GCM' }).encrypt(new Uint8Array(32));
console.log((await jose.jwtDecrypt(enc, new Uint8Array(32))).payload);
const e2 = await new jose.CompactEncrypt(new TextEncoder().encode('hi'))
  .setProtectedHeader({ alg: 'ECDH-ES+A128KW', enc: 'A128CBC-HS256' })
  .encrypt(publicKey)
  .catch((e) => e);
console.log(typeof e2, typeof e2 === 'string' && new TextDecoder().decode((await jose.compactDecrypt(e2, privateKey)).plaintext));
