// mallopt(3) and malloc_trim(3), which Swift's module of glibc does not have.
#ifndef XT2_CMALLOC_SHIM_H
#define XT2_CMALLOC_SHIM_H

#include <malloc.h>

#endif
