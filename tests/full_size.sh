#!/bin/sh
# full_size.sh [DIR] [decoders|small|encoders] - random checkpoints of the published shapes: Phi-2
# (safetensors) against Hugging Face in float32 over 16 positions, GPT-J-6B and Orca 2 (PyTorch
# .bin); small: Qwen2.5-0.5B, Qwen3-0.6B, GPT-2 and Pythia-160M, as Phi-2; BERT-Base, DistilBERT and
# MobileBERT against Hugging Face over texts of 512, 17 and 1 tokens; memory of the converter and of
# the engine. Some 25 minutes (small 3, encoders 5), 30 GB of disk, 14 GB of memory; needs
# tests/requirements.txt, the configs and tokenizers of the shared data (small: nothing of it), and
# what `make test` builds.
set -e
python=${PYTHON:-python3}; shared=${SHARED:-../shared/data}; T=${1:-build/full}; which=${2:-all}
$python -c 'import torch, transformers, numpy' 2>/dev/null &&
    { [ "$which" = small ] || [ -d "$shared/configs" ]; } ||
    { echo "skipped: full-size shapes (no Python packages, or no configs)"; exit 0; }
rm -rf "$T"; mkdir -p "$T"; trap 'rm -rf "$T"' EXIT
# kilobytes LIMIT COMMAND...: the command's peak, which must not be beyond the limit
kilobytes() {
    limit=$1; shift
    build/helper rss "$@" >"$T/out" 2>"$T/err" || { cat "$T/err"; exit 1; }
    peak=$(tail -n 1 "$T/out")
    echo "  peak $peak KB of at most $limit"
    [ "$peak" -le "$limit" ]
}
# model NAME ARCHITECTURE CONFIG TOKENIZER LARGEST_TENSOR_BYTES TYPES [OPTION...]
model() {
    name=$1 largest=$5 types=$6
    echo "$name"
    case $3 in tests/*) config=$3 ;; *) config=$shared/$3 ;; esac
    $python tests/make_full_size.py "$2" "$config" "$4" "$T/$name" $7 $8 2>"$T/err" ||
        { cat "$T/err"; exit 1; }
    for type in $types; do
        echo " $type"
        kilobytes $((262144 + 2 * largest / 1024)) build/slm-convert "$T/$name" \
            "$T/$name-$type.slm" --type $type
    done
}

# nmse LIMIT GOT WANT
nmse() {
    $python - "$1" "$2" "$3" <<'END'
import sys
import numpy as np
got, want = (np.fromfile(f, "<f4").astype(np.float64) for f in sys.argv[2:])
nmse = ((got - want) ** 2).sum() / (want ** 2).sum()
print(f"  NMSE {nmse:.3g} (at most {sys.argv[1]})")
sys.exit(not nmse <= float(sys.argv[1]))
END
}
# encoder NAME ARCHITECTURE CONFIG TOKENIZER: f32 equals Hugging Face; 64 texts of 512 in one batch
# take the file, the session that is announced and 32 MB
encoder() {
    model "$1" "$2" "$3" "$4" 95000000 "f32" --oracle 512
    slm=$T/$1-f32.slm
    for output in hidden logits; do
        build/encode-ids "$slm" $output "$T/got" <"$T/$1/inputs.txt" 2>"$T/err" ||
            { cat "$T/err"; exit 1; }
        echo "  $output"
        nmse 1e-9 "$T/got" "$T/$1/$output.f32"
    done
    i=0
    while [ $i -lt 64 ]; do sed -n 1p "$T/$1/inputs.txt"; i=$((i + 1)); done >"$T/texts"
    for batch in 512 32768; do
        session=$(head -n 1 "$T/texts" | build/encode-ids "$slm" embedding "$T/got" $batch 2>&1 |
            sed -n 's/^session //p')
        echo "  a session for $batch tokens at once: $session bytes"
        kilobytes $((($(wc -c <"$slm") + session + 32000000) / 1024)) \
            sh -c "build/encode-ids $slm embedding $T/got $batch <$T/texts"
    done
    rm -rf "$T/$1"*
}

# decoder NAME ARCHITECTURE LARGEST_TENSOR_BYTES: f16 equals Hugging Face
decoder() {
    mkdir -p "$T/none" # of token ids alone
    model "$1" "$2" "tests/data/published/$1.json" "$T/none" "$3" "f16 q8" --oracle 16
    build/slm-eval "$T/$1-f16.slm" --tokens "$T/$1/tokens.txt" --logits "$T/logits" 2>/dev/null
    nmse 1e-9 "$T/logits" "$T/$1/logits.f32"
    rm -rf "$T/$1"*
}

tokenizers=$shared/tokenizers
if [ "$which" = small ] || [ "$which" = all ]; then
    decoder pythia-160m gpt_neox 77266944
    decoder gpt2 gpt2 77194752
    decoder qwen2.5-0.5b qwen2 272269312
    decoder qwen3-0.6b qwen3 311164928
fi
[ "$which" != small ] || exit 0
if [ "$which" != decoders ]; then
    make build/encode-ids
    bert=$tokenizers/bert-base-uncased
    encoder mobilebert mobilebert configs/mobilebert-uncased.json "$bert"
    encoder distilbert distilbert configs/distilbert-base-uncased.json \
        "$tokenizers/distilbert-base-uncased"
    encoder bert-base bert tokenizers/bert-base-uncased/config.json "$bert"
fi
[ "$which" != encoders ] || exit 0
model phi-2 phi configs/phi-2.json "$tokenizers/phi-2" 262144000 "f16 q8" --oracle 16
slm=$T/phi-2-f16.slm
build/slm-eval "$slm" --tokens "$T/phi-2/tokens.txt" --logits "$T/logits" 2>/dev/null
nmse 1e-9 "$T/logits" "$T/phi-2/logits.f32"
# the engine: the file, the KV cache (32 layers x 2 x 2560 halves a position), all of which a whole
# batch and what follows touch, and 32 MB
slm=$T/phi-2-q8.slm
kilobytes $((($(wc -c <"$slm") + 320 * 327680 + 32000000) / 1024)) build/slm-generate "$slm" \
    -p "$(head -c 800 README.md)" -n 320 --ignore-eos --context 320
rm -rf "$T"/phi-2*
model gpt-j gptj configs/gpt-j-6b.json "$tokenizers/gpt-j-6b" 825753600 "q4" --bin
build/slm-generate "$T/gpt-j-q4.slm" -p "Once upon a time" -n 8
rm -rf "$T"/gpt-j*
mkdir "$T/tokenizer" # Orca 2's is the slow one
cp "$tokenizers/orca-2/tokenizer.model" "$tokenizers/orca-2/added_tokens.json" "$T/tokenizer"
model orca-2 llama configs/orca-2-7b.json "$T/tokenizer" 524337152 "q4" --bin
build/slm-generate "$T/orca-2-q4.slm" -p "Once upon a time" -n 8
