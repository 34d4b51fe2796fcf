# checkpoints.sh - checkpoints as people save them: what Hugging Face loads is converted, the rest is
# refused with the way out, and nothing of the source is written over. run.sh, which counts, reads
# this file after tools.sh.

# source CASE: $T/src becomes a copy of a golden checkpoint
source_of() { rm -rf $T/src; cp -r tests/golden/$1 $T/src; chmod -R u+w $T/src; }
# edit OLD NEW: in the header of $T/src/model.safetensors
edit() {
    mv $T/src/model.safetensors $T/before
    $H replace $T/before $T/src/model.safetensors "$1" "$2" || bad "helper replace $1"
}
# more ENTRIES...: further tensors in that header, each NAME DTYPE SHAPE
more() {
    for entry in "$@"; do
        set -- $entry
        edit '"lm_head.weight":' \
            "\"$1\":{\"dtype\":\"$2\",\"shape\":[$3],\"data_offsets\":[0,0]},\"lm_head.weight\":"
    done
}
# converts NAME CASE [OPTION...]: $T/src gives the bytes of that golden checkpoint
converts() {
    name=$1; case=$2; shift 2
    check "sources: $name" $B/slm-convert $T/src $T/src.slm --type f32 "$@"
    same "sources: $name: the same model" $T/src.slm $B/golden/$case.slm
}
# the f32 entry NAME of $T/src is moved aside: its bytes become those of EXTRA, which is too much
spare() { edit "\"$1\":" "\"$2\":"; }

# -- tensors too many: a warning; within a layer: another model
three=llama_three; untied=neo_untied; real=gptj_part
source_of $three; more "v_head.summary.weight F32 0" "model.rotary_emb.inv_freq F32 0"
converts "tensors of no bytes" $three; said "... and no word of them" "tensors, .* MB"
grep -q warning: $T/err && grep -v 'no tokenizer' $T/err | grep -q warning: &&
    bad "sources: empty tensors need no warning" || ok
# full ENTRY...: the first 4 bytes of the data twice: an unused tensor must not overlap, so the
# data grows by what the entries need
full() {
    mv $T/src/model.safetensors $T/before
    $H append $T/before $T/src/model.safetensors "$@" || bad "helper append"
}
source_of $three; full "v_head.summary.weight F32 1,4" "v_head.summary.bias F32 1"
converts "a value head" $three
said "sources: a value head is listed" \
    "warning: .* left out: v_head.summary.weight, v_head.summary.bias$"
source_of $three
full "a.1 F32 1" "a.2 F64 1" "a.3 I64 1" "a.4 BOOL 4" "a.5 F8_E4M3 4" "a.6 C64 1" "a.7 F4 8" \
    "a.8 F6_E2M3 16" "a.9 F8_E8M0 4" "a.10 F8_E5M2FNUZ 4"
converts "ten tensors too many" $three
said "sources: eight of them are listed" "10 tensors .* a.1, .*, a.8 and 2 more$"
source_of $three
full "model.layers.0.self_attn.rotary_emb.cos_cached F32 4" "rotary_emb.inv_freq F32 4" \
    "model.layers.1.self_attn.rotary_emb.sin_cached F32 4" "x.embeddings.position_ids I64 4" \
    "model.layers.0.attn.bias BOOL 4" "h.7.attn.masked_bias F32 1" "model.position_ids I64 1"
converts "buffers" $three
grep -v 'no tokenizer' $T/err | grep -q warning: && bad "sources: buffers need no warning" || ok
for extra in model.layers.0.self_attn.q_proj.bias model.layers.2.input_layernorm.weight \
    layers.1.mlp.extra.weight h.0.attn.bias2 transformer.h.11.ln_1.weight; do
    source_of $three; full "$extra F32 3"
    reject "$extra" "tensor $extra lies inside a layer.*--ignore-extra" $T/src
    converts "$extra with --ignore-extra" $three --ignore-extra
    said "sources: ... is listed" "warning: .* left out: $extra"
done
source_of $three; full "model.layers.0.self_attn.q_proj.lora_A.default.weight F32 3"
reject "LoRA weights beside the model's" "LoRA adapter that is not merged" $T/src
source_of $three; full "model.layers.0.self_attn.q_proj.qweight I32 3"
reject "quantized weights beside the model's" "quantized weights (GPTQ or AWQ)" $T/src
sed 's/"model_type": "llama"/"model_type": "llama9"/' tests/golden/$three/config.json \
    >$T/src/config.json
