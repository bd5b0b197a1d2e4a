"""`hashlib.pbkdf2_hmac`, which is OpenSSL's elsewhere.

Start at `pbkdf2_hmac`. It is the definition of RFC 8018 and nothing faster: a hundred thousand rounds take some 0.6 s.
"""

import hashlib
import hmac


def pbkdf2_hmac(hash_name, password, salt, iterations, dklen=None):
    """Derives a key from a password."""
    keyed = hmac.new(password, digestmod=hash_name)
    size = keyed.digest_size
    length = size if dklen is None else dklen
    if iterations < 1:
        raise ValueError("iteration value must be greater than 0.")
    if length < 1:
        raise ValueError("key length must be greater than 0.")
    key = b""
    for number in range(1, -(-length // size) + 1):
        key += _block(keyed, salt + number.to_bytes(4, "big"), iterations, size)
    return key[:length]


def _block(keyed, salt, iterations, size):
    step = _keyed(keyed, salt)
    total = int.from_bytes(step, "big")
    for _ in range(iterations - 1):
        step = _keyed(keyed, step)
        total ^= int.from_bytes(step, "big")
    return total.to_bytes(size, "big")


def _keyed(keyed, data):
    made = keyed.copy()
    made.update(data)
    return made.digest()


def prepare():
    """Puts it in its place; once, when the component is made."""
    if not hasattr(hashlib, "pbkdf2_hmac"):
        pbkdf2_hmac.__module__ = "hashlib"
        hashlib.pbkdf2_hmac = pbkdf2_hmac
