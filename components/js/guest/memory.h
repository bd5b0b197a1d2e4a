/* What the allocator offers beside the C library's functions. */
#ifndef B8G_MEMORY_H
#define B8G_MEMORY_H

#include <stddef.h>

/* Ends initialisation: gives up the free memory between the blocks that live, and leaves `room` bytes of zeroes behind
 * them, from which everything is allocated that comes later. Call it once, when something was allocated. */
void memory_seal(size_t room);

/* Wipes the memory that is free: zeroes take no room in an image. */
void memory_wipe(void);

#endif
