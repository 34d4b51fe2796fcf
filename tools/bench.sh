#!/bin/sh
# bench.sh [SHAPE [REPETITIONS]] - the speeds of one shape in all types, in ratio to what the
# machine can do at that moment, as a Markdown table; then those of the converter on an F16
# checkpoint of the shape of Phi-2's layers, of MODEL's tokenizer on the file TEXT (the bundled
# model and slm.h), and q4's error where Python has gguf. Random weights; an hour; 4 GB in TMPDIR.
# `make bench` builds what it needs.
shape=${1:-phi-2}; repetitions=${2:-10}
MODEL=${MODEL:-examples/models/tiny-phi.slm}; TEXT=${TEXT:-slm.h}
LC_ALL=C; export LC_ALL
for program in slm-bench slm-convert slm-generate slm-tokenize slm-eval helper; do
    [ -x build/$program ] && continue
    echo "bench.sh: build/$program is missing (make bench)" >&2
    exit 1
done
temporary=$(mktemp) && directory=$(mktemp -d) || exit 1
trap 'rm -rf "$temporary" "$directory"' EXIT
trap 'exit 1' INT TERM
bench() { build/slm-bench -r "$repetitions" --json "$@" >"$temporary" || exit 1; }
# field NAME [THREADS]: the figure of the run with so many threads, or of the whole
field() {
    if [ -n "$2" ]; then
        sed 's/.*"runs": \[//; s/}, *{/}\n{/g' "$temporary" | grep "\"threads\": $2,"
    else cat "$temporary"; fi | sed -n "s/.*\"$1\": \"\{0,1\}\([^,\"}]*\).*/\1/p"
}
percent() { awk -v x="$1" 'BEGIN { if (x == "null") print "-"; else printf "%.0f%%\n", 100 * x }'; }
round() { awk -v x="$1" 'BEGIN { printf x < 100 ? "%.1f" : "%.0f", x }'; }
over() { awk -v x="$1" -v y="$2" 'BEGIN { printf "%.2f", x / y }'; }

most=$(getconf _NPROCESSORS_ONLN 2>/dev/null || echo 1)
list=1; [ "$most" -gt 1 ] && list=1,$most
bench --shape "$shape" --type q8 -p 32 -n 0
echo "Shape $shape, random weights, $(field cpu), kernels $(field isa), medians of $repetitions."
echo "A limit is int8 for q8, q4 and q4f, multiplications and additions apart (mul+add) for f16,"
echo "bf16 and f32, and for generation the smaller of reading and the kernel alone."
echo
echo "| type | threads | prompt of 512, tokens/s | GOP/s | of the limit | kernel alone | generation, tokens/s | of reading | of the limit | peak RSS |"
echo "|---|---|---|---|---|---|---|---|---|---|"
scaling= short=
for type in q4 q4f q8 f16 bf16 f32; do
    case $type in q*) limit=int8_ratio probe=int8_gops ;; *) limit=muladd_ratio probe=muladd_gflops ;; esac
    bench --shape "$shape" --kernel --type $type -n 16 -t "$list"
    for threads in $(echo "$list" | tr , ' '); do
        eval "kernel_$threads=$(field $limit "$threads") one_$threads=$(field read_ratio "$threads")"
    done
    bench --shape "$shape" --type $type -n 16 -t "$list"
    for threads in $(echo "$list" | tr , ' '); do
        eval "kernel=\$kernel_$threads one=\$one_$threads"
        reading=$(field read_ratio "$threads")
        least=$(awk -v x="$one" 'BEGIN { print x < 1 ? x : 1 }')
        echo "| $type | $threads | $(round "$(field prompt_tps "$threads")") |" \
            "$(round "$(field prompt_gops "$threads")") |" \
            "$(percent "$(field $limit "$threads")") | $(percent "$kernel") |" \
            "$(round "$(field generate_tps "$threads")") | $(percent "$reading") |" \
            "$(percent "$(over "$reading" "$least")") |" \
            "$(awk -v x="$(field peak_rss)" 'BEGIN { printf "%.2f GB", x / 1e9 }') |"
    done
    [ $type = q4 ] && position=$(over "$(field kv_bytes_per_token)" 8) \
        weights=$(field weight_bytes) rss=$(field peak_rss)
    scaling="$scaling $type $(over "$(field prompt_tps "$most")" "$(field prompt_tps 1)")"
    scaling="$scaling (probe $(over "$(field $probe "$most")" "$(field $probe 1)")),"
