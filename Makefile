# slm.h: the library is one header; this builds the programs around it and runs the tests.
CC ?= cc
CFLAGS ?= -O2
WARN = -std=c99 -Wall -Wextra -pedantic -Werror
OPENMP := $(shell printf 'int main(void){return 0;}\n' > /tmp/slm-probe-$$$$.c; \
  $(CC) -fopenmp /tmp/slm-probe-$$$$.c -o /tmp/slm-probe-$$$$ 2>/dev/null && echo -fopenmp; \
  rm -f /tmp/slm-probe-$$$$ /tmp/slm-probe-$$$$.c)
FLAGS = $(CFLAGS) $(WARN) -pthread
BIN = build/slm-convert build/slm-generate build/slm-chat build/slm-eval build/slm-tokenize \
  build/slm-info build/slm-verify build/slm-bench build/hello
MODEL = examples/models/tiny-phi.slm
SHARED ?= ../shared/data
TOKENIZERS := bpe2048 $(notdir $(wildcard $(addprefix $(SHARED)/tokenizers/,phi-2 gpt-j-6b gpt2)))
TOKENIZERS += pieces512 pieces-slow pieces-new pieces-odd pieces-first pieces-words
# those of one directory of $(SHARED), if it is there
of = $(if $(wildcard $(SHARED)/$1/tokenizer.json),$2)
TOKENIZERS += $(call of,tokenizers/llama,llama llama-slow llama-new)
TOKENIZERS += $(call of,tokenizers/orca-2,orca-2)
TOKENIZERS += $(call of,models/stories260K/hf,stories260K stories260K-slow)
TOKENIZERS += $(call of,tokenizers/tinystory2048,tinystory2048)
# where their files lie, and which of them count: tokenizer.json comes before tokenizer.model
AT_llama = tokenizers/llama
AT_llama-slow = $(AT_llama)
AT_llama-new = $(AT_llama)
AT_stories260K = models/stories260K/hf
AT_stories260K-slow = $(AT_stories260K)
WITHOUT = $(if $(filter %-slow %-new orca-2,$*),tokenizer.json,tokenizer.model)
ROWS_bpe2048 = 2064
ROWS_phi-2 = 51200
ROWS_gpt-j-6b = 50400
ROWS_gpt2 = 50257
TURNS := $(notdir $(wildcard tests/data/turns/*))
ROWS_llama = 32001
ROWS_llama-slow = 32000
ROWS_llama-new = 32000
ROWS_orca-2 = 32003
ROWS_tinystory2048 = 2048
ROWS_pieces-new = 515
ROWS_pieces-odd = 272
ROWS_pieces-first = 518
ROWS_pieces-words = 258
TRAINED := $(call of,models/stories260K/hf,stories260K-f32 stories260K-f16)
WIDE = $(foreach type,f16 q8 q4 q4f,gptj-$(type) llama-$(type))
export SHARED
GOLDEN := $(notdir $(patsubst %/config.json,%,$(wildcard tests/golden/*/config.json)))

all: $(BIN)

help:
	@echo "make            build everything into build/"
	@echo "make help       this list"
	@echo "make run        the bundled model writes a story"
	@echo "make test       all tests that need nothing but a C compiler"
	@echo "make check      test, then sanitizers, C++ and other builds, Unicode tables"
	@echo "make check-long compilers x optimisation x OpenMP and NEON give the same bits; clean room"
	@echo "make bench      speeds of the bundled model, and a table of Phi-2's shape beside probes"
	@echo "make clean      remove build/"

