# families.sh - what slm-convert reads from the configurations of Qwen, Mistral, SmolLM3, GPT-2 and
# GPT-NeoX, and their models in every type. run.sh, which counts, reads this file after configs.sh.

# -- what is published: nothing but the weights is missing
for file in tests/data/published/*.json; do
    rm -rf $T/flaw; mkdir $T/flaw; cp $file $T/flaw/config.json
    reject "$(basename $file)" "neither model.safetensors nor" $T/flaw
done
# field NAME: of the last converted model; has NAME FIELD VALUE
field() { $B/slm-info $T/unlike.slm --json | sed -n "s/^  \"$1\": \(.*[^,]\),*$/\1/p"; }
has() { [ "$(field $2)" = "$3" ] && ok || bad "convert: $1: $2 is $(field $2), not $3"; }
# declined NAME CASE EXPRESSION PATTERN: the changed configuration is refused
declined() { config $2 "$3"; reject "$1" "$4" $T/flaw; }

window=qwen2_window; wide=qwen2_wide; types=qwen2_types; part=qwen3_part; head=qwen3_wide
kinds='/"layer_types"/,/\]/d' # without this list max_window_layers counts
alike "windows from max_window_layers on" $window "$kinds"
alike "layer_types before max_window_layers" $types 's/"max_window_layers": 0/"max_window_layers": 2/'
unlike "another max_window_layers" $window "$kinds; s/\"max_window_layers\": 1/\"max_window_layers\": 2/"
has "another max_window_layers" window_layers 1
unlike "a max_window_layers by default" $window "$kinds; /\"max_window_layers\"/d"
has "a max_window_layers by default" window 0
unlike "no windows by default" $window "$kinds; /\"use_sliding_window\"/d"
has "no windows by default" window 0
unlike "a null window" $window "$kinds; s/\"sliding_window\": 9/\"sliding_window\": null/"
has "a null window" window_layers 0
unlike "a window of 4096 by default" $window '/"sliding_window"/d'
has "a window of 4096 by default, within the context" window 300
for use in false null; do
    declined "layer_types without windows" $window "s/\"use_sliding_window\": true/\"use_sliding_window\": $use/" \
        "layer_types: sliding_attention without a sliding_window"
done
for size in 0 -1 2.5 '"x"' 16777217; do
    declined "a sliding_window of $size" $window "s/\"sliding_window\": 9/\"sliding_window\": $size/" \
        "sliding_window must be"
done
declined "a kind of layer that nobody has" $types 's/"full_attention"/"chunked_attention"/' \
    "layer_types: chunked_attention is not supported"
declined "a kind of layer that is no name" $types 's/"full_attention"/7/' \
    "layer_types: (not a string) is not supported"
declined "layer_types too short" $types 's/"full_attention",//' "layer_types must be a list of 3"
declined "layer_types that is no list" $types 's/"layer_types": \[/"layer_types": "x", "y": [/' \
    "layer_types must be a list"
declined "an activation that nobody has" $window 's/"silu"/"mish"/' "hidden_act mish is not supported"
unlike "Qwen2 with another activation" $window 's/"silu"/"relu"/'
alike "gelu_python is gelu" $types 's/"gelu"/"gelu_python"/'
declined "as many key heads as heads where they are null" $window \
    's/"num_key_value_heads": 2/"num_key_value_heads": null/' \
    "k_proj.weight has the shape \[20, 60\], wanted \[60, 60\]"
declined "32 key heads by default" $window '/"num_key_value_heads"/d' "6 heads cannot share 32"
declined "Qwen2's partial_rotary_factor" $window 's/"use_cache"/"partial_rotary_factor": 0.5, "use_cache"/' \
    "partial_rotary_factor"
declined "Qwen2's yarn" $window 's/"rope_scaling": null/"rope_scaling": {"type": "yarn", "factor": 4}/' \
    "rope_scaling yarn is not supported"
declined "an untied Qwen2 without a head" $window 's/"tie_word_embeddings": true/"tie_word_embeddings": false/' \
    "tensor lm_head.weight is missing"
declined "a Qwen2 that sees later positions" $window 's/"use_cache"/"is_causal": false, "use_cache"/' \
    "is_causal false is not supported"
declined "a Qwen2 is no LLaMA" $wide 's/"model_type": "qwen2"/"model_type": "llama"/' \
    "self_attn.[kqv]_proj.bias lies inside a layer"
same_rope "Qwen2's rope_parameters" $wide '{"rope_type": "linear", "factor": 1.5, "rope_theta": 10000}'
declined "Qwen3's attention_bias" $part 's/"attention_bias": false/"attention_bias": true/' \
    "attention_bias true is not supported"
declined "Qwen3's head_dim by default" $part '/"head_dim"/d' \
    "k_proj.weight has the shape \[52, 60\], wanted \[256, 60\]\|q_proj.weight .* wanted \[512, 60\]"
declined "a Qwen3 is no LLaMA" $part 's/"model_type": "qwen3"/"model_type": "llama"/' \
    "self_attn.[kq]_norm.weight lies inside a layer"
declined "a LLaMA is no Qwen3" llama_gqa 's/"model_type": "llama"/"model_type": "qwen3"/' \
    "tensor model.layers.0.self_attn.q_norm.weight is missing"
unlike "Qwen3 without its window" $head "$kinds; s/\"use_sliding_window\": true/\"use_sliding_window\": false/"
has "Qwen3 without its window" window 0
headless $part Qwen3Model
check "convert: a Qwen3Model, tied" $B/slm-convert $T/flaw $T/b.slm --type f32
same "convert: a Qwen3Model, tied, is the same model" $B/golden/$part.slm $T/b.slm
headless $head Qwen3Model; reject "a Qwen3Model, untied" "tensor lm_head.weight is missing" $T/flaw

window=mistral_window; whole=mistral_whole
unlike "Mistral's window by default" $window '/"sliding_window"/d'; has "Mistral's window by default" window 300
unlike "a Mistral without a window" $window 's/"sliding_window": 11/"sliding_window": null/'
has "a Mistral without a window" window_layers 0
sliding='"sliding_attention", "sliding_attention"'; full='"full_attention", "full_attention"'
alike "layer_types that say the same" $window "s/\"use_cache\"/\"layer_types\": [$sliding], \"use_cache\"/"
alike "layer_types without a window" $whole "s/\"use_cache\"/\"layer_types\": [$full], \"use_cache\"/"
declined "layer_types that Mistral does not follow" $window \
    "s/\"use_cache\"/\"layer_types\": [$full], \"use_cache\"/" "layer_types: full_attention is not supported"
declined "layer_types that have no window" $whole \
    "s/\"use_cache\"/\"layer_types\": [$sliding], \"use_cache\"/" "without a sliding_window"
declined "a Mistral of whole heads" $window '/"head_dim"/d' "q_proj.weight has the shape \[84, 60\]"
same_rope "Mistral's rope_parameters" $whole '{"rope_type": "default", "rope_theta": 1e6}'

every=smollm3_every; list=smollm3_list; layers='/"no_rope_layers"/,/\]/d'
alike "layers without positions by their interval" $every "$layers"
alike "every fourth by default" $every "$layers; /\"no_rope_layer_interval\"/d"
alike "the list before the interval" $list 's/"no_rope_layer_interval": 4/"no_rope_layer_interval": 0/'
alike "a list of true and false" $list "$layers; s/\"use_cache\"/\"no_rope_layers\": [false, true, false, false], \"use_cache\"/"
alike "SmolLM3's base by default" $every '/"rope_theta"/d'
alike "SmolLM3's head is tied by default" $every 's/"use_cache"/"tie_word_embeddings": true, "use_cache"/'
unlike "another interval" $every "$layers; s/\"no_rope_layer_interval\": 4/\"no_rope_layer_interval\": 2/"
has "another interval: layers 2 and 4 of 5 have no positions" rotary_layers 3
unlike "a SmolLM3 that is a LLaMA" $list 's/"model_type": "smollm3"/"model_type": "llama"/'
for step in 0 -1 1.5 '"x"'; do
    declined "an interval of $step" $every "$layers; s/\"no_rope_layer_interval\": 4/\"no_rope_layer_interval\": $step/" \
        "no_rope_layer_interval must be"
done
for values in '[0, 1, 0]' '[0, 1, 0, 2]' '[0, 1, 0, "x"]' '[0, 1, 0, 0.5]' 7; do
    declined "no_rope_layers $values" $list "$layers; s/\"use_cache\"/\"no_rope_layers\": $values, \"use_cache\"/" \
        "no_rope_layers must be a list"
done
for flag in use_sliding_window attention_bias mlp_bias; do
    declined "SmolLM3's $flag" $list "s/\"$flag\": false/\"$flag\": true/" "$flag true is not supported"
done
declined "SmolLM3's windows" $list 's/"full_attention",$/"sliding_attention",/' "without a sliding_window"

part=gpt2_part; inner=gpt2_inner
alike "an inner size by default" $part '/"n_inner"/d'
alike "scaled scores by default" $part '/"scale_attn_weights"/d'
alike "a null is false" $inner 's/"scale_attn_weights": false/"scale_attn_weights": null/'
alike "upcast scores" $part 's/"reorder_and_upcast_attn": false/"reorder_and_upcast_attn": true/'
alike "gelu_new by default" $part '/"activation_function"/d'
alike "other names of the sizes" $part 's/"n_layer"/"num_hidden_layers"/; s/"n_embd"/"hidden_size"/
    s/"n_head"/"num_attention_heads"/; s/"n_positions"/"max_position_embeddings"/'
unlike "unscaled scores" $part 's/"scale_attn_weights": true/"scale_attn_weights": false/'
unlike "GPT-2 with exact GELU" $part 's/"gelu_new"/"gelu"/'
for flag in scale_attn_by_inverse_layer_idx add_cross_attention; do
    declined "GPT-2's $flag" $part "/\"$flag\"/d; s/\"use_cache\"/\"$flag\": true, \"use_cache\"/" \
        "$flag true is not supported"
done
declined "GPT-2 with tanh" $part 's/"gelu_new"/"tanh"/' "activation_function tanh is not supported"
declined "301 positions" $part 's/"n_positions": 300/"n_positions": 301/' \
    "wpe.weight has the shape \[300, 44\], wanted \[301, 44\]"
declined "an inner size that the tensors have not" $part 's/"n_inner": null/"n_inner": 100/' \
    "c_fc.weight has the shape \[44, 176\], wanted \[44, 100\]"
headless $part GPT2Model
check "convert: a GPT2Model" $B/slm-convert $T/flaw $T/b.slm --type f32
same "convert: a GPT2Model is the same model" $B/golden/$part.slm $T/b.slm

part=neox_part; wide=neox_wide; after=neox_after; inner=neox_after_inner
alike "a parallel residual by default" $part '/"use_parallel_residual"/d'
alike "biases by default" $part '/"attention_bias"/d'
alike "a null parallel residual is none" $after 's/"use_parallel_residual": false/"use_parallel_residual": null/'
alike "a quarter by default" $inner '/"rotary_pct"/d'
alike "a base of 10000 by default" $after '/"rotary_emb_base"/d'
alike "rope_theta is not read" $part 's/"rope_theta": 5000/"rope_theta": 7/'
alike "partial_rotary_factor is not read" $part 's/"partial_rotary_factor": 0.3/"partial_rotary_factor": 1/'
unlike "GPT-NeoX, sequential" $part 's/"use_parallel_residual": true/"use_parallel_residual": false/'
has "GPT-NeoX, sequential" architecture '"gpt_neox_sequential"'
unlike "another base" $part 's/"rotary_emb_base": 5000/"rotary_emb_base": 5001/'
unlike "GPT-NeoX with the other GELU" $part 's/"gelu"/"gelu_fast"/'
declined "GPT-NeoX without biases" $part 's/"attention_bias": true/"attention_bias": false/' \
    "attention_bias false is not supported"
declined "an odd rotary size" $part 's/"rotary_pct": 0.3/"rotary_pct": 0.25/' \
    "a rotary size of 5 does not fit heads of 20"
declined "an activation that nobody has" $part 's/"gelu"/"quick_gelu"/' "hidden_act quick_gelu is not"
declined "GPT-NeoX's yarn" $part 's/"rope_scaling": null/"rope_scaling": {"type": "yarn"}/' \
    "rope_scaling yarn is not supported"
# rotary PARAMETERS [MEMBERS]: as transformers 5 has them
rotary() {
    config $part '/"rope_scaling"/d; /"rope_theta"/d; /"partial_rotary_factor"/d; /"rotary_pct"/d
        /"rotary_emb_base"/d; s/"use_cache"/'"${2:+$2, }"'"rope_parameters": '"$1"', "use_cache"/'
    check "convert: GPT-NeoX's rope_parameters" $B/slm-convert $T/flaw $T/alike.slm --type f32
    same "convert: GPT-NeoX's rope_parameters $1 $2" $T/alike.slm $B/golden/$part.slm
}
rotary '{"rope_theta": 5000, "partial_rotary_factor": 0.3, "rope_type": "default"}'
rotary '{"rope_theta": 5000}' '"rotary_pct": 0.3'
rotary '{"partial_rotary_factor": 0.3}' '"rotary_emb_base": 5000'
rotary '{"rope_theta": 5000, "partial_rotary_factor": 0.3}' '"rotary_pct": 0.5, "rotary_emb_base": 1'
config $part 's/"tie_word_embeddings": false/"tie_word_embeddings": true/'
check "convert: a tied head that is another" $B/slm-convert $T/flaw $T/alike.slm --type f32
said "... with a warning" "warning: .* embed_out.weight is another: it is left out"
headless $wide GPTNeoXModel
check "convert: a GPTNeoXModel, tied" $B/slm-convert $T/flaw $T/b.slm --type f32
same "convert: a GPTNeoXModel, tied, is the same model" $B/golden/$wide.slm $T/b.slm
headless $after GPTNeoXModel; reject "a GPTNeoXModel, untied" "tensor embed_out.weight is missing" $T/flaw

# -- buffers that older checkpoints carry
# buffered CASE TENSOR BUFFER...
buffered() {
    case=$1 before=$2; shift 2
    rm -rf $T/old; cp -r tests/golden/$case $T/old; chmod -R u+w $T/old
    $H replace tests/golden/$case/model.safetensors $T/old/model.safetensors "\"$before\":" "$(
        for name in "$@"; do
            printf '"%s":{"dtype":"F32","shape":[0],"data_offsets":[0,0]},' $name
        done)\"$before\":" || bad "helper replace"
    check "convert: $case with buffers" $B/slm-convert $T/old $T/old.slm --type f32
    same "convert: ... which are skipped" $T/old.slm $B/golden/$case.slm
}
buffered gpt2_part transformer.wte.weight transformer.h.0.attn.bias transformer.h.1.attn.masked_bias
buffered neox_part embed_out.weight gpt_neox.layers.0.attention.bias \
    gpt_neox.layers.1.attention.masked_bias gpt_neox.layers.1.attention.rotary_emb.inv_freq
config neox_part 's/"num_hidden_layers": 2/"num_hidden_layers": 1/'
reject "layers too many" "gpt_neox.layers.1.[a-z_.]* lies inside a layer" $T/flaw

# -- every type, in the portable set and in the best
for case in qwen2_wide qwen3_wide mistral_window smollm3_list gpt2_inner neox_wide neox_after_inner; do
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

# -- a decoder that sentence-transformers saved: its vector is the last token's, or it is refused
modules() { # MODE [MODULE]
    config qwen3_part 's/"use_cache"/"x": 1, "use_cache"/'
    mkdir $T/flaw/1_Pooling; echo "{\"pooling_mode_$1\": true}" >$T/flaw/1_Pooling/config.json
    echo "[{\"path\": \"\", \"type\": \"s.Transformer\"},
        {\"path\": \"1_Pooling\", \"type\": \"s.Pooling\"}$2]" >$T/flaw/modules.json
}
modules lasttoken
check "convert: the last token's vector" $B/slm-convert $T/flaw $T/x.slm --type f32
same "convert: ... changes nothing" $T/x.slm $B/golden/qwen3_part.slm
grep -q Normalize $T/err && bad "convert: nothing is said of the last token's vector" || ok
modules lasttoken ', {"path": "2", "type": "s.Normalize"}'
check "convert: a decoder with Normalize" $B/slm-convert $T/flaw $T/x.slm --type f32
said "convert: ... which is said" "warning: .*neither Normalize nor prompts are kept"
modules lasttoken
echo '{"prompts": {"query": "Q: "}}' >$T/flaw/config_sentence_transformers.json
check "convert: a decoder with prompts" $B/slm-convert $T/flaw $T/x.slm --type f32
said "convert: ... which are said" "warning: .*neither Normalize nor prompts are kept"
modules mean_tokens; reject "a decoder's mean" "of a decoder mean is not supported" $T/flaw
modules lasttoken ', {"path": "2_Dense", "type": "s.Dense"}'
reject "a decoder without its dense layer" "2_Dense/config.json: No such file" $T/flaw