done
echo
echo "Memory beside weights and KV cache, q4:" \
    "$(awk -v r="$rss" -v w="$weights" -v p="$position" 'BEGIN { printf "%.1f", (r - w - 512 * p) / 1e6 }') MB."
echo "Prompt, 1 to $most threads:${scaling%,}."
bench --shape "$shape" --type q4 -n 0 -t "$most" # again: the machine of half an hour ago was another
short=$(field prompt_tps)
if build/slm-bench --shape "$shape" --type q4 -p 2000 -n 0 -t "$most" -r "$repetitions" --json \
    >"$temporary"; then
    # as many operations for each pair of positions as bytes of f16 cache for one (where all heads
    # have keys of their own)
    awk -v t="$(field prompt_tps)" -v s="$short" -v p="$position" -v m="$(field muladd_gflops)" 'BEGIN {
        extra = (2000 * 2001 - 2000 * 513) / 2 * p / 1e9
        printf "Prompt of 2,000, q4: %.1f tokens/s: %.2f s more than at the speed of 512; ", t,
            2000 / t - 2000 / s
        printf "attention, %.0f GFLOP more, takes %.2f at 60%% of mul+add.\n", extra, extra / (0.6 * m) }'
    bench --shape "$shape" --type q4 -p 0 -n 16 --position 2000 -t "$most"
    echo "Generation from position 2,000, q4: $(round "$(field generate_tps)") tokens/s;" \
        "weights and KV cache at $(percent "$(field read_ratio)") of reading."
else
    echo "A prompt of 2,000 tokens was not measured."
fi
for isa in avx2 avx512; do
    build/slm-bench -r 1 --shape phi-tiny --isa $isa -p 8 -n 0 >/dev/null 2>&1 || continue
    bench --shape "$shape" --type q4 -n 0 -t "$most" --isa $isa
    echo "Prompt of 512, q4, $isa forced: $(round "$(field prompt_tps)") tokens/s, $(percent "$(field int8_ratio)") of int8."
done
for tokens in 1 4 16; do
    bench examples/models/tiny-phi.slm -p $tokens -n 0 -t "$list"
    echo "The bundled model, prompt of $tokens: $(round "$(field prompt_tps 1)") tokens/s with one" \
        "thread, $(round "$(field prompt_tps "$most")") with $most."
done

bench "$MODEL" --text "$TEXT" -p 0 -n 0
echo "Tokenizer of $MODEL on $TEXT: $(round "$(field tokenize_mbps)") MB/s," \
    "decoding $(round "$(field decode_mbps)") MB/s."
HIDDEN=2560 FFN=10240 VOCAB=5120 DTYPE=F16 sh tests/large_checkpoint.sh "$directory" 10 noise
bytes=$(wc -c <"$directory/model.safetensors")
dd if=/dev/zero of="$directory/disk" bs=1M count=512 conv=fsync 2>"$temporary"
echo "Disk: $(tail -1 "$temporary" | sed 's/.*, //')."
rm "$directory/disk"
for type in q8 q4 q4f; do
    begin=$(date +%s%N)
    build/slm-convert "$directory" "$directory/converted" --type $type 2>"$temporary" ||
        { cat "$temporary" >&2; exit 1; }
    end=$(date +%s%N)
    echo "Converter, F16 to $type: $((bytes * 1000 / (end - begin))) MB/s of source."
done
rm "$directory/converted"
build/slm-convert "$directory" "$directory/converted" --type f16 2>"$temporary" ||
    { cat "$temporary" >&2; exit 1; }
bench "$directory/converted" -p 0 -n 1 -t 1
echo "Opening a file of $(round "$(over "$(field weight_bytes)" 1e6)") MB: $(field open_ms) ms."
python=${PYTHON:-python3}
if $python -c 'import gguf, safetensors' 2>/dev/null; then $python tests/compare_q4.py
else echo "The error of q4 was not measured (Python lacks gguf or safetensors)."; fi
