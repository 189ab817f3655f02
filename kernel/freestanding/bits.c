/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What the compiler calls for __builtin_clzll() on a hart without Zbb.  The name is GCC's
 * ("Routines for integer arithmetic" of its internals manual).
 */
int __clzdi2(unsigned long value);

int __clzdi2(unsigned long value)
{
    int zeroes = 0;

    for (int step = 32; step != 0; step /= 2) {
        if (value >> (64 - step) == 0) {
            zeroes += step;
            value <<= step;
        }
    }
    return zeroes;
}
