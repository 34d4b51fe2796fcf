#!/bin/sh
# run.sh [RUNS [SECONDS [NAME ...]]] - fuzzes the parsers of PyTorch files, of SentencePiece models,
# of GGUF files and of chat templates (zip pickle torch protobuf gguf template): RUNS executions each
# (10 million), or SECONDS if that is less. Starts from the test files; what it finds is left in build/fuzz.
set -e
cd "$(dirname "$0")/../.."
runs=${1:-10000000}; seconds=${2:-0}
[ $# -gt 2 ] && shift 2 || set -- zip pickle torch protobuf gguf template
clang=${CLANG:-clang}
out=build/fuzz
mkdir -p $out/corpus
probe='int LLVMFuzzerTestOneInput(const unsigned char *b, unsigned long n) { return !b && n; }'
if ! echo "$probe" | $clang -x c - -fsanitize=fuzzer,address,undefined -o $out/probe 2>/dev/null
then echo "skipped: fuzzing (clang with libFuzzer is not there)"; exit 0; fi
golden=tests/golden/torch
for name in "$@"; do
    $clang -std=c99 -Wall -Wextra -O1 -g -fsanitize=fuzzer,address,undefined \
        -fno-sanitize-recover=all tests/fuzz/$name.c -o $out/$name
    rm -rf $out/corpus/$name; mkdir -p $out/corpus/$name
    [ $name = template ] && cp tests/data/templates/*.jinja $out/corpus/$name
    [ $name = gguf ] && cp tests/golden/gguf/hostile/*.gguf $out/corpus/$name
    [ $name = protobuf ] || [ $name = template ] || [ $name = gguf ] ||
        cp $golden/seeds/*.bin $golden/hostile/*.bin $out/corpus/$name
done
# the pickles of the zips: they begin behind the first header, at 40 or, as torch aligns it, 64
[ -d $out/corpus/pickle ] && for file in $golden/seeds/*.bin $golden/hostile/*.bin; do
    for at in 41 65; do tail -c +$at $file >$out/corpus/pickle/$(basename $file).$at; done
done
# a whole model, and what the first kilobytes of one with its options at the end come to
model=tests/data/pieces-odd/tokenizer.model
[ -d $out/corpus/protobuf ] && {
    cp $model $out/corpus/protobuf/whole
    for size in 9 100 700 2000; do
        { head -c $size $model; tail -c 120 $model; } >$out/corpus/protobuf/$size
    done
    printf '\012\011\012\005<unk>\030\002\012\010\012\001a\025\0\0\0\0\022\002\030\002\032\002 \0' \
        >$out/corpus/protobuf/least; }
# inputs beyond the seeds' length are slower and find no more
for name in "$@"; do
    echo "fuzz: $name"
    $out/$name -runs=$runs -max_total_time=$seconds -max_len=2500 -timeout=10 \
        -artifact_prefix=$out/$name- -print_final_stats=1 $out/corpus/$name >$out/$name.log 2>&1 ||
        { tail -n 40 $out/$name.log; exit 1; }
    grep -E '^stat::number_of_executed|^stat::average_exec' $out/$name.log
done
