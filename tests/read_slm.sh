#!/bin/sh
# read_slm.sh - a reader written from the specification alone finds what slm-info says, every weight,
# and the embedding's rows turned back.
set -e
python=${PYTHON:-python3}
$python -c 'import numpy' 2>/dev/null || { echo "skipped: read_slm.py (no numpy)"; exit 0; }
T=build/read_slm; mkdir -p $T
${CC:-cc} -O2 -std=c99 tests/dump_weights.c -o $T/dump_weights -lm
for case in phi_wide gptj_part phi_text llama_three neo_small; do
    for type in f32 f16 bf16 q8 q4 q4f; do
        build/slm-convert tests/golden/$case $T/m.slm --type $type 2>/dev/null
        build/slm-info $T/m.slm --json | grep -v '"session_' >$T/want.json
        $python tests/read_slm.py $T/m.slm | sed 's/^\(  "metadata".*[^,]\)$/\1,/' >$T/got.json
        cmp $T/want.json $T/got.json
        $T/dump_weights $T/m.slm $T/want
        $python tests/read_slm.py $T/m.slm --weights $T/got
        cmp $T/want $T/got
        $T/dump_weights $T/m.slm $T/want embedding
        $python tests/read_slm.py $T/m.slm --turned-back 65535 64 $T/got
        cmp $T/want $T/got
    done
done
for name in ids/bpe2048 ids/pieces512 ids/pieces-slow ids/pieces-new ids/pieces-odd \
    ids/pieces-first ids/pieces-words chat_formats/chatml chat_formats/llama-2 chat_formats/zephyr chat_formats/own-chatml \
    chat_formats/own-bos-chatml chat_formats/own-llama-2 chat_formats/pieces-bos-zephyr; do
    build/slm-info build/$name.slm --json | grep -v '"session_' >$T/want.json
    $python tests/read_slm.py build/$name.slm | sed 's/^\(  "metadata".*[^,]\)$/\1,/' >$T/got.json
    cmp $T/want.json $T/got.json
done
head -c 5000 $T/m.slm >$T/cut.slm
if $python tests/read_slm.py $T/cut.slm >/dev/null 2>&1; then echo "a cut file was read"; exit 1; fi
echo "read_slm.py: 30 files, every weight and turned-back row equal; 14 tokenizers"
