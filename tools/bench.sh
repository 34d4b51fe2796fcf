#!/bin/sh
# bench.sh [SHAPE [REPETITIONS]] - the speeds of one shape in all types, in ratio to what the
# machine can do at that moment, as a Markdown table. Random weights; some minutes. build/slm-bench
# must exist.
shape=${1:-phi-2}; repetitions=${2:-5}
LC_ALL=C; export LC_ALL
temporary=$(mktemp) || exit 1
trap 'rm -f "$temporary"' EXIT
trap 'exit 1' INT TERM
bench() { build/slm-bench --shape "$shape" -r "$repetitions" --json "$@" >"$temporary" || exit 1; }
# field NAME [THREADS]: the figure of the run with so many threads, or of the whole
field() {
    if [ -n "$2" ]; then
        sed 's/.*"runs": \[//; s/}, *{/}\n{/g' "$temporary" | grep "\"threads\": $2,"
    else cat "$temporary"; fi | sed -n "s/.*\"$1\": \"\{0,1\}\([^,\"}]*\).*/\1/p"
}
percent() { awk -v x="$1" 'BEGIN { if (x == "null") print "-"; else printf "%.0f%%\n", 100 * x }'; }
round() { awk -v x="$1" 'BEGIN { printf x < 100 ? "%.1f" : "%.0f", x }'; }

most=$(getconf _NPROCESSORS_ONLN 2>/dev/null || echo 1)
list=1; [ "$most" -gt 1 ] && list=1,$most
bench --type q8 -p 32 -n 0
echo "Shape $shape, random weights, $(field cpu), kernels $(field isa), medians of $repetitions."
echo
echo "| type | threads | prompt 512, tokens/s | of int8 | of mul+add | kernel alone | writing, tokens/s | of reading | peak RSS |"
echo "|---|---|---|---|---|---|---|---|---|"
for type in q4 q4f q8 f16 bf16 f32; do
    bench --kernel --type $type -n 0 -t "$list"
    for threads in $(echo "$list" | tr , ' '); do
        eval "kernel_$threads=$(round "$(field prompt_gops "$threads")")"
    done
    bench --type $type -n 16 -t "$list"
    for threads in $(echo "$list" | tr , ' '); do
        eval "kernel=\$kernel_$threads"
        echo "| $type | $threads | $(round "$(field prompt_tps "$threads")") |" \
            "$(percent "$(field int8_ratio "$threads")") |" \
            "$(percent "$(field muladd_ratio "$threads")") | $kernel GOP/s |" \
            "$(round "$(field generate_tps "$threads")") |" \
            "$(percent "$(field read_ratio "$threads")") |" \
            "$(awk -v x="$(field peak_rss)" 'BEGIN { printf "%.2f GB", x / 1e9 }') |"
    done
done
echo
echo "Opening: $(field open_ms) ms."
long() { build/slm-bench --shape "$shape" -r "$repetitions" --json -t "$most" "$@" >"$temporary" 2>&1; }
if long --type q4 -p 2000 -n 0; then
    echo "Prompt of 2,000, q4: $(round "$(field prompt_tps)") tokens/s."
    long --type q4 -p 0 -n 16 --position 2000
    echo "Writing from position 2,000, q4: $(round "$(field generate_tps)") tokens/s."
fi
