# rows.sh - what slm-convert reads from the configurations of LLaMA and GPT-Neo, and their models
# in every type. run.sh, which counts, reads this file after tools.sh.

# config CASE EXPRESSION: $T/flaw becomes the golden case with its config.json changed by sed
config() {
    rm -rf $T/flaw; mkdir $T/flaw
    ln -s $PWD/tests/golden/$1/*.safetensors* $T/flaw
    sed "$2" tests/golden/$1/config.json >$T/flaw/config.json
    ! cmp -s tests/golden/$1/config.json $T/flaw/config.json || bad "convert: $1: $2 changes nothing"
}
# alike NAME CASE EXPRESSION: the changed configuration means the same
alike() {
    config $2 "$3"
    check "convert: $1" $B/slm-convert $T/flaw $T/alike.slm --type f32
    same "convert: $1 is the same model" $T/alike.slm $B/golden/$2.slm
}
# unlike NAME CASE EXPRESSION: it means another model of the same tensors
unlike() {
    config $2 "$3"
    check "convert: $1" $B/slm-convert $T/flaw $T/unlike.slm --type f32
    cmp -s $T/unlike.slm $B/golden/$2.slm && bad "convert: $1 changes nothing" || ok
}

gqa=llama_gqa; linear=llama_linear; three=llama_three; dynamic=llama_dynamic
for bias in attention_bias mlp_bias; do
    config $gqa "s/\"$bias\": false/\"$bias\": true/"
    reject "LLaMA's $bias" "$bias true is not supported" $T/flaw
done
config $gqa 's/"hidden_act": "silu"/"hidden_act": "gelu_new"/'
reject "LLaMA with another activation" "hidden_act gelu_new is not supported; .* silu" $T/flaw
config $gqa 's/"mlp_bias"/"partial_rotary_factor": 0.5, "mlp_bias"/'
reject "LLaMA's partial_rotary_factor" "partial_rotary_factor" $T/flaw
config $gqa 's/"num_key_value_heads": 2/"num_key_value_heads": 4/'
reject "heads that cannot share keys" "6 heads cannot share 4" $T/flaw
config $gqa 's/"head_dim": 10/"head_dim": 12/'
reject "a head_dim that the tensors have not" "q_proj.weight has the shape \[60, 60\]" $T/flaw
for head in 9 0.5 -2 4098; do
    config $gqa "s/\"head_dim\": 10/\"head_dim\": $head/"
    reject "a head_dim of $head" "heads of 9\|head_dim must be" $T/flaw
done
for type in yarn longrope su mrope; do
    for key in type rope_type; do
        config $gqa "s/\"rope_scaling\": null/\"rope_scaling\": {\"$key\": \"$type\", \"factor\": 2}/"
        reject "rope_scaling: $key $type" "rope_scaling $type is not supported" $T/flaw
    done
done
config $gqa 's/"rope_scaling": null/"rope_parameters": {"rope_type": "yarn", "factor": 2}/'
reject "rope_parameters" "rope_parameters is not supported" $T/flaw
config $gqa 's/"mlp_bias"/"mlp_bias"/; s/"rope_scaling": null/"rope_scaling":null/'
ln -s nowhere $T/flaw/tokenizer.json
reject "a dangling link" "tokenizer.json: a link to what is not there" $T/flaw
rm $T/flaw/tokenizer.json
if mkfifo $T/flaw/tokenizer.json 2>/dev/null; then
    reject "a pipe" "tokenizer.json: not a regular file" $T/flaw
fi
config $gqa 's/"rope_scaling": null/"rope_scaling": {"factor": 2}/'
reject "rope_scaling of no type" "rope_scaling (of no type)" $T/flaw
for factor in 0 -1 '"x"' null; do
    config $linear "s/\"factor\": 2.5/\"factor\": $factor/"
    reject "a factor of $factor" "factor must be a number" $T/flaw
done
for key in factor low_freq_factor high_freq_factor original_max_position_embeddings; do
    config $three "s/\"$key\": [0-9.]*/\"no_$key\": 1/"
    reject "llama3 without $key" "rope_scaling: $key must be" $T/flaw
done
config $three 's/"low_freq_factor": 1.0/"low_freq_factor": 4.0/'
reject "llama3 with nothing between its factors" "must be above low_freq_factor" $T/flaw
unlike "linear with another factor" $linear 's/"factor": 2.5/"factor": 3/'
unlike "llama3 with another length" $three 's/"original_max_position_embeddings": 128/"original_max_position_embeddings": 64/'
unlike "another rope_theta" $gqa 's/"rope_theta": 10000.0/"rope_theta": 20000/'
unlike "another rms_norm_eps" $gqa 's/"rms_norm_eps": 1e-06/"rms_norm_eps": 1e-05/'
alike "dynamic of any factor" $dynamic 's/"factor": 4.0/"factor": 2/'
alike "dynamic within the positions" $dynamic 's/"type": "dynamic"/"type": "default"/; s/"rope_type": "dynamic"/"rope_type": "default"/'
alike "the older key, type, alone" $linear '/"rope_type"/d'
alike "the newer key, rope_type, alone" $linear '/"type": "linear"$/d; s/"rope_type": "linear",/"rope_type": "linear"/'
alike "rms_norm_eps by default" $gqa '/"rms_norm_eps"/d'
alike "head_dim by default" $gqa '/"head_dim"/d'
alike "swish is silu" $gqa 's/"hidden_act": "silu"/"hidden_act": "swish"/'
config $three '/"head_dim"/d'
reject "heads that the hidden size does not divide into" "172 does not divide into 5" $T/flaw

small=neo_small; long=neo_long; odd=neo_odd; untied=neo_untied
layers='/"attention_layers"/,/\]/d' # without this list attention_types counts
alike "attention_types alone" $small "$layers"
alike "attention_types in another grouping" $odd "$layers"'; s/"local"/"local", "local"/; s/^      2$/      1/'
alike "local and global in turn by default" $long "$layers"'; /"attention_types"/,/^  \]/d'
alike "attention_layers alone" $small '/"attention_types"/,/^  \],/d'
alike "attention_layers before attention_types" $small 's/^        "local"/        "global"/'
alike "a window of 256 by default" $long 's/"window_size": 256/"no_window_size": 9/'
alike "num_hidden_layers" $long 's/"num_layers": 4/"num_layers": 9, "num_hidden_layers": 4/'
alike "a tied head by default" $small 's/"use_cache"/"tie_word_embeddings": null, "use_cache"/'
alike "an inner size by default" $small '/"intermediate_size"/d'
unlike "another window" $small 's/"window_size": 7/"window_size": 8/'
unlike "another layer local" $small 's/^    "global"/    "local"/'
unlike "another epsilon" $long 's/"layer_norm_epsilon": 1e-05/"layer_norm_epsilon": 1e-06/'
for window in 0 -1 2.5 '"x"' 16777217; do
    config $small "s/\"window_size\": 7/\"window_size\": $window/"
    reject "a window of $window" "window_size must be" $T/flaw
done
config $small 's/^    "global"/    "sparse"/'
reject "an attention that nobody knows" 'layer 0 is neither "global" nor "local"' $T/flaw
config $small 's/^    "global"/    7/'
reject "an attention that is no name" 'layer 0 is neither "global" nor "local"' $T/flaw
config $small 's/^    "global",/    "global", "local",/'
reject "attention_layers too long" "attention_layers does not name the attention of 5" $T/flaw
config $small 's/"attention_layers": \[/"attention_layers": "local", "x": [/'
reject "attention_layers that is no list" "attention_layers does not name" $T/flaw
for types in '"local"' '[]' '[["local", 5]]' '[[["local"]]]' '[[["local"], 4]]' '[[[], 5]]' \
    '[[["local"], 6]]' '[[["local"], -5]]' '[[["local"], 2.5]]' '[[["local"], 5, 0]]' '[7]' \
    '[[["local", "global"], 3]]' '[[["local"], 5], [["local"], 1]]' '{"a": 5}'; do
    config $small "$layers; s/\"attention_types\": \[/\"attention_types\": $types, \"x\": [/"
    reject "attention_types $types" "attention_types does not name" $T/flaw
done
config $small 's/"activation_function": "gelu_new"/"activation_function": "relu"/'
reject "GPT-Neo with another activation" "activation_function relu is not supported" $T/flaw
config $small 's/"num_heads": 5/"num_heads": 7/'
reject "heads that do not divide the hidden size" "60 does not divide into 7" $T/flaw
for context in 255 257; do
    config $small "s/\"max_position_embeddings\": 256/\"max_position_embeddings\": $context/"
    reject "$context positions" "wpe.weight has the shape \[256, 60\], wanted \[$context, 60\]" \
        $T/flaw
done
config $untied '/"tie_word_embeddings"/d'
check "convert: the head by default" $B/slm-convert $T/flaw $T/tied.slm --type f32
[ "$($B/slm-info $T/tied.slm | awk '$1 == "tensors" {print $2}')" = 30 ] && ok ||
    bad "convert: a tied head stays out of the file"

# -- buffers that older checkpoints carry
rm -rf $T/old; cp -r tests/golden/$untied $T/old; chmod -R u+w $T/old
$H replace tests/golden/$untied/model.safetensors $T/old/model.safetensors '"lm_head.weight":' \
'"transformer.h.0.attn.attention.bias":{"dtype":"BOOL","shape":[0],"data_offsets":[0,0]},'\
'"transformer.h.1.attn.attention.masked_bias":{"dtype":"F32","shape":[0],"data_offsets":[0,0]},'\
'"lm_head.weight":'
check "convert: GPT-Neo's older buffers" $B/slm-convert $T/old $T/old.slm --type f32
same "convert: ... are skipped" $T/old.slm $B/golden/$untied.slm
rm -rf $T/old; cp -r tests/golden/$three $T/old; chmod -R u+w $T/old
$H replace tests/golden/$three/model.safetensors $T/old/model.safetensors '"lm_head.weight":' \
'"model.layers.1.self_attn.rotary_emb.inv_freq":{"dtype":"F32","shape":[0],"data_offsets":[0,0]},'\
'"lm_head.weight":'
check "convert: LLaMA's older buffers" $B/slm-convert $T/old $T/old.slm --type f32
same "convert: ... are skipped" $T/old.slm $B/golden/$three.slm

# -- every type, in the portable set and in the best
for case in $gqa $three $small $odd; do
    $B/slm-eval $B/golden/$case.slm --tokens tests/golden/$case/tokens.txt --logits $T/f32
    for type in f16 bf16 q8 q4f q4; do
        check "$case $type" $B/slm-convert tests/golden/$case $T/m.slm --type $type
        check "$case $type verifies" $B/slm-info $T/m.slm --verify
        check "$case $type runs" $B/slm-eval $T/m.slm --tokens tests/golden/$case/tokens.txt \
            --logits $T/a --threads 3 --chunk 13
        check "$case $type in portable C" $B/slm-eval $T/m.slm --isa portable --chunk 1 \
            --tokens tests/golden/$case/tokens.txt --logits $T/b
        same "$case $type: same bits" $T/a $T/b
        check "$case $type against f32" $B/slm-eval $T/m.slm \
            --tokens tests/golden/$case/tokens.txt --reference $T/f32
        case $type in
        f16 | bf16 | q8) awk '$1 $2 == "meanKL" {exit !($4 + 0 < 0.03)}' $T/out && ok ||
            bad "$case $type: $(head -n 1 $T/out)" ;;
        esac
    done
done
