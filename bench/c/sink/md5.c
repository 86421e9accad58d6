/* MD5 (RFC 1321), so that the sink needs no library; about 600 MB/s. */
#include "sink.h"
#include <string.h>

#define STEP(f, a, b, c, d, x, t, s)                                                               \
    (a) += f((b), (c), (d)) + (x) + (t);                                                           \
    (a) = ((a) << (s)) | ((a) >> (32 - (s)));                                                      \
    (a) += (b);
#define F(x, y, z) ((z) ^ ((x) & ((y) ^ (z))))
#define G(x, y, z) ((y) ^ ((z) & ((x) ^ (y))))
#define H(x, y, z) ((x) ^ (y) ^ (z))
#define I(x, y, z) ((y) ^ ((x) | ~(z)))

static void blocks(uint32_t state[4], const unsigned char *from, size_t count) {
    uint32_t a, b, c, d, w[16];
    while (count--) {
        memcpy(w, from, 64); /* little-endian machines only, as all we build for are */
        a = state[0], b = state[1], c = state[2], d = state[3];
#define R4(f, i0, i1, i2, i3, t0, t1, t2, t3, s0, s1, s2, s3)                                      \
    STEP(f, a, b, c, d, w[i0], t0, s0) STEP(f, d, a, b, c, w[i1], t1, s1)                          \
    STEP(f, c, d, a, b, w[i2], t2, s2) STEP(f, b, c, d, a, w[i3], t3, s3)
        R4(F, 0, 1, 2, 3, 0xd76aa478, 0xe8c7b756, 0x242070db, 0xc1bdceee, 7, 12, 17, 22)
        R4(F, 4, 5, 6, 7, 0xf57c0faf, 0x4787c62a, 0xa8304613, 0xfd469501, 7, 12, 17, 22)
        R4(F, 8, 9, 10, 11, 0x698098d8, 0x8b44f7af, 0xffff5bb1, 0x895cd7be, 7, 12, 17, 22)
        R4(F, 12, 13, 14, 15, 0x6b901122, 0xfd987193, 0xa679438e, 0x49b40821, 7, 12, 17, 22)
        R4(G, 1, 6, 11, 0, 0xf61e2562, 0xc040b340, 0x265e5a51, 0xe9b6c7aa, 5, 9, 14, 20)
        R4(G, 5, 10, 15, 4, 0xd62f105d, 0x02441453, 0xd8a1e681, 0xe7d3fbc8, 5, 9, 14, 20)
        R4(G, 9, 14, 3, 8, 0x21e1cde6, 0xc33707d6, 0xf4d50d87, 0x455a14ed, 5, 9, 14, 20)
        R4(G, 13, 2, 7, 12, 0xa9e3e905, 0xfcefa3f8, 0x676f02d9, 0x8d2a4c8a, 5, 9, 14, 20)
        R4(H, 5, 8, 11, 14, 0xfffa3942, 0x8771f681, 0x6d9d6122, 0xfde5380c, 4, 11, 16, 23)
        R4(H, 1, 4, 7, 10, 0xa4beea44, 0x4bdecfa9, 0xf6bb4b60, 0xbebfbc70, 4, 11, 16, 23)
        R4(H, 13, 0, 3, 6, 0x289b7ec6, 0xeaa127fa, 0xd4ef3085, 0x04881d05, 4, 11, 16, 23)
        R4(H, 9, 12, 15, 2, 0xd9d4d039, 0xe6db99e5, 0x1fa27cf8, 0xc4ac5665, 4, 11, 16, 23)
        R4(I, 0, 7, 14, 5, 0xf4292244, 0x432aff97, 0xab9423a7, 0xfc93a039, 6, 10, 15, 21)
        R4(I, 12, 3, 10, 1, 0x655b59c3, 0x8f0ccc92, 0xffeff47d, 0x85845dd1, 6, 10, 15, 21)
        R4(I, 8, 15, 6, 13, 0x6fa87e4f, 0xfe2ce6e0, 0xa3014314, 0x4e0811a1, 6, 10, 15, 21)
        R4(I, 4, 11, 2, 9, 0xf7537e82, 0xbd3af235, 0x2ad7d2bb, 0xeb86d391, 6, 10, 15, 21)
        state[0] += a, state[1] += b, state[2] += c, state[3] += d;
        from += 64;
    }
}

void md5_begin(Md5 *md5) {
    static const uint32_t first[4] = {0x67452301, 0xefcdab89, 0x98badcfe, 0x10325476};
    memcpy(md5->state, first, sizeof first);
    md5->bytes = 0;
}

void md5_feed(Md5 *md5, const void *from, size_t size) {
    const unsigned char *at = from;
    size_t held = md5->bytes % 64;
    md5->bytes += size;
    if (held) {
        size_t taken = size < 64 - held ? size : 64 - held;
        memcpy(md5->block + held, at, taken);
        at += taken, size -= taken;
        if (held + taken < 64) return;
        blocks(md5->state, md5->block, 1);
    }
    blocks(md5->state, at, size / 64);
    memcpy(md5->block, at + size / 64 * 64, size % 64);
}

void md5_end(Md5 *md5, unsigned char out[16]) {
    static const unsigned char padding[64] = {0x80};
    uint64_t bits = md5->bytes * 8;
    md5_feed(md5, padding, (119 - md5->bytes % 64) % 64 + 1);
    md5_feed(md5, &bits, 8);
    memcpy(out, md5->state, 16);
}

void md5_hex(const unsigned char digest[16], char out[33]) {
    for (int i = 0; i < 16; i++) {
        out[2 * i] = "0123456789abcdef"[digest[i] >> 4];
        out[2 * i + 1] = "0123456789abcdef"[digest[i] & 15];
    }
    out[32] = 0;
}
