/* library.h - convert.h and the library's private part, for the files that write what the library
   reads: element types, tiles, the codebook, checksums, tensors, the tokenizer's section. All of it
   is static, and a file keeps what it calls. The portable kernels are enough and compile fast. */
#ifndef SLM_LIBRARY_H
#define SLM_LIBRARY_H

#ifdef SLM_H
#error "library.h comes before slm.h and convert.h: its functions have to be static"
#endif
#define SLM_IMPLEMENTATION
#define SLM_STATIC
#define SLM_NO_SIMD
#define SLM_NO_OPENMP
#include "../../slm.h"

#include "convert.h"

enum { END_LIMIT = sizeof ((slm__tokenizer *)0)->end / sizeof(int32_t) }; /* end tokens */

#endif
