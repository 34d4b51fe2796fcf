# slm.h: the library is one header; this builds the programs around it and runs the tests.
CC ?= cc
CFLAGS ?= -O2
# -Werror in CI and in make check: a warning of a newer compiler stops nobody else
WERROR =
WARN = -std=c99 -Wall -Wextra -pedantic $(WERROR)
# -fopenmp where a program of two threads links and runs; asked only where it is needed
OPENMP = $(shell d=$$(mktemp -d) && { printf '%b\n' $(OPENMP_PROBE) >$$d/probe.c; \
  $(CC) -fopenmp $$d/probe.c -o $$d/probe && $$d/probe && echo -fopenmp; rm -rf $$d; } 2>/dev/null)
OPENMP_PROBE = '\0043include <omp.h>' 'int main(void) { int n = 0;' \
  '\0043pragma omp parallel num_threads(2) reduction(+:n)' 'n += 1 + omp_in_parallel();' \
  'return n != 4 && n != 1; }'
FLAGS = $(CFLAGS) $(WARN) -pthread
BIN = build/slm-convert build/slm-generate build/slm-chat build/slm-eval build/slm-tokenize \
  build/slm-encode build/slm-info build/slm-verify build/slm-bench build/hello \
  $(ENCODER_EXAMPLES)
ENCODER_EXAMPLES = build/embed build/classify build/fill_mask build/answer
MODEL = examples/models/tiny-phi.slm
ENCODER = examples/models/tiny-bert.slm
SHARED ?= ../shared/data
export SHARED
# where `make install` puts things; set on the command line, DESTDIR too
PREFIX = /usr/local
bindir = $(PREFIX)/bin
includedir = $(PREFIX)/include
libdir = $(PREFIX)/lib
VERSION := $(shell awk '/define SLM_VERSION_/ {printf "%s%s", dot, $$3; dot = "."}' slm.h)
ABI = $(basename $(VERSION))# 0.1: before 1.0 a new minor version may change the interface
ifeq ($(shell uname -s),Darwin)
LIBRARY = libslm.dylib
SONAME = libslm.$(ABI).dylib
SHARED_FLAGS = -dynamiclib -install_name $(libdir)/$(SONAME)
else
LIBRARY = libslm.so
SONAME = libslm.so.$(ABI)
SHARED_FLAGS = -shared -Wl,-soname,$(SONAME)
endif

all: $(BIN)

include tests/fixtures.mk

help:
	@echo "Times are of two cores, built from nothing."
	@echo "make            the programs, into build/: half a minute"
	@echo "make help       this list"
	@echo "make run        the bundled model writes a story: seconds, once it is built"
	@echo "make run-encode the bundled encoder labels texts and fills gaps: seconds, too"
	@echo "make test       all tests that need nothing but a C compiler: 4 minutes"
	@echo "                build/test NAME ... runs some of those in C, build/test --list names them"
	@echo "make check      test, then sanitizers, C++ and other builds, Unicode tables: 12 minutes"
	@echo "make check-long check, then compilers x optimisation x OpenMP and NEON give the same bits;"
	@echo "                clean room: longer than check, by 4 minutes for the clean room alone"
	@echo "make bench      speeds of the bundled model, and a table of Phi-2's shape beside probes:"
	@echo "                56 minutes"
	@echo "make shared     the shared library for other languages, build/$(LIBRARY): 10 seconds"
	@echo "make install    slm.h, the pool of threads as slm_threads.h, the slm-* programs, the shared"
	@echo "                library, slm.pc and slm-shared.pc into PREFIX, by default /usr/local; also"
	@echo "                DESTDIR, bindir, includedir, libdir. What is not built yet is built first"
	@echo "make uninstall  remove them; give it what make install was given"
	@echo "make clean      remove build/"
	@echo "make WERROR=-Werror stops at a warning, as check does"

