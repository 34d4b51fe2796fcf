# bench_test.sh - slm-bench: what it says, not how fast anything is. run.sh, which counts, reads
# this file.
bench() { $B/slm-bench "$@"; }
# field NAME: its first value in the last check's JSON
field() { sed -n "s/.*{\"version\".*[ {]\"$1\": \([^,}]*\)[,}].*\"runs\".*/\1/p" $T/out; }
# agrees NAME A B: two positive numbers within 1 %
agrees() {
    if awk -v a="$2" -v b="$3" 'BEGIN { exit !(a > 0 && b > 0 && a < b * 1.01 && b < a * 1.01) }'
    then ok; else bad "slm-bench: $1 ($2, $3)"; fi
}
product() { awk -v a="$1" -v b="$2" -v c="${3:-1}" 'BEGIN { printf "%.9g", a * b * c }'; }

# -- a small shape takes seconds, not minutes, of the processors; and every field
cpu=$( (bench --shape phi-tiny --type f32 -p 32 -n 8 -r 1 -t 1 --json >$T/out 2>$T/err; times) |
    awk 'NR == 2 { for (i = 1; i < 3; i++) { split($i, t, "[ms]"); n += 60 * t[1] + t[2] } }
        END { print n }')
quiet "slm-bench --json"
if awk -v n="$cpu" 'BEGIN { exit !(n > 0 && n < 30) }'; then ok
else bad "slm-bench: a tiny shape takes $cpu s of processor time"; fi
[ "$(wc -l <$T/out)" = 1 ] && grep -q '^{"version": .*"runs": \[{[^{}]*}\]}$' $T/out && ok ||
    bad "slm-bench: one JSON object on one line"
grep -q '"cpu": "[^"]' $T/out && ok || bad "slm-bench: the JSON names the CPU"
for name in prompt_tps generate_tps prompt_gops generate_gbps int8_gops int8_ratio fma_gflops \
    muladd_gflops muladd_ratio read_gbps read_ratio peak_rss open_ms bytes_per_token; do
    if awk -v n="$(field $name)" 'BEGIN { exit !(n > 0) }'; then ok
    else bad "slm-bench: the JSON has a positive $name ($(field $name))"; fi
done
# phi-tiny: 2 layers of 4 x 256 x 256 + 2 x 256 x 1024, and a head of 1001 x 256; 63 tiles of it,
# and of the embedding, whose rows are 1001; f32 tiles are 257 and 1025 lines of 64 bytes
agrees "operations of a prompt" "$(field prompt_gops)" \
    "$(product "$(field prompt_tps)" 2e-9 "$((2 * (4 * 65536 + 2 * 262144) + 1001 * 256 / 32))")"
agrees "bytes of a token" "$(field bytes_per_token)" \
    $((2 * (64 * (128 * 257 + 16 * 1025) + 44 * 256) + 63 * 64 * 257 + 4004 + 2048 + 1035))
agrees "bytes read" "$(field generate_gbps)" \
    "$(product "$(field generate_tps)" "$(field bytes_per_token)" 1e-9)"
agrees "ratio to int8" "$(field prompt_gops)" \
    "$(product "$(field int8_ratio)" "$(field int8_gops)")"
agrees "ratio to mul+add" "$(field prompt_gops)" \
    "$(product "$(field muladd_ratio)" "$(field muladd_gflops)")"
agrees "ratio to reading" "$(field generate_gbps)" \
    "$(product "$(field read_ratio)" "$(field read_gbps)")"
if awk -v n="$(field peak_rss)" 'BEGIN { exit !(n > 8e6 && n < 1e8) }'; then ok
else bad "slm-bench: a peak RSS of $(field peak_rss) bytes for 8.4 MB of weights"; fi
# behind 300 tokens, in the middle of 8: keys and values of 304, 2 layers x 2 x 256 floats each
bench --shape phi-tiny --type f32 -p 0 -n 8 --position 300 -r 1 -t 1 --json >$T/out 2>$T/err
agrees "bytes of the cache" "$(field kv_bytes_per_token)" $((304 * 2 * 2 * 256 * 4))
agrees "bytes read behind tokens" "$(field generate_gbps)" \
    "$(product "$(field generate_tps)" 1e-9 $((7375727 + 304 * 4096)))"

# -- random weights are valid files, of sizes that fill no tile and no group too
for type in f32 f16 bf16 q8 q4 q4f; do
    for shape in phi-odd gptj-tiny llama-tiny neo-tiny gemma-tiny; do
        check "slm-bench --shape $shape --type $type --verify" \
            bench --shape $shape --type $type --verify -p 8 -n 0 -r 1 -t 1
        grep -q "($type, " $T/out && ok || bad "slm-bench: $shape is of type $type"
    done
done

# -- encoders: three works with figures of their own, or one text of -p tokens
check "slm-bench of an encoder" bench --shape bert-odd --type f32 -r 1 -t 1 --json
quiet "slm-bench of an encoder"
for name in text16_tps text128_tps texts64_tps text16_gops text128_muladd_ratio \
    texts64_int8_ratio texts64_fma_gflops; do
    if awk -v n="$(field $name)" 'BEGIN { exit !(n > 0) }'; then ok
    else bad "slm-bench: an encoder's JSON has a positive $name ($(field $name))"; fi
done
[ "$(field text16_tokens) $(field text128_tokens)" = "16 64" ] &&
    [ "$(field texts64_tokens)" -gt $((64 * 8)) ] &&
    [ "$(field texts64_tokens)" -lt $((64 * 64)) ] && ok || bad "slm-bench: an encoder's texts"
grep -q -e generate -e '"prompt' $T/out && bad "slm-bench: an encoder generates nothing" || ok
# bert-odd: 2 layers of 4 x 300 x 300 + 2 x 300 x 522
agrees "operations of a text" "$(field text16_gops)" \
    "$(product "$(field text16_tps)" 2e-9 $((2 * (4 * 90000 + 2 * 156600))))"
agrees "operations of texts" "$(field texts64_gops)" \
    "$(product "$(field texts64_tps)" 2e-9 $((2 * (4 * 90000 + 2 * 156600))))"
agrees "an encoder's ratio to mul+add" "$(field texts64_gops)" \
    "$(product "$(field texts64_muladd_ratio)" "$(field texts64_muladd_gflops)")"
# mobile-odd: layers of 2 x 52 x 100 into bottlenecks, attention 2 x 60 x 52 + 60 x 100 + 52 x 60,
# 2 ffns of 2 x 52 x 70, 100 x 52 out, and the embedding's 100 x 108
check "slm-bench of MobileBERT" bench --shape mobile-odd -p 5 -r 1 -t 1,2 --json
agrees "operations of MobileBERT" "$(field text_gops)" \
    "$(product "$(field text_tps)" 2e-9 $((2 * (10400 + 6240 + 6000 + 3120 + 14560 + 5200) + 10800)))"
[ "$(field text_tokens) $(field type)" = '5 "f32"' ] && ok || bad "slm-bench -p of an encoder"
check "slm-bench of an encoder, its lines" bench --shape bert-odd -r 1 -t 1,2
grep -q '^  64 mixed  *[0-9.]* tokens/s ' $T/out && grep -q '^1 to 2 threads: 1 x 16 x ' $T/out &&
    grep -q '^texts .* 64 of [0-9]* tokens, to hidden states$' $T/out && ok ||
    bad "slm-bench: an encoder's lines"
for type in f32 f16 bf16 q8 q4 q4f; do
    check "slm-bench --shape bert-odd --type $type --verify" \
        bench --shape bert-odd --type $type --verify -p 20 -r 1 -t 1
    grep -q "($type, " $T/out && ok || bad "slm-bench: bert-odd is of type $type"
done
for type in f32 f16 bf16; do
    check "slm-bench --shape mobile-odd --type $type --verify" \
        bench --shape mobile-odd --type $type --verify -p 20 -r 1 -t 1
    grep -q "($type, " $T/out && ok || bad "slm-bench: mobile-odd is of type $type"
done
for shape in "bert-odd --type q8" "bert-odd --type f32" mobile-odd; do
    check "slm-bench --kernel --shape $shape" bench --kernel --shape $shape -p 8 -n 1 -r 1 -t 2 --json
    [ "$(field prompt_tps)" = null ] &&
        awk -v a="$(field prompt_gops)" -v b="$(field generate_gbps)" 'BEGIN { exit !(a > 0 && b > 0) }' &&
        ok || bad "slm-bench --kernel --shape $shape: its figures"
done
for type in q8 q4 q4f; do
    refused "slm-bench: MobileBERT and $type" 2 "f32, f16 and bf16" \
        $B/slm-bench --shape mobilebert --type $type
done
for option in "-n 8" "--position 1" "--kv f16"; do
    refused "slm-bench: an encoder and $option" 2 "is an encoder" $B/slm-bench --shape bert-odd $option
done
refused "slm-bench -p beyond the longest text" 2 "text of 64" $B/slm-bench --shape bert-odd -p 65
refused "slm-bench -p 0 of an encoder" 2 "nothing to measure" $B/slm-bench --shape bert-odd -p 0
if [ -f $B/golden/encoders/bert_classify.slm ]; then
    check "slm-bench of an encoder's file" bench $B/golden/encoders/bert_classify.slm \
        --text README.md -p 0 -r 1 -t 1 --json
    awk -v a="$(field tokenize_mbps)" 'BEGIN { exit !(a > 0) }' && ok || bad "slm-bench: words"
fi

# -- files, threads, the kernel alone
check "slm-bench --kernel" bench --kernel --shape phi-odd --type q8 -p 8 -n 1 -r 2 -t 1,2 --json
[ "$(field prompt_tps) $(field threads)" = "null 2" ] && ok ||
    bad "slm-bench --kernel has no tokens/s, and the last number of threads on top"
grep -q '"runs": \[{"threads": 1, [^}]*}, {"threads": 2, [^}]*}\]}$' $T/out && ok ||
    bad "slm-bench: a run for each number of threads"
if [ -f $tiny ]; then
    check "slm-bench --text" bench $tiny --text README.md -p 0 -n 0 -r 1 -t 1 --json
    awk -v a="$(field tokenize_mbps)" -v b="$(field decode_mbps)" 'BEGIN { exit !(a > 0 && b > 0) }' &&
        [ "$(field prompt_tps)" = null ] && ok || bad "slm-bench --text gives two speeds and no more"
    refused "slm-bench --text without a tokenizer" 1 "cannot be tokenized" \
        $B/slm-bench --shape phi-tiny --text README.md -p 0 -n 0 -r 1 -t 1
    check "slm-bench MODEL" bench $tiny -p 5 -n 3 -r 1 -t 1,2 --position 100 --verify --isa portable
    grep -q '^1 to 2 threads: prompt x [0-9.]* (int8 probe x [0-9.]*, ' $T/out &&
        grep -q '(f16, portable)' $T/out && ok || bad "slm-bench: scaling, type and kernels"
    head -c 4000 $tiny >$T/cut.slm
    refused "slm-bench, a cut model" 1 "cut" $B/slm-bench $T/cut.slm
else
    skip "slm-bench with a file"
fi

# -- wrong use
refused "slm-bench --shape" 2 "known: phi-2, " $B/slm-bench --shape nosuch
for shape in $(sed -n 's/ (see --help)$//; s/.*known: //p' $T/err | tr -d ,); do
    $B/slm-bench --help | grep -q "[ ]$shape\(,\|$\)" && ok ||
        bad "slm-bench --help says nothing of $shape"
done
refused "slm-bench --type" 2 q3 $B/slm-bench --shape phi-tiny --type q3
refused "slm-bench MODEL --type" 2 "random weights" $B/slm-bench m.slm --type q4
refused "slm-bench MODEL --shape" 2 "random weights" $B/slm-bench m.slm --shape phi-tiny
for list in 0 1,,2 1, ,1 x 1025 1:2; do
    refused "slm-bench -t $list" 2 "'$list'" $B/slm-bench --shape phi-tiny -t $list
done
refused "slm-bench -p beyond the context" 2 "context of 512" $B/slm-bench --shape phi-tiny -p 513
refused "slm-bench --position beyond the context" 2 "context of 512" \
    $B/slm-bench --shape phi-tiny --position 500 -n 13 -p 1
refused "slm-bench -r 0" 2 "at least 1" $B/slm-bench --shape phi-tiny -r 0
refused "slm-bench -p 0 -n 0" 2 "nothing to measure" $B/slm-bench --shape phi-tiny -p 0 -n 0
for option in --shape --type -p -n -t -r --position --isa --kv --text; do
    refused "slm-bench $option without a value" 2 "needs a value" $B/slm-bench $option
done
