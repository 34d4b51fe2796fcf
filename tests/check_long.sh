#!/bin/sh
# check_long.sh - compilers x optimisation x OpenMP give the same bits; a build whose options
# change arithmetic may refuse to open a model instead.
set -e
first=
for f in tests/golden/*/config.json; do for type in f32 q8 q4 q4f; do
    name=$(basename "$(dirname "$f")"); model=build/tmp/long.slm; want=
    build/slm-convert "$(dirname "$f")" $model --type $type 2>/dev/null
    for compiler in gcc clang; do
        command -v $compiler >/dev/null || { [ -n "$first" ] || echo "skipped: $compiler"; continue; }
        for flags in "-O0" "-O3" "-O3 -fopenmp" "-O3 -ffp-contract=fast" \
            "-O3 -march=native -ffp-contract=fast" \
            "-O3 -march=native -ffast-math" "-O0 -DSLM_NO_SIMD"; do
            bin=build/eval-$compiler-$(echo "$flags" | tr -d ' =')
            if [ -z "$first" ]; then
                rm -f "$bin"
                if ! $compiler $flags tools/eval.c -o "$bin" -lm -pthread 2>build/tmp/err; then
                    case $flags in
                    *openmp*) echo "skipped: $compiler $flags (no OpenMP)" ;;
                    *) cat build/tmp/err; exit 1 ;;
                    esac
                fi
            fi
            [ -x "$bin" ] || continue
            if ! "$bin" $model --tokens tests/golden/$name/tokens.txt --logits build/tmp/bits \
                2>build/tmp/err; then
                grep -q 'change arithmetic' build/tmp/err && continue
                cat build/tmp/err
                exit 1
            fi
            sum=$(cksum <build/tmp/bits)
            [ -z "$want" ] && want=$sum
            [ "$sum" = "$want" ] || { echo "$name, $type: $compiler $flags gives other bits"; exit 1; }
        done
    done
    first=done
    echo "$name, $type: same bits"
done; done
sh "$(dirname "$0")/check_arm.sh"
sh "$(dirname "$0")/clean_room.sh"