reject "another model_type" "model_type llama9, of class LlamaForCausalLM is not supported" $T/src
for wrapper in base_model.model module _orig_mod; do
    source_of $three; spare model.norm.weight $wrapper.model.norm.weight
    reject "a model inside $wrapper" \
        "model.norm.weight is missing .* which has $wrapper.model.norm.weight" $T/src
done
source_of $three; spare model.norm.weight spare.weight; more "model.norm.weight F16 0"
reject "an empty tensor in a needed one's place" "shape \[0\], wanted \[172\] (empty, .*gather" $T/src
source_of $three; spare model.layers.0.mlp.up_proj.weight \
    model.layers.0.mlp.up_proj.base_layer.weight
reject "a layer of PEFT" "up_proj.weight is missing.*LoRA adapter that is not merged" $T/src
source_of $real; rm $T/src/model.safetensors.index.json
reject "shards without their index" "model.safetensors.index.json is missing" $T/src

# -- tied heads
source_of neo_small; spare transformer.wte.weight lm_head.weight
converts "a tied head of which only the head's name was kept" neo_small
source_of $untied
sed 's/"tie_word_embeddings": false/"tie_word_embeddings": true/' tests/golden/$untied/config.json \
    >$T/src/config.json
check "sources: a tied head that is another" $B/slm-convert $T/src $T/tied.slm --type f32
said "sources: ... is said" "warning: .*lm_head.weight is another"
[ "$($B/slm-info $T/tied.slm | awk '$1 == "tensors" {print $2}')" = 30 ] && ok ||
    bad "sources: ... and left out"
sed -i 's/"transformers_version": "4[0-9.]*"/"transformers_version": "5.24.0"/' $T/src/config.json
converts "a tied head that is another, written by transformers 5" $untied
said "sources: ... is taken" "warning: .*lm_head.weight is another: it is taken"

# -- shards: their own headers count, the index names the files
shard=model-00001-of-00011.safetensors; index=model.safetensors.index.json
source_of $real
sed 's/"lm_head.bias"/"gone.with.the.wind": "model-00002-of-00011.safetensors", "lm_head.bias"/' \
    tests/golden/$real/$index >$T/src/$index
converts "an index that names what is in no shard" $real
sed 's/model-00011-of-00011/model-00010-of-00011/' tests/golden/$real/$index | sed \
    's/"lm_head.bias": "model-00010/"lm_head.bias": "model-00011/' >$T/src/$index
converts "an index that names wrong shards" $real
sed '/lm_head.bias/d; s/\("lm_head.weight": "[^"]*"\),/\1/' tests/golden/$real/$index >$T/x
awk '/lm_head.bias/ {next} {print}' tests/golden/$real/$index >$T/src/$index
grep -q lm_head.weight $T/src/$index && converts "a tensor that is not in the index" $real
twice=model-00012-of-00011.safetensors
source_of $real
sed "s/\"lm_head.bias\"/\"x\": \"$twice\", \"lm_head.bias\"/" tests/golden/$real/$index \
    >$T/src/$index
cp $T/src/$shard $T/src/$twice
converts "the same tensors in two shards" $real
cp tests/golden/$real/$shard $T/before
name=$($H names $T/before | head -n 1)
$H value $T/before $T/src/$twice "$name" 3f123456
reject "two tensors of one name" "tensor $name is in .*model-000[0-9]*-of-00011.safetensors too" $T/src
# ... which is only said of a tensor that the model has
$H append $T/before $T/src/$shard "v_head.w F32 1" "position_ids I64 2"
$H append $T/before $T/src/$twice "v_head.w F32 2" "position_ids I64 1"
converts "two value heads of one name" $real
said "sources: ... are listed" "warning: .*a tensor is no part .* left out: v_head.w$"
rm -rf $T/src; cp -r tests/golden/torch/zip_shards $T/src; chmod -R u+w $T/src
sed 's/"weight_map": {/"weight_map": {"x": "pytorch_model-00001-of-00003.bin", /' \
    tests/golden/torch/zip_shards/pytorch_model.bin.index.json >$T/src/pytorch_model.bin.index.json