build/slm-convert: $(wildcard tools/convert/*.[ch]) slm.h examples/threads.h
	@mkdir -p build
	$(CC) $(FLAGS) -Wno-psabi tools/convert/*.c -o $@ -lm

build/slm-%: tools/%.c examples/threads.h tools/common.h slm.h
	@mkdir -p build
	$(CC) $(FLAGS) $< -o $@ -lm

build/slm-%: examples/%.c examples/threads.h tools/common.h slm.h
	@mkdir -p build
	$(CC) $(FLAGS) $< -o $@ -lm

build/slm-bench: tools/bench_model.h tools/bench_probe.h

build/hello: examples/hello.c slm.h
	@mkdir -p build
	$(CC) $(FLAGS) $< -o $@ -lm

build/golden/%.slm: tests/golden/%/config.json build/slm-convert
	@mkdir -p build/golden
	@build/slm-convert tests/golden/$* $@ --type f32 2>/dev/null

build/trained/stories260K-%.slm: build/slm-convert
	@mkdir -p build/trained
	@build/slm-convert $(SHARED)/models/stories260K/hf $@ --type $* 2>/dev/null

build/make-checkpoint: tests/make_checkpoint.c
	@mkdir -p build
	$(CC) $(FLAGS) $< -o $@

# a tokenizer's own files beside a tiny checkpoint with its number of vocabulary rows (512 if
# nothing is said)
build/ids/%.slm: build/make-checkpoint build/slm-convert
	@rm -rf build/ids/$* && mkdir -p build/ids/$*
	@for directory in $(abspath $(SHARED))/$(or $(AT_$*),tokenizers/$*) \
	  $(abspath tests/data)/$*; do \
	  for file in tokenizer.json tokenizer_config.json special_tokens_map.json \
	    added_tokens.json vocab.json merges.txt tokenizer.model; do \
	    if [ -f $$directory/$$file ] && [ $$file != $(if $(filter pieces-%,$*),-,$(WITHOUT)) ]; \
	      then ln -s $$directory/$$file build/ids/$*/; fi; done; done
	@if [ $* = llama-new ]; then cd build/ids/$* && \
	  sed '1s/{/{"legacy": false,/' tokenizer_config.json >new && mv new tokenizer_config.json; fi
	@build/make-checkpoint build/ids/$* $(or $(ROWS_$*),512)
	@build/slm-convert build/ids/$* $@ --type f16 2>build/ids/$*/log || \
	  { cat build/ids/$*/log; exit 1; }

# a GPT-J and a LLaMA of one layer whose feed-forward has nine blocks of 256: gptj-q8, ...
build/wide/%.slm: build/make-checkpoint build/slm-convert
	@mkdir -p build/wide/$*
	@build/make-checkpoint build/wide/$* 300 2301 $(firstword $(subst -, ,$*))
	@build/slm-convert build/wide/$* $@ --type $(lastword $(subst -, ,$*)) 2>/dev/null

# a chat model's tokenizer in small, with the format that its configuration shows
build/turns/%.slm: build/make-checkpoint build/slm-convert tests/data/turns/%/tokenizer_config.json
	@rm -rf build/turns/$* && mkdir -p build/turns/$*
	@for file in $(if $(filter pieces-%,$*),pieces512/tokenizer.model,$(if $(filter json-%,$*), \
	  turns/$*/tokenizer.json,bpe2048/vocab.json bpe2048/merges.txt)) \
	  turns/$*/tokenizer_config.json; do ln -s $(abspath tests/data)/$$file build/turns/$*/; done
	@build/make-checkpoint build/turns/$* $(if $(filter pieces-% json-%,$*),515,2064)
	@build/slm-convert build/turns/$* $@ --type f16 2>build/turns/$*/log || \
	  { cat build/turns/$*/log; exit 1; }

build/test: tests/test_main.c $(wildcard tests/test_*.c) slm.h
	@mkdir -p build
	$(CC) $(FLAGS) $(OPENMP) $< -o $@ -lm

build/test-rows: tests/test_rows.c tools/bench_probe.h tools/bench_model.h examples/threads.h slm.h
	@mkdir -p build
	$(CC) $(FLAGS) $< -o $@ -lm

build/test-threads: tests/test_threads.c examples/threads.h slm.h
	@mkdir -p build
	$(CC) $(FLAGS) $< -o $@ -lm

build/test-threads-openmp: tests/test_threads.c examples/threads.h slm.h
	@mkdir -p build
	$(CC) $(FLAGS) $(OPENMP) -DWANTS_OPENMP $< -o $@ -lm

build/test-protobuf: tests/test_protobuf.c tests/fuzz/fuzz.h $(wildcard tools/convert/*.[ch])
	@mkdir -p build
	$(CC) $(CFLAGS) -std=c99 -Wall -Wextra -Werror $< -o $@

run: build/slm-generate
	@build/slm-generate $(MODEL) -p "Once upon a time" -n 400

build/helper: tests/helper.c
	@mkdir -p build
	$(CC) $(CFLAGS) $(WARN) $< -o $@

test: all build/test build/test-rows build/test-threads build/test-threads-openmp build/test-protobuf build/helper $(GOLDEN:%=build/golden/%.slm) $(TOKENIZERS:%=build/ids/%.slm) \
  $(WIDE:%=build/wide/%.slm) $(TURNS:%=build/turns/%.slm) $(TRAINED:%=build/trained/%.slm)
	@sh tests/run.sh $(GOLDEN)

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

.PHONY: all help run test check check-long bench clean
