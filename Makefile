# slm.h: the library is one header; this builds the programs around it and runs the tests.
CC ?= cc
CFLAGS ?= -O2
WARN = -std=c99 -Wall -Wextra -pedantic -Werror
OPENMP := $(shell printf 'int main(void){return 0;}\n' > /tmp/slm-probe-$$$$.c; \
  $(CC) -fopenmp /tmp/slm-probe-$$$$.c -o /tmp/slm-probe-$$$$ 2>/dev/null && echo -fopenmp; \
  rm -f /tmp/slm-probe-$$$$ /tmp/slm-probe-$$$$.c)
FLAGS = $(CFLAGS) $(WARN) $(OPENMP) -pthread
BIN = build/slm-convert build/slm-generate build/slm-chat build/slm-eval build/slm-tokenize \
  build/slm-info build/slm-bench build/hello
MODEL = examples/models/tiny-phi.slm
SHARED ?= ../shared/data
TOKENIZERS := bpe2048 $(notdir $(wildcard $(addprefix $(SHARED)/tokenizers/,phi-2 gpt-j-6b gpt2)))
ROWS_bpe2048 = 2064
ROWS_phi-2 = 51200
ROWS_gpt-j-6b = 50400
ROWS_gpt2 = 50257
TURNS := $(notdir $(wildcard tests/data/turns/*))
export SHARED
GOLDEN := $(notdir $(patsubst %/config.json,%,$(wildcard tests/golden/*/config.json)))

all: $(BIN)

help:
	@echo "make            build everything into build/"
	@echo "make help       this list"
	@echo "make run        the bundled model writes a story"
	@echo "make test       all tests that need nothing but a C compiler"
	@echo "make check      test, then sanitizers, C++ and other builds, Unicode tables"
	@echo "make check-long compilers x optimisation x OpenMP give the same bits"
	@echo "make bench      speeds of the bundled model, and a table of Phi-2's shape beside probes"
	@echo "make clean      remove build/"

build/slm-convert: $(wildcard tools/convert/*.[ch])
	@mkdir -p build
	$(CC) $(FLAGS) -Wno-psabi tools/convert/*.c -o $@ -lm

build/slm-%: tools/%.c tools/common.h slm.h
	@mkdir -p build
	$(CC) $(FLAGS) $< -o $@ -lm

build/slm-%: examples/%.c examples/threads.h tools/common.h slm.h
	@mkdir -p build
	$(CC) $(FLAGS) $< -o $@ -lm

build/slm-bench: tools/bench_model.h tools/bench_probe.h examples/threads.h

build/hello: examples/hello.c slm.h
	@mkdir -p build
	$(CC) $(FLAGS) $< -o $@ -lm

build/golden/%.slm: tests/golden/%/config.json build/slm-convert
	@mkdir -p build/golden
	@build/slm-convert tests/golden/$* $@ --type f32 2>/dev/null

build/make-checkpoint: tests/make_checkpoint.c
	@mkdir -p build
	$(CC) $(FLAGS) $< -o $@

# a tokenizer's own files beside a tiny checkpoint with its number of vocabulary rows
build/ids/%.slm: build/make-checkpoint build/slm-convert
	@rm -rf build/ids/$* && mkdir -p build/ids/$*
	@for directory in $(abspath $(SHARED))/tokenizers/$* $(abspath tests/data)/$*; do \
	  for file in tokenizer tokenizer_config special_tokens_map added_tokens vocab merges; do \
	    for from in $$directory/$$file.json $$directory/$$file.txt; do \
	      if [ -f $$from ]; then ln -s $$from build/ids/$*/; fi; done; done; done
	@build/make-checkpoint build/ids/$* $(ROWS_$*)
	@build/slm-convert build/ids/$* $@ --type f16 2>build/ids/$*/log || \
	  { cat build/ids/$*/log; exit 1; }

# a chat model's tokenizer in small, with the format that its configuration shows
build/turns/%.slm: build/make-checkpoint build/slm-convert tests/data/turns/%/tokenizer_config.json
	@rm -rf build/turns/$* && mkdir -p build/turns/$*
	@for file in bpe2048/vocab.json bpe2048/merges.txt turns/$*/tokenizer_config.json; do \
	  ln -s $(abspath tests/data)/$$file build/turns/$*/; done
	@build/make-checkpoint build/turns/$* 2064
	@build/slm-convert build/turns/$* $@ --type f16 2>build/turns/$*/log || \
	  { cat build/turns/$*/log; exit 1; }

build/test: tests/test_main.c $(wildcard tests/test_*.c) slm.h
	@mkdir -p build
	$(CC) $(FLAGS) $< -o $@ -lm

build/test-threads: tests/test_threads.c examples/threads.h slm.h
	@mkdir -p build
	$(CC) $(FLAGS) $< -o $@ -lm

run: build/slm-generate
	@build/slm-generate $(MODEL) -p "Once upon a time" -n 400

build/helper: tests/helper.c
	@mkdir -p build
	$(CC) $(CFLAGS) $(WARN) $< -o $@

test: all build/test build/test-threads build/helper $(GOLDEN:%=build/golden/%.slm) $(TOKENIZERS:%=build/ids/%.slm) \
  $(TURNS:%=build/turns/%.slm)
	@sh tests/run.sh $(GOLDEN)

check: test
	sh tests/check.sh

check-long: check
	sh tests/check_long.sh

bench: build/slm-bench build/test-threads
	@build/slm-bench $(MODEL)
	@sh tools/bench.sh phi-2
	@build/test-threads --measure

clean:
	rm -rf build

.PHONY: all help run test check check-long bench clean