check "sources: an index of .bin files out of date" $B/slm-convert $T/src $T/src.slm
same "sources: ... is the same model" $T/src.slm $T/torch.f16.slm

# -- F64: to the nearest float, ties to even (the rest is in torch.sh)
rm -rf $T/src; cp -r tests/golden/torch/float64_safetensors $T/src; chmod -R u+w $T/src
for pair in 10000000=00000000 0fffffff=00000000 10000001=20000000 30000000=40000000; do
    for low in ${pair%=*} ${pair#*=}; do # half a step of f32 is 10000000
        cp tests/golden/torch/float64_safetensors/model.safetensors $T/before
        $H value $T/before $T/src/model.safetensors lm_head.bias $low
        check "sources: F64 $low" $B/slm-convert $T/src $T/f64.$low.slm --type f32
    done
    same "sources: F64 $pair" $T/f64.${pair%=*}.slm $T/f64.${pair#*=}.slm
done
cmp -s $T/f64.00000000.slm $T/f64.20000000.slm && bad "sources: F64 changes nothing" || ok
source_of $three

# -- what is something else
pointer='version https://git-lfs.github.com/spec/v1
oid sha256:4d7a214614ab2935c943f9e0ff69d22eadbb8f32b1258daaa5e2ca24d17e2393
size 12345'
for file in config.json model.safetensors tokenizer.json tokenizer_config.json \
    special_tokens_map.json generation_config.json added_tokens.json; do
    source_of phi_text
    cp tests/data/bpe2048/tokenizer.json tests/data/bpe2048/tokenizer_config.json $T/src
    echo "$pointer" >$T/src/$file
    reject "a Git LFS pointer, $file" "$file: a Git LFS pointer.*git lfs pull" $T/src
done
for file in vocab.json merges.txt; do
    source_of phi_text; rm -f $T/src/tokenizer.json; echo "$pointer" >$T/src/$file
    reject "a Git LFS pointer, $file" "$file: a Git LFS pointer.*git lfs pull" $T/src
done
source_of phi_text; for file in vocab.json merges.txt tokenizer.json tokenizer_config.json; do rm $T/src/$file; done
echo "$pointer" >$T/src/tokenizer.model
reject "a Git LFS pointer, tokenizer.model" "tokenizer.model: a Git LFS pointer" $T/src
source_of $real; echo "$pointer" >$T/src/$shard
reject "a Git LFS pointer, a shard" "$shard: a Git LFS pointer" $T/src
echo "$pointer" >$T/src/$index
reject "a Git LFS pointer, the index" "$index: a Git LFS pointer" $T/src
source_of $three; rm $T/src/model.safetensors; echo "$pointer" >$T/src/pytorch_model.bin
reject "a Git LFS pointer, .bin" "pytorch_model.bin: a Git LFS pointer" $T/src
echo "$pointer" >$T/pointer.slm
reject "a Git LFS pointer, .slm" "pointer.slm: a Git LFS pointer" $T/pointer.slm

source_of $three; echo '{"peft_type": "LORA"}' >$T/src/adapter_config.json
reject "a merged model beside its adapter" "LoRA adapter.*merge_and_unload.*remove that" $T/src
rm $T/src/config.json $T/src/model.safetensors
reject "a LoRA adapter" "a LoRA adapter, not a whole model" $T/src
for method in gptq awq bitsandbytes fp8 compressed-tensors; do
    source_of $three
    sed "s/^{/{\"quantization_config\": {\"quant_method\": \"$method\", \"bits\": 4},/" \
        tests/golden/$three/config.json >$T/src/config.json
    reject "$method weights" "quantized ($method).*convert the model that was quantized" $T/src
done
sed 's/^{/{"quantization_config": {"load_in_8bit": true},/' tests/golden/$three/config.json \
    >$T/src/config.json
reject "bitsandbytes of an older form" "quantized (bitsandbytes)" $T/src
sed 's/^{/{"quantization_config": null,/' tests/golden/$three/config.json >$T/src/config.json
converts "a quantization_config of null" $three
source_of $three; echo '{"bits": 4}' >$T/src/quantize_config.json
reject "GPTQ of an older form" "quantized (GPTQ or AWQ)" $T/src
source_of $three; spare model.layers.0.mlp.up_proj.weight model.layers.0.mlp.up_proj.qweight
reject "quantized weights that config.json does not name" "up_proj.weight is missing" $T/src

# alone FILE PATTERN: beside config.json there is nothing else
alone() {
    source_of $three; rm $T/src/model.safetensors; echo something >$T/src/$1
    reject "only $1" "$1.*$2" $T/src
}
alone tf_model.h5 "from_tf"
alone flax_model.msgpack "from_flax"
alone model.onnx "exported from"
alone model.gguf "give that file"
alone model.Q4_K_M.gguf "give that file"
alone consolidated.00.pth "convert_llama_weights_to_hf"
alone zero_to_fp32.py "run its zero_to_fp32.py"
alone model.fp16.safetensors "name the file model.safetensors"
alone rust_model.ot "made from"
source_of $three; rm $T/src/*
reject "an empty directory" "config.json: No such file" $T/src
echo x >$T/src/model.gguf
reject "a directory of a GGUF" "GGUF" $T/src
rm $T/src/*; mkdir $T/src/snapshots $T/src/blobs $T/src/refs
reject "a model's place in the hub cache" "snapshots/" $T/src
rm -r $T/src; mkdir -p $T/src/checkpoint-300 $T/src/checkpoint-500 $T/src/empty
cp tests/golden/$three/config.json $T/src/checkpoint-300
cp tests/golden/$three/config.json $T/src/checkpoint-500
reject "a training directory" "a checkpoint in checkpoint-500/" $T/src
cp $B/golden/$three.slm $T/src; rm -r $T/src/*-*00 $T/src/empty
reject "a directory of a .slm" "$three.slm" $T/src
printf 'GGUF\003\000\000\000' >$T/model.gguf
reject "a GGUF" "cut off or damaged" $T/model.gguf
head -c 300 README.md >$T/text.gguf
reject "a file that is called a GGUF" "not a GGUF file" $T/text.gguf
for file in tests/golden/$three/model.safetensors tests/golden/torch/zip/pytorch_model.bin \
    tests/golden/torch/legacy/pytorch_model.bin tests/golden/$three/config.json; do
    reject "$file" "a file of a checkpoint: give its directory" $file
done

# -- the programs that open a .slm say what was given instead
for tool in generate chat info tokenize bench verify "eval --text README.md"; do
    refused "slm-$tool: a checkpoint" 1 "convert it first: slm-convert DIR OUT.slm" \
        $B/slm-$tool tests/golden/$three
    refused "slm-$tool: weights" 1 "convert it first: slm-convert DIR OUT.slm" \
        $B/slm-$tool tests/golden/$three/model.safetensors
    refused "slm-$tool: a Git LFS pointer" 1 "git lfs pull" $B/slm-$tool $T/pointer.slm
done

# -- the output never takes the place of a file of the source
# keeps FILE OUT: converting $T/src to OUT is refused, and FILE is as it was
keeps() {
    cp -L $1 $T/kept
    refused "sources: $1 as the output" 1 "part of the source" $B/slm-convert $T/src $2
    same "sources: ... is left alone" $1 $T/kept
}
source_of phi_text; cp tests/data/bpe2048/tokenizer_config.json $T/src; echo note >$T/src/README.md
mkdir $T/src/more; echo more >$T/src/more/file
mkdir -p $T/src/.cache/x $T/src/a/b/c/d; echo x | tee $T/src/.gitattributes $T/src/.cache/x/y >$T/src/a/b/c/d/e
ln -s .. $T/src/a/loop
for file in $T/src/* $T/src/more/file $T/src/.gitattributes $T/src/.cache/x/y $T/src/a/b/c/d/e; do
    [ -f $file ] && keeps $file $file
done
ln $T/src/config.json $T/hard.slm; keeps $T/hard.slm $T/hard.slm; rm $T/hard.slm
ln -s src/merges.txt $T/soft.slm; keeps $T/src/merges.txt $T/soft.slm; rm $T/soft.slm
ln -s $PWD/$T/src $T/linked; keeps $T/src/vocab.json $T/linked/../src/vocab.json; rm $T/linked
rm -rf $T/src; mkdir $T/src
for file in $hub/snapshots/0123/*; do ln -s $PWD/$file $T/src/; done
keeps $T/src/config.json $(ls -d $hub/blobs/* | head -n 1)
keeps $T/src/$shard $T/src/$shard
source_of $three
check "sources: into the source's directory" $B/slm-convert $T/src $T/src/m.slm --type f32
check "sources: ... and once more" $B/slm-convert $T/src $T/src/m.slm --type f32
same "sources: ... is fine" $T/src/m.slm $B/golden/$three.slm

# -- what the library refuses is not written
for context in 1048577 16777217; do
    sed "s/\"max_position_embeddings\": [0-9]*/\"max_position_embeddings\": $context/" \
        tests/golden/$three/config.json >$T/src/config.json
    check "sources: a context of $context" $B/slm-convert $T/src $T/src.slm --type f32
    said "sources: ... is cut" "warning: .*context of $context tokens is cut to 1048576"
    check "sources: ... and the library opens it" $B/slm-info $T/src.slm
done
sed 's/"rope_theta": [0-9.]*/"rope_theta": 1e-9/' tests/golden/$three/config.json >$T/src/config.json
reject "frequencies beyond the library's" "the library would not open it: .*frequenc" $T/src
sed 's/"max_position_embeddings": [0-9]*/"max_position_embeddings": 1048576/' \
    tests/golden/$three/config.json >$T/src/config.json
check "sources: the longest context" $B/slm-convert $T/src $T/src.slm --type f32
check "sources: ... opens" $B/slm-info $T/src.slm

# -- no control character of a file or a name reaches the terminal
# clean NAME: what the last command said is one line or more of plain text
clean() { if tr -d '\n' <$T/err | grep -q '[[:cntrl:]]'; then bad "$1"; cat -v $T/err; else ok; fi; }
bell='\\u001b[2J\\u0007\\u009b'
for key in model_type hidden_act; do
    sed "s/\"$key\": \"[a-z]*\"/\"$key\": \"a$bell\"/" tests/golden/$three/config.json \
        >$T/src/config.json
    reject "a $key of control characters" "not supported" $T/src; clean "sources: $key"
done
printf '{"a\\u001b": 1, "a\\u001b": 2}' >$T/src/config.json
reject "a key of control characters" "duplicate" $T/src; clean "sources: a key"
cp tests/golden/$three/config.json $T/src
full "$(printf 'x\177\302\233') F32 1"
check "sources: a tensor of control characters" $B/slm-convert $T/src $T/src.slm; clean "a tensor"
said "sources: ... is shown without" 'x\\x7f\\xc2\\x9b'
for tool in convert generate info tokenize bench; do
    $B/slm-$tool "$(printf 'a\033[2J\302\233\377\n')" $T/x.slm >$T/out 2>$T/err </dev/null
    clean "slm-$tool shows control characters of a path"
done

# -- many tensors, a long index, a long config.json: neither time nor memory grows beyond them
source_of $three
awk 'BEGIN {for (i = 0; i < 150000; i++) print "extra.tensor." i " F32 0"}' >$T/entries
mv $T/src/model.safetensors $T/before
$H append $T/before $T/src/model.safetensors -f $T/entries || bad "helper append -f"
converts "150,000 empty tensors" $three
mv $T/src/model.safetensors $T/src/$shard
awk -v shard=$shard 'BEGIN {printf "{\"weight_map\": {\"model.norm.weight\": \"%s\"", shard}
    {printf ",\n\"%s\": \"%s\"", $1, shard} END {print "}}"}' $T/entries >$T/src/$index
check "sources: ... in an index" timeout 20 $B/slm-convert $T/src $T/src.slm --type f32
awk 'BEGIN {printf "{\"a\": ["; for (i = 0; i < 20000000; i++) printf "0,"; print "0]}"}' \
    >$T/src/config.json
$H rss $B/slm-convert $T/src $T/never/m.slm >$T/rss 2>$T/err
[ "$(tail -n 1 $T/rss)" -lt 262144 ] && grep -q "too many values" $T/err && ok ||
    bad "sources: 40 MB of numbers take $(tail -n 1 $T/rss) KB"
rm -rf $T/src
