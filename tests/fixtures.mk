# fixtures.mk - what the tests read, made from tests/golden, tests/data and, where it is there, the
# shared data: models of tiny shapes, and real tokenizers beside tiny models. The Makefile reads
# this file; SHARED is the directory of the shared data.

TOKENIZERS := bpe2048 $(notdir $(wildcard $(addprefix $(SHARED)/tokenizers/,phi-2 gpt-j-6b gpt2)))
TOKENIZERS += pieces512 pieces-slow pieces-new pieces-odd pieces-first pieces-words
TOKENIZERS += pieces-gemma pieces-gemma-plain
SPLITS := $(patsubst tests/data/splits/%.json,splits-%,$(filter-out %/bytes.json \
  %/vocabulary.json,$(wildcard tests/data/splits/*.json)))
TOKENIZERS += $(SPLITS)
TOKENIZERS += wordpiece words-odd words-bare words-lower words-cased roberta roberta-odd
TOKENIZERS += $(notdir $(wildcard $(addprefix $(SHARED)/tokenizers/,bert-base-uncased \
  bert-base-cased)))
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
CHATS := $(notdir $(wildcard tests/data/chat_formats/*))
ROWS_llama = 32001
ROWS_llama-slow = 32000
ROWS_llama-new = 32000
ROWS_orca-2 = 32003
ROWS_tinystory2048 = 2048
ROWS_pieces-new = 515
ROWS_pieces-odd = 272
ROWS_pieces-first = 518
ROWS_pieces-words = 258
ROWS_pieces-gemma = 826
ROWS_pieces-gemma-plain = 828
ROWS_wordpiece = 2048
ROWS_roberta = 2053
ROWS_bert-base-uncased = 30522
ROWS_bert-base-cased = 28996
TRAINED := $(call of,models/stories260K/hf,stories260K-f32 stories260K-f16)
SST2 = $(SHARED)/models/bert-tiny-sst2
TRAINED += $(if $(wildcard $(SST2)/reference.json),bert-tiny-f32 bert-tiny-q8 \
  mini-distilbert-f32 mini-distilbert-q8)
WIDE = $(foreach type,f16 q8 q4 q4f,gptj-$(type) llama-$(type))
GOLDEN := $(notdir $(patsubst %/config.json,%,$(wildcard tests/golden/*/config.json)))
GOLDEN_ENCODERS := $(patsubst tests/golden/%/config.json,%, \
  $(wildcard tests/golden/encoders/*/config.json))
FIXTURES = $(GOLDEN:%=build/golden/%.slm) $(GOLDEN_ENCODERS:%=build/golden/%.slm) \
  $(TOKENIZERS:%=build/ids/%.slm) \
  $(WIDE:%=build/wide/%.slm) \
  $(CHATS:%=build/chat_formats/%.slm) $(TRAINED:%=build/trained/%.slm)

build/golden/%.slm: tests/golden/%/config.json build/slm-convert
	@mkdir -p $(@D)
	@build/slm-convert tests/golden/$* $@ --type f32 2>/dev/null

build/trained/stories260K-%.slm: build/slm-convert
	@mkdir -p build/trained
	@build/slm-convert $(SHARED)/models/stories260K/hf $@ --type $* 2>/dev/null

build/trained/mini-distilbert-%.slm: build/slm-convert
	@mkdir -p build/trained
	@build/slm-convert $(SST2)/mini-distilbert $@ --type $* 2>/dev/null

# layers, pooler and classifier of a BERT-Tiny, with embeddings of zeros, which its test does not use
build/trained/bert-tiny-%.slm: build/complete-checkpoint build/slm-convert
	@mkdir -p build/trained/bert-tiny-$*
	@build/complete-checkpoint $(SST2)/encoder.safetensors build/trained/bert-tiny-$*
	@build/slm-convert build/trained/bert-tiny-$* $@ --type $* 2>/dev/null

build/complete-checkpoint: tests/complete_checkpoint.c
	@mkdir -p build
	$(CC) $(FLAGS) $< -o $@

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
	    added_tokens.json vocab.json merges.txt tokenizer.model vocab.txt; do \
	    if [ -f $$directory/$$file ] && [ $$file != $(if $(filter pieces-%,$*),-,$(WITHOUT)) ]; \
	      then ln -s $$directory/$$file build/ids/$*/; fi; done; done
	@if [ $* = llama-new ]; then cd build/ids/$* && \
	  sed '1s/{/{"legacy": false,/' tokenizer_config.json >new && mv new tokenizer_config.json; fi
	@if [ $* = bert-base-cased ]; then \
	  echo '{"do_lower_case": false}' >build/ids/$*/tokenizer_config.json; fi
	@build/make-checkpoint build/ids/$* $(or $(ROWS_$*),512)
	@build/slm-convert build/ids/$* $@ --type f16 2>build/ids/$*/log || \
	  { cat build/ids/$*/log; exit 1; }

# one vocabulary with many rules: the files are parts of a tokenizer.json, see make_splits.py
OF_21_BYTES = $(if $(filter digits falcon fused,$*),,tests/data/splits/bytes.json)
build/ids/splits-%.slm: build/make-checkpoint build/slm-convert tests/data/splits/%.json
	@rm -rf build/ids/splits-$* && mkdir -p build/ids/splits-$*
	@cat tests/data/splits/$*.json $(OF_21_BYTES) tests/data/splits/vocabulary.json \
	  >build/ids/splits-$*/tokenizer.json
	@echo '{"tokenizer_class": "PreTrainedTokenizerFast"}' \
	  >build/ids/splits-$*/tokenizer_config.json
	@build/make-checkpoint build/ids/splits-$* 2080
	@build/slm-convert build/ids/splits-$* $@ --type f16 2>build/ids/splits-$*/log || \
	  { cat build/ids/splits-$*/log; exit 1; }

# a GPT-J and a LLaMA of one layer whose feed-forward has nine blocks of 256: gptj-q8, ...
build/wide/%.slm: build/make-checkpoint build/slm-convert
	@mkdir -p build/wide/$*
	@build/make-checkpoint build/wide/$* 300 2301 $(firstword $(subst -, ,$*))
	@build/slm-convert build/wide/$* $@ --type $(lastword $(subst -, ,$*)) 2>/dev/null

# a chat model's tokenizer in small, with the format that its configuration shows
build/chat_formats/%.slm: build/make-checkpoint build/slm-convert \
  tests/data/chat_formats/%/tokenizer_config.json
	@rm -rf build/chat_formats/$* && mkdir -p build/chat_formats/$*
	@for file in $(if $(filter pieces-%,$*),pieces512/tokenizer.model,$(if $(filter json-%,$*), \
	  chat_formats/$*/tokenizer.json,bpe2048/vocab.json bpe2048/merges.txt)) \
	  chat_formats/$*/tokenizer_config.json; do \
	  ln -s $(abspath tests/data)/$$file build/chat_formats/$*/; done
	@build/make-checkpoint build/chat_formats/$* $(if $(filter pieces-% json-%,$*),515,2064)
	@build/slm-convert build/chat_formats/$* $@ --type f16 2>build/chat_formats/$*/log || \
	  { cat build/chat_formats/$*/log; exit 1; }
