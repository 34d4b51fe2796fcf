#!/bin/sh
# read_slm.sh - a reader written from the specification alone finds what slm-info says, every weight,
# and the embedding's rows turned back.
set -e
python=${PYTHON:-python3}
$python -c 'import numpy' 2>/dev/null || { echo "skipped: read_slm.py (no numpy)"; exit 0; }
T=build/read_slm; mkdir -p $T
${CC:-cc} -O2 -std=c99 tests/dump_weights.c -o $T/dump_weights -lm
# described FILE: as slm-info describes it; weighed FILE: every weight
described() {
    build/slm-info $1 --json | grep -v '"session_' >$T/want.json
    $python tests/read_slm.py $1 | sed 's/^\(  "metadata".*[^,]\)$/\1,/' >$T/got.json
    cmp $T/want.json $T/got.json
}
weighed() {
    $T/dump_weights $1 $T/want
    $python tests/read_slm.py $1 --weights $T/got
    cmp $T/want $T/got
}
for case in phi_wide gptj_part phi_text llama_three neo_small qwen2_window qwen3_part smollm3_list \
    gpt2_inner neox_wide neox_after gemma_exact gemma2_wide gemma3_six; do
    for type in f32 f16 bf16 q8 q4 q4f; do
        build/slm-convert tests/golden/$case $T/m.slm --type $type 2>/dev/null
        described $T/m.slm
        weighed $T/m.slm
        $T/dump_weights $T/m.slm $T/want embedding
        $python tests/read_slm.py $T/m.slm --turned-back 65535 64 $T/got
        cmp $T/want $T/got
    done
done
tokenizers=0
for name in ids/bpe2048 ids/pieces512 ids/pieces-slow ids/pieces-new ids/pieces-odd \
    ids/pieces-first ids/pieces-words ids/pieces-gemma ids/pieces-gemma-plain ids/splits-llama3 \
    ids/splits-qwen2 ids/splits-deepseek-llm ids/splits-falcon ids/splits-fused ids/splits-neox \
    chat_formats/chatml chat_formats/llama-2 chat_formats/zephyr chat_formats/own-chatml \
    chat_formats/own-bos-chatml chat_formats/own-llama-2 chat_formats/pieces-bos-zephyr \
    chat_formats/llama-3 chat_formats/own-llama-3 chat_formats/gemma; do
    described build/$name.slm
    tokenizers=$((tokenizers + 1))
done
# encoders: all that Hugging Face gives, from the specification's formulas in float64
encoders=0
for config in tests/golden/encoders/*/config.json; do
    case=$(basename $(dirname $config)); slm=build/golden/encoders/$case.slm
    described $slm
    weighed $slm
    $python tests/run_slm.py $slm tests/golden/encoders/$case >$T/off
    encoders=$((encoders + 1))
done
for case in bert_wide bert_classify distil_fill mobile_1001n; do
    for type in f16 bf16 q8 q4 q4f; do
        case $case-$type in mobile*-q*) continue ;; esac
        build/slm-convert tests/golden/encoders/$case $T/e.slm --type $type 2>/dev/null
        described $T/e.slm
        weighed $T/e.slm
    done
done
for name in examples/models/tiny-bert build/ids/wordpiece build/ids/words-bare build/ids/words-cased \
    build/ids/words-lower build/ids/words-odd build/ids/roberta build/ids/roberta-odd; do
    described $name.slm
done
# sentence vectors: each pooling, and a dense layer with and without what may follow
S=$T/sentences; rm -rf $S; mkdir -p $S/pool $S/dense
for file in config.json model.safetensors vocab.txt tokenizer_config.json; do
    cp tests/golden/encoders/bert_classify/$file $S
done
printf '"the cat sat on the mat"\n"hello, world!"\n["a cat", "on mats"]\n' >$T/texts
# vectors MODULES: those of the library beside those of the formulas
vectors() {
    printf '[{"path": "", "type": "s.Transformer"}, {"path": "pool", "type": "s.Pooling"}%s]' "$1" \
        >$S/modules.json
    build/slm-convert $S $T/v.slm --type f32 2>/dev/null
    described $T/v.slm
    build/slm-encode $T/v.slm --task hidden <$T/texts | $python -c '
import json, sys
for line in sys.stdin:
    answer = json.loads(line)
    print(*(f"{i}/{t}" for i, t in zip(answer["ids"], answer["types"])))' >$T/inputs
    build/slm-encode $T/v.slm --task embed <$T/texts >$T/vectors
    $python tests/run_slm.py $T/v.slm - $T/vectors <$T/inputs >$T/off
}
for mode in cls_token mean_tokens max_tokens lasttoken; do
    echo "{\"pooling_mode_$mode\": true}" >$S/pool/config.json
    vectors ''
done
vectors ', {"path": "", "type": "s.Normalize"}'
for dense in 'true, "activation_function": "torch.nn.modules.activation.Tanh"' \
    'false, "activation_function": "torch.nn.modules.linear.Identity"'; do
    echo "{\"in_features\": 54, \"out_features\": 33, \"bias\": $dense}" >$S/dense/config.json
    $python - $S/dense/model.safetensors "$dense" <<'END'
import json, struct, sys
import numpy as np
values = np.random.default_rng(1).normal(0, 0.2, 33 * 54 + 33).astype("<f4").tobytes()
head = {"linear.weight": {"dtype": "F32", "shape": [33, 54], "data_offsets": [0, 33 * 54 * 4]}}
size = 33 * 54 * 4
if sys.argv[2].startswith("true"):
    head["linear.bias"] = {"dtype": "F32", "shape": [33], "data_offsets": [size, size + 132]}
    size += 132
head = json.dumps(head).encode()
open(sys.argv[1], "wb").write(struct.pack("<Q", len(head)) + head + values[:size])
END
    vectors ', {"path": "dense", "type": "s.Dense"}'
    vectors ', {"path": "dense", "type": "s.Dense"}, {"path": "", "type": "s.Normalize"}'
done
head -c 5000 $T/m.slm >$T/cut.slm
if $python tests/read_slm.py $T/cut.slm >/dev/null 2>&1; then echo "a cut file was read"; exit 1; fi
echo "read_slm.py: 84 files, every weight and turned-back row equal; $tokenizers tokenizers"
echo "run_slm.py: $encoders encoders and 9 kinds of sentence vectors equal"
