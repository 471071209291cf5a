/* What the parts of fuzz_plist's mutator share. */
#ifndef KPEP_PLIST_MUTATOR_H
#define KPEP_PLIST_MUTATOR_H

#include <stddef.h>
#include <stdint.h>

size_t LLVMFuzzerMutate(uint8_t *data, size_t size, size_t max_size);

/* A random number below the limit, by the seed that libFuzzer gave. */
uint32_t below(uint32_t limit);

/* A valid list, with any of the layouts that the format has; 0 when there is no room for it. */
size_t generate_binary(uint8_t *data, size_t max_size);
/* A field of one is another, or anything; the new size. */
size_t change_binary(uint8_t *data, size_t size, size_t max_size);

#endif
