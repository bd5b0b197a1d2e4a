// CRC-32 by table and by bit, over growing lengths.
//| cbf43926
//| 1 1afd73e1
#include <stdint.h>
#include <stdio.h>
#include <string.h>

static uint32_t table[256];

static uint32_t by_bit(const uint8_t *p, size_t n) {
    uint32_t crc = ~0u;
    while (n--) {
        crc ^= *p++;
        for (int i = 0; i < 8; i++) crc = crc >> 1 ^ (crc & 1 ? 0xedb88320 : 0);
    }
    return ~crc;
}

static uint32_t by_table(const uint8_t *p, size_t n) {
    uint32_t crc = ~0u;
    while (n--) crc = crc >> 8 ^ table[(crc ^ *p++) & 255];
    return ~crc;
}

int main(void) {
    for (uint32_t i = 0; i < 256; i++) {
        uint32_t crc = i;
        for (int b = 0; b < 8; b++) crc = crc >> 1 ^ (crc & 1 ? 0xedb88320 : 0);
        table[i] = crc;
    }
    printf("%08x\n", by_bit((const uint8_t *)"123456789", 9));
    static uint8_t data[100000];
    for (size_t i = 0; i < sizeof data; i++) data[i] = (uint8_t)(i * i >> 3);
    int same = 1;
    for (size_t n = 0; n < sizeof data; n = n * 3 + 1) same &= by_bit(data, n) == by_table(data, n);
    printf("%d %08x\n", same, by_table(data, sizeof data));
    return 0;
}
