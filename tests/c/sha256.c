// SHA-256, against the digests of its standard.
//| e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855
//| ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad
//| cdc76e5c9914fb9281a1c7e284d73e67f1809a48a497200e046d39ccc7112cd0
#include <stdint.h>
#include <stdio.h>
#include <string.h>

static uint32_t k[64];
static uint32_t rotr(uint32_t n, int by) { return n >> by | n << (32 - by); }

/* The constants are the fractions of cube roots of primes: found here with integers. */
static void make_constants(void) {
    int found = 0;
    for (unsigned p = 2; found < 64; p++) {
        int prime = 1;
        for (unsigned d = 2; d * d <= p; d++) prime &= p % d != 0;
        if (!prime) continue;
        unsigned __int128 low = 0, high = (unsigned __int128)8 << 32;
        while (high - low > 1) {
            unsigned __int128 middle = (low + high) / 2;
            if (middle * middle * middle <= (unsigned __int128)p << 96) low = middle; else high = middle;
        }
        k[found++] = (uint32_t)low;
    }
}

static void block(uint32_t h[8], const uint8_t *p) {
    uint32_t w[64], v[8];
    for (int i = 0; i < 16; i++)
        w[i] = (uint32_t)p[i * 4] << 24 | (uint32_t)p[i * 4 + 1] << 16 | (uint32_t)p[i * 4 + 2] << 8 | p[i * 4 + 3];
    for (int i = 16; i < 64; i++)
        w[i] = w[i - 16] + w[i - 7] + (rotr(w[i - 15], 7) ^ rotr(w[i - 15], 18) ^ w[i - 15] >> 3) +
               (rotr(w[i - 2], 17) ^ rotr(w[i - 2], 19) ^ w[i - 2] >> 10);
    memcpy(v, h, sizeof v);
    for (int i = 0; i < 64; i++) {
        uint32_t t1 = v[7] + (rotr(v[4], 6) ^ rotr(v[4], 11) ^ rotr(v[4], 25)) + ((v[4] & v[5]) ^ (~v[4] & v[6])) + k[i] + w[i];
        uint32_t t2 = (rotr(v[0], 2) ^ rotr(v[0], 13) ^ rotr(v[0], 22)) + ((v[0] & v[1]) ^ (v[0] & v[2]) ^ (v[1] & v[2]));
        memmove(v + 1, v, 7 * sizeof *v);
        v[4] += t1;
        v[0] = t1 + t2;
    }
    for (int i = 0; i < 8; i++) h[i] += v[i];
}

static void sha256(const uint8_t *data, size_t len) {
    uint32_t h[8] = {0x6a09e667, 0xbb67ae85, 0x3c6ef372, 0xa54ff53a, 0x510e527f, 0x9b05688c, 0x1f83d9ab, 0x5be0cd19};
    size_t i = 0;
    for (; len - i >= 64; i += 64) block(h, data + i);
    uint8_t last[128] = {0};
    memcpy(last, data + i, len - i);
    last[len - i] = 0x80;
    size_t end = len - i < 56 ? 64 : 128;
    for (int b = 0; b < 8; b++) last[end - 1 - b] = (uint8_t)((uint64_t)len * 8 >> b * 8);
    for (size_t j = 0; j < end; j += 64) block(h, last + j);
    for (int j = 0; j < 8; j++) printf("%08x", h[j]);
    puts("");
}

int main(void) {
    make_constants();
    sha256((const uint8_t *)"", 0);
    sha256((const uint8_t *)"abc", 3);
    static uint8_t million[1000000];
    memset(million, 'a', sizeof million);
    sha256(million, sizeof million);
    return 0;
}