build/slm-convert: $(wildcard tools/convert/*.[ch]) slm.h examples/threads.h
	@mkdir -p build
	$(CC) $(FLAGS) -Wno-psabi tools/convert/*.c -o $@ -lm

# the library once for the programs that use its interface alone, and for the shared library
build/slm.o: slm.h
	@mkdir -p build
	$(CC) $(FLAGS) -fPIC -fvisibility=hidden -DSLM_IMPLEMENTATION \
	  -D'SLM_API=__attribute__((visibility("default")))' -x c -c slm.h -o $@

build/slm-%: tools/%.c examples/threads.h tools/common.h build/slm.o
	$(CC) $(FLAGS) -DSLM_LINKED $< build/slm.o -o $@ -lm

build/slm-chat: examples/editor.h examples/history.h examples/terminal.h
build/slm-%: examples/%.c examples/threads.h tools/common.h build/slm.o
	$(CC) $(FLAGS) -DSLM_LINKED $< build/slm.o -o $@ -lm

build/slm-encode: $(wildcard tools/encode*.h) tools/jsonl.h tools/json.h
build/slm-tokenize: tools/json.h

# measures private functions too
build/slm-bench: tools/bench.c tools/bench_model.h tools/bench_probe.h examples/threads.h \
  tools/common.h slm.h
	@mkdir -p build
	$(CC) $(FLAGS) $< -o $@ -lm

$(ENCODER_EXAMPLES): build/%: examples/%.c build/slm.o
	$(CC) $(FLAGS) -DSLM_LINKED $< build/slm.o -o $@ -lm

build/hello: examples/hello.c slm.h
	@mkdir -p build
	$(CC) $(FLAGS) $< -o $@ -lm

build/test: tests/test_main.c $(wildcard tests/test_*.c) slm.h
	@mkdir -p build
	$(CC) $(FLAGS) $(OPENMP) $< -o $@ -lm

build/test-architectures: tests/test_architectures.c tools/bench_probe.h tools/bench_model.h examples/threads.h slm.h
	@mkdir -p build
	$(CC) $(FLAGS) $< -o $@ -lm

build/test-threads: tests/test_threads.c examples/threads.h slm.h
	@mkdir -p build
	$(CC) $(FLAGS) $< -o $@ -lm

build/test-threads-openmp: tests/test_threads.c examples/threads.h slm.h
	@mkdir -p build
	$(CC) $(FLAGS) $(OPENMP) -DWANTS_OPENMP $< -o $@ -lm

build/test-protobuf: tests/test_protobuf.c tests/fuzz/fuzz.h $(wildcard tools/convert/*.[ch]) slm.h
	@mkdir -p build
	$(CC) $(CFLAGS) -std=c99 -Wall -Wextra $(WERROR) $< -o $@

build/$(LIBRARY): build/slm.o
	$(CC) $(FLAGS) $(SHARED_FLAGS) $< -o $@ -lm

shared: build/$(LIBRARY)

# $(call under,DIRECTORY): as it stands in a .pc, which may be moved with its prefix
under = $(patsubst $(PREFIX)/%,$${prefix}/%,$1)
TOOLS = $(filter build/slm-%,$(BIN))
INCLUDES = "$(DESTDIR)$(includedir)"
LIBRARIES = "$(DESTDIR)$(libdir)"
PROGRAMS = "$(DESTDIR)$(bindir)"
install: all shared
	install -d $(PROGRAMS) $(INCLUDES) $(LIBRARIES)/pkgconfig
	install -m 755 $(TOOLS) $(PROGRAMS)
	install -m 644 slm.h $(INCLUDES)
	install -m 644 examples/threads.h $(INCLUDES)/slm_threads.h
	install -m 755 build/$(LIBRARY) $(LIBRARIES)/$(SONAME)
	ln -sf $(SONAME) $(LIBRARIES)/$(LIBRARY)
	@for name in slm slm-shared; do { \
	  echo 'prefix=$(PREFIX)'; \
	  echo 'includedir=$(call under,$(includedir))'; \
	  echo 'libdir=$(call under,$(libdir))'; \
	  echo "Name: $$name"; \
	  echo 'Description: small language models on a CPU'; \
	  echo 'Version: $(VERSION)'; \
	  echo 'Cflags: -I$${includedir}'; \
	  case $$name in slm) echo 'Libs: -lm' ;; *) echo 'Libs: -L$${libdir} -lslm' ;; esac; \
	  } >$(LIBRARIES)/pkgconfig/$$name.pc || exit 1; done

uninstall:
	rm -f $(TOOLS:build/%=$(PROGRAMS)/%) $(INCLUDES)/slm.h $(INCLUDES)/slm_threads.h
	rm -f $(LIBRARIES)/$(SONAME) $(LIBRARIES)/$(LIBRARY)
	rm -f $(LIBRARIES)/pkgconfig/slm.pc $(LIBRARIES)/pkgconfig/slm-shared.pc

run: build/slm-generate
	@build/slm-generate $(MODEL) -p "Once upon a time" -n 400

# a label for a text, and the words that fit gaps
run-encode: build/slm-encode build/classify build/fill_mask
	@text="I thought the muffins would be dry, but they were delicious."; \
	  echo "$$text"; build/classify $(ENCODER) "$$text"
	@text="Once upon a [MASK], there was a little [MASK]."; \
	  echo "$$text"; build/fill_mask $(ENCODER) "$$text"
	@printf '%s\n' '"No one enjoyed them."' '"I would do it again."' | build/slm-encode $(ENCODER)

build/helper: tests/helper.c
	@mkdir -p build
	$(CC) $(CFLAGS) $(WARN) $< -o $@

# what compare_minilm.py and full_size.sh run an encoder with
build/encode-ids: tests/encode_ids.c build/slm.o
	$(CC) $(FLAGS) $< build/slm.o -o $@ -lm

test: all shared build/test build/test-architectures build/test-threads build/test-threads-openmp \
  build/test-protobuf build/helper $(FIXTURES)
	@sh tests/run.sh $(GOLDEN) $(GOLDEN_ENCODERS)

check check-long: WERROR = -Werror
check: test
	sh tests/check.sh

check-long: check
	sh tests/check_long.sh

# with GPT-2's tokenizer and a real text where the shared data has them
GPT2 = $(if $(wildcard $(SHARED)/tokenizers/gpt2),build/ids/gpt2.slm)
bench: all build/helper build/test-threads-openmp $(GPT2)
	@build/slm-bench $(MODEL)
	@MODEL=$(or $(GPT2),$(MODEL)) \
	  TEXT=$(firstword $(wildcard $(SHARED)/text/wikitext-2-test.tokens.txt) slm.h) \
	  sh tools/bench.sh phi-2
	@build/test-threads-openmp --measure

clean:
	rm -rf build

.PHONY: all help run run-encode test check check-long bench shared install uninstall clean
