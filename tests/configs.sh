# configs.sh - what slm-convert reads from the configurations of LLaMA and GPT-Neo, and their models
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

# -- config.json as transformers 5 writes it: rotary parameters in rope_parameters
for file in tests/data/saved5/*.json; do
    case=$(basename $file .json)
    rm -rf $T/flaw; mkdir $T/flaw; ln -s $PWD/tests/golden/$case/* $T/flaw
    rm $T/flaw/config.json; cp $file $T/flaw/config.json
    check "convert: $case as transformers 5 saves it" $B/slm-convert $T/flaw $T/a.slm --type f32
    same "convert: $case as transformers 5 saves it is the same model" $T/a.slm $B/golden/$case.slm
done
# rope CASE PARAMETERS [MEMBERS]: the case with these rope_parameters, as transformers 5 has them
rope() {
    config $1 '/"rope_scaling": {/,/}/d; /"rope_scaling": null/d; /"rope_theta"/d
        /"partial_rotary_factor"/d; s/"use_cache"/'"${3:+$3, }"'"rope_parameters": '"$2"', "use_cache"/'
}
same_rope() { # NAME CASE PARAMETERS [MEMBERS]
    rope "$2" "$3" "$4"
    check "convert: $1" $B/slm-convert $T/flaw $T/a.slm --type f32
    same "convert: $1 is the same model" $T/a.slm $B/golden/$2.slm
}
three8='"factor": 8, "low_freq_factor": 1, "high_freq_factor": 4'
three5="\"rope_type\": \"llama3\", \"rope_theta\": 5e5, $three8"
same_rope "rope_parameters of no type" $gqa '{"rope_theta": 10000}'
same_rope "rope_parameters, empty" $gqa '{}'
same_rope "rope_parameters without a base" $gqa '{"rope_type": "default"}' '"rope_theta": 10000'
same_rope "the base in rope_parameters wins" $gqa '{"rope_theta": 10000}' '"rope_theta": 500'
said "... with a warning, since transformers 4 wrote the file" "warning: .*rope_parameters is taken"
same_rope "dynamic in rope_parameters" $gqa '{"rope_type": "dynamic", "factor": 3}'
same_rope "the newer key wins" $gqa '{"rope_type": "default", "type": "linear", "factor": 2}'
same_rope "a null rope_scaling" $gqa '{"rope_type": "default"}' '"rope_scaling": null'
same_rope "a rope_scaling that replaces rope_parameters" $linear '{"rope_theta": 7}' \
    '"rope_theta": 500, "rope_scaling": {"type": "linear", "factor": 2.5}'
same_rope "linear" $linear '{"type": "linear", "factor": 2.5, "rope_theta": 500.0}'
same_rope "llama3" $three "{$three5, \"original_max_position_embeddings\": 128}"
same_rope "llama3 whose length stands outside" $three \
    "{$three5, \"original_max_position_embeddings\": 9}" '"original_max_position_embeddings": 128'
rope $three "{$three5}"; cp -r $T/flaw $T/flaw2
rope $three "{$three5, \"original_max_position_embeddings\": 700}"
check "convert: llama3 of no length" $B/slm-convert $T/flaw2 $T/a.slm --type f32
check "convert: llama3 of the model's length" $B/slm-convert $T/flaw $T/b.slm --type f32
same "llama3's length is the model's by default" $T/a.slm $T/b.slm; rm -rf $T/flaw2
same_rope "Phi's part in rope_parameters" phi_gqa '{"partial_rotary_factor": 0.4}'
same_rope "Phi's part in rope_parameters wins" phi_gqa '{"partial_rotary_factor": 0.4}' \
    '"partial_rotary_factor": 0.9'
same_rope "Phi's part outside rope_parameters" phi_gqa '{"rope_theta": 10000}' \
    '"partial_rotary_factor": 0.4'
same_rope "Phi's part by default" phi_long '{"rope_theta": 10000}'
for type in '"yarn"' '"longrope"' '"proportional"' '"axial"' '"mrope"' '"x"' 7; do
    rope $gqa "{\"rope_type\": $type, \"factor\": 2}"
    reject "rope_parameters: $type" "rope_parameters .* is not supported; supported: .*llama3" $T/flaw
done
rope $gqa '{"rope_type": null, "type": "linear", "factor": 2}'
reject "rope_parameters: a null type" "rope_parameters (of no type) is not supported" $T/flaw
rope phi_gqa '{"rope_type": "linear", "factor": 2}'
reject "Phi's scaling" "rope_parameters linear is not supported; supported: null, default" $T/flaw
rope $gqa '{"full_attention": {"rope_type": "default"}, "sliding_attention": {"rope_theta": 9}}'
reject "rope_parameters of kinds of layers" "one kind of layer (full_attention)" $T/flaw
rope $gqa '{"partial_rotary_factor": 0.5}'
reject "LLaMA's partial_rotary_factor in rope_parameters" "partial_rotary_factor" $T/flaw
rope $gqa '[1]'; reject "rope_parameters, a list" "rope_parameters must be an object" $T/flaw
rope $gqa '{"rope_theta": "x"}'; reject "a base that is a text" "rope_theta must be a number" $T/flaw
rope $gqa '{"rope_type": "linear"}'
reject "linear of no factor" "rope_parameters: factor must be" $T/flaw

# -- model_type says what a checkpoint is; "architectures" is whatever the saving class was
for classes in null '[]' '["LlamaModel"]' '["MistralForCausalLM"]' '["LlamaModel", "X"]' '"x"' \
    '["LlamaForSequenceClassification"]' '[7]'; do
    config $linear '/"architectures"/,/\]/d; s/"use_cache"/"architectures": '"$classes"', "use_cache"/'
    check "convert: architectures $classes" $B/slm-convert $T/flaw $T/a.slm --type f32
    same "convert: architectures $classes is the same model" $T/a.slm $B/golden/$linear.slm
done
config $linear '/"model_type"/d'; reject "no model_type" "no model_type" $T/flaw
# named PREFIX MEMBERS: $T/flaw becomes a LLaMA whose tensors have names that begin with PREFIX
named() {
    rm -rf $T/flaw; mkdir $T/flaw
    (for name in embed_tokens 7x8 norm 8 layers.0.input_layernorm 8 layers.0.self_attn.q_proj 8x8 \
        layers.0.self_attn.k_proj 8x8 layers.0.self_attn.v_proj 8x8 layers.0.self_attn.o_proj 8x8 \
        layers.0.post_attention_layernorm 8 layers.0.mlp.up_proj 9x8 layers.0.mlp.gate_proj 9x8 \
        layers.0.mlp.down_proj 8x9; do
        case $name in [0-9]*) echo "$1$last.weight F16 $name" ;; *) last=$name ;; esac
    done) | $H noise $T/flaw/model.safetensors
    echo '{"model_type": "llama", "vocab_size": 7, "hidden_size": 8, "intermediate_size": 9,
        "num_hidden_layers": 1, "num_attention_heads": 2, '"$2"'}' >$T/flaw/config.json
}
tied='"tie_word_embeddings": true'
named model. "$tied"; check "convert: a LLaMA" $B/slm-convert $T/flaw $T/a.slm --type f32
named "" "$tied, \"architectures\": [\"LlamaModel\"]"
check "convert: a LlamaModel, tied" $B/slm-convert $T/flaw $T/b.slm --type f32
same "convert: a LlamaModel, tied, is the same model" $T/a.slm $T/b.slm
for prefix in "" model.; do
    named "$prefix" '"architectures": ["LlamaModel"]'
    reject "a LlamaModel without a head" "tensor lm_head.weight is missing" $T/flaw
done
# headless CASE CLASS: $T/flaw is that golden checkpoint as the class without a head saves it
headless() {
    rm -rf $T/flaw; cp -r tests/golden/$1 $T/flaw; chmod -R u+w $T/flaw
    sed "/\"architectures\"/,/\]/d; s/^{/{ \"architectures\": [\"$2\"],/" tests/golden/$1/config.json \
        >$T/flaw/config.json
    for tensor in $($H names $T/flaw/model.safetensors); do
        case $tensor in lm_head.* | embed_out.*) bare=spare.$tensor ;; *) bare=${tensor#model.} ;; esac
        bare=${bare#transformer.}; bare=${bare#gpt_neox.}
        [ $bare = $tensor ] && continue
        mv $T/flaw/model.safetensors $T/before
        $H replace $T/before $T/flaw/model.safetensors "\"$tensor\":" "\"$bare\":" || bad "helper replace"
    done
}
headless neo_small GPTNeoModel
check "convert: a GPTNeoModel, tied" $B/slm-convert $T/flaw $T/b.slm --type f32
same "convert: a GPTNeoModel, tied, is the same model" $B/golden/neo_small.slm $T/b.slm
for each in "neo_untied GPTNeoModel" "gptj_full GPTJModel" "phi_gqa PhiModel"; do
    headless $each; reject "a ${each#* }, untied" "tensor lm_head.weight is missing" $T/flaw
done

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
config $small 's/"use_cache"/"tie_word_embeddings": null, "use_cache"/' # false in Python
reject "a head that null does not tie" "tensor lm_head.weight is missing" $T/flaw
config $small 's/"use_cache"/"pruned_heads": {"0": [1]}, "use_cache"/'
reject "heads that were pruned" "pruned_heads is not supported" $T/flaw
alike "no head was pruned" $small 's/"use_cache"/"pruned_heads": {}, "use_cache"/'
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
