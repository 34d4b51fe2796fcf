#!/bin/sh
# real_models.sh DIR - real trained models: GGUF files that lie in DIR, converted and compared with what
# Hugging Face's code computes with the same weights (tests/golden/real, made by make_real_models.py). A
# file is known by its checksum. At f32 and f16: 64 greedy ids of three prompts, where the margin is above
# 0.05. Perplexity of 4,096 tokens of WikiText-2, where that text is (SHARED), at f32, q8, q4f and q4.
cd "$(dirname "$0")/.." || exit 1
DIR=$1 SHARED=${SHARED:-../shared/data} T=build/real
[ -d "$DIR" ] || { echo "skipped: real models (real_models.sh DIR: GGUF files in DIR)"; exit 0; }
text=$SHARED/text/wikitext-2-test.tokens.txt
mkdir -p $T
${CC:-cc} -O2 -std=c99 -pthread tests/check_greedy.c -o $T/check-greedy -lm || exit 1
failed=0 compared=0
for golden in tests/golden/real/*.txt; do
    name=$(basename "$golden" .txt); gguf=$DIR/$name.gguf
    [ -f "$gguf" ] || { echo "skipped: $name.gguf is not in $DIR"; continue; }
    [ "$(sha256sum <"$gguf" | cut -d' ' -f1)" = "$(sed -n 's/^sha256 //p' "$golden")" ] ||
        { echo "skipped: $name.gguf is another file than the one compared"; continue; }
    bytes=$(sed -n 's/^bytes \([0-9]*\) .*/\1/p' "$golden"); want=$(sed -n 's/.* perplexity //p' "$golden")
    for type in f32 f16 q8 q4f q4; do
        build/slm-convert "$gguf" $T/m.slm --type $type --requantize 2>$T/log ||
            { cat $T/log; failed=1; continue; }
        said=
        case $type in f32 | f16)
            said="greedy ids $($T/check-greedy "$golden" $T/m.slm)" || failed=1; compared=$((compared + 1)) ;;
        esac
        if [ -f "$text" ] && [ $type != f16 ]; then
            got=$(head -c "$bytes" "$text" >$T/text; build/slm-eval $T/m.slm --text $T/text --window 1024 |
                sed -n 's/.*perplexity[^0-9]*\([0-9.]*\).*/\1/p')
            said="$said${said:+; }perplexity $got (Hugging Face, f32: $want)"
            [ $type != f32 ] || awk "BEGIN {exit !($got / $want < 1.0005 && $want / $got < 1.0005)}" ||
                { echo "FAILED: $name: the perplexity at f32"; failed=1; }
        fi
        echo "$name $type: $said"
    done
    rm -f $T/m.slm
done
[ $failed = 0 ] || echo "FAILED: real models"
[ $compared -gt 0 ] || echo "skipped: no real model was compared"
exit $failed
