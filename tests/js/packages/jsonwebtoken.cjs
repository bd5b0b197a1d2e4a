const jwt = require('jsonwebtoken');
const crypto = require('crypto');
const t = jwt.sign({ sub: 'a', iat: 1700000000 }, 'secret', { issuer: 'me' });
console.log(t, jwt.verify(t, 'secret', { ignoreExpiration: true }));
try {
  jwt.verify(t, 'wrong');
} catch (e) {
  console.log(e.name, e.message);
}
try {
  jwt.verify(jwt.sign({ exp: 1 }, 's'), 's');
} catch (e) {
  console.log(e.name, e.message, e.expiredAt);
}
const { privateKey, publicKey } = crypto.generateKeyPairSync('rsa', {
  modulusLength: 2048,
  publicKeyEncoding: { type: 'spki', format: 'pem' },
  privateKeyEncoding: { type: 'pkcs8', format: 'pem' },
});
for (const algorithm of ['RS256', 'PS384'])
  console.log(jwt.verify(jwt.sign({ a: 1, iat: 1 }, privateKey, { algorithm }), publicKey, { algorithms: [algorithm] }));
const ec = crypto.generateKeyPairSync('ec', { namedCurve: 'P-256' });
console.log(
  jwt.verify(jwt.sign({ a: 1, iat: 1 }, ec.privateKey, { algorithm: 'ES256' }), ec.publicKey),
  jwt.decode(t, { complete: true }).header,
);
jwt.sign({ a: 1 }, 'x', { noTimestamp: true }, (e, t) => console.log(e, t));
