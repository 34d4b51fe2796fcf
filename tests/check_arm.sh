#!/bin/sh
# check_arm.sh - the NEON kernels in an emulator: equal to the portable ones by memcmp, and the
# logits of every golden, in every type, equal to this machine's. Needs aarch64-linux-gnu-gcc and
# qemu-aarch64; build/ from `make test`.
set -e
CROSS=${CROSS:-aarch64-linux-gnu-gcc}; EMULATOR=${EMULATOR:-qemu-aarch64}
for tool in "$CROSS" "$EMULATOR"; do
    command -v "$tool" >/dev/null || { echo "skipped: NEON in an emulator (no $tool)"; exit 0; }
done
T=build/arm; mkdir -p $T
quietly() { "$@" 2>$T/err || { cat $T/err; exit 1; }; }
"$CROSS" -std=c99 -O2 -static tests/test_main.c -o $T/test -lm
"$EMULATOR" $T/test --kernels >$T/out || { cat $T/out; exit 1; }
grep -E '^skipped: neon' $T/out && { echo "the emulator runs no NEON kernels"; exit 1; }
tail -n 1 $T/out
"$CROSS" -std=c99 -O2 -static tools/eval.c -o $T/eval -lm -pthread
for config in tests/golden/*/config.json; do
    name=$(basename "$(dirname "$config")")
    for type in f32 f16 bf16 q8 q4 q4f; do
        quietly build/slm-convert build/golden/$name.slm $T/model.slm --type $type
        head -c 700 tests/golden/$name/tokens.txt | sed 's/[0-9]*$//' >$T/tokens
        quietly build/slm-eval $T/model.slm --tokens $T/tokens --logits $T/want
        for isa in neon neondot; do
            quietly "$EMULATOR" $T/eval $T/model.slm --tokens $T/tokens --logits $T/got \
                --isa $isa --threads 1
            cmp $T/want $T/got
        done
    done
    echo "$name: neon and neondot give the same bits in every type"
done
