/* Chance from the kernel (getrandom); good enough for keys. Any thread. */
#ifndef BASE_RANDOM_H
#define BASE_RANDOM_H

#include <stddef.h>
#include <stdint.h>

void random_bytes(void *out, size_t len);
/* Evenly 0 to below - 1; below > 0. */
uint32_t random_below(uint32_t below);
/* Writes len characters of [a-z2-7] (5 bits each) and a NUL; size of out is len + 1. */
void random_token(char *out, size_t len);

#endif
