# gemma.sh - what slm-convert reads from the configurations of Gemma 1, 2 and 3, what it refuses by
# name, their tokenizer's form, and their models in every type. run.sh, which counts, reads this
# file after configs.sh and sentencepiece.sh, whose functions it uses.
exact=gemma_exact; odd=gemma_odd; caps=gemma2_caps; wide=gemma2_wide; six=gemma3_six; long=gemma3_long

for case in $exact $odd $caps $six; do
    config $case 's/"attention_bias": false/"attention_bias": true/'
    reject "$case: attention_bias" "attention_bias true is not supported" $T/flaw
    config $case '/"use_bidirectional_attention"/d; s/"use_cache"/"use_bidirectional_attention": true, "use_cache"/'
    reject "$case: use_bidirectional_attention" "use_bidirectional_attention true is not" $T/flaw
    key=hidden_activation; [ $case = $exact ] || [ $case = $odd ] && key=hidden_act
    config $case "s/\"$key\": \"[a-z_]*\"/\"$key\": \"quick_gelu\"/"
    reject "$case: an activation" "$key quick_gelu is not supported; supported: gelu, " $T/flaw
    for type in yarn longrope; do
        config $case '/"rope_scaling"/,/}/d; s/"use_cache"/"rope_scaling": {"rope_type": "'$type'", "factor": 2}, "use_cache"/'
        reject "$case: rope_scaling $type" "rope_scaling $type is not supported" $T/flaw
    done
    config $case '/"head_dim"/d'
    reject "$case: head_dim is 256 by default" "q_proj.weight has the shape" $T/flaw
    unlike "$case: another rope_theta" $case 's/"rope_theta": [0-9.]*/"rope_theta": 77/'
done

# -- beside a vision tower: what counts is text_config, and tensors of other names
tower() { # PREFIX: gemma3_six as such a checkpoint
    rm -rf $T/flaw; mkdir $T/flaw; cp tests/golden/$six/model.safetensors $T/flaw
    (echo '{"model_type": "gemma3", "transformers_version": "4.57.6", "vision_config": {},
        "text_config":'; cat tests/golden/$six/config.json; echo '}') >$T/flaw/config.json
    for tensor in $($H names $T/flaw/model.safetensors); do
        mv $T/flaw/model.safetensors $T/before
        $H replace $T/before $T/flaw/model.safetensors "\"$tensor\":" "\"$1${tensor#model.}\":" ||
            bad "helper replace"
    done
}
for prefix in language_model.model. model.language_model.; do
    tower $prefix; check "convert: Gemma 3 as $prefix" $B/slm-convert $T/flaw $T/a.slm --type f32
    same "convert: Gemma 3 as $prefix is the same model" $T/a.slm $B/golden/$six.slm
done
sed -i 's/"num_hidden_layers": 7/"num_hidden_layers": 5/; /"layer_types"/,/\]/d' $T/flaw/config.json
reject "Gemma 3 with a layer more" "layers.[56].*lies inside a layer" $T/flaw
tower language_model.model.
sed -i 's/"final_logit_softcapping": null/"final_logit_softcapping": 5/' $T/flaw/config.json
reject "a cap beside a vision tower" "final_logit_softcapping is not supported with" $T/flaw
sed -i 's/"text_config"/"no_text_config"/' $T/flaw/config.json
reject "no text_config" "text_config must be an object" $T/flaw

# -- activations: gelu is exact; transformers 5 takes it for its tanh form in Gemma 1
check "convert: gelu" $B/slm-convert tests/golden/$exact $T/a.slm --type f32
said "gelu: a warning" "warning: .*hidden_act gelu is the exact GELU, as in transformers 4"
config $exact 's/"hidden_act": "gelu"/"hidden_act": "gelu_pytorch_tanh"/'
check "convert: gelu_pytorch_tanh" $B/slm-convert $T/flaw $T/tanh.slm --type f32
cmp -s $T/a.slm $T/tanh.slm && bad "gelu_pytorch_tanh is no gelu" || ok
config $exact 's/"transformers_version": "4/"transformers_version": "5/'
check "convert: gelu of transformers 5" $B/slm-convert $T/flaw $T/five.slm --type f32
same "gelu of transformers 5 is its tanh form" $T/tanh.slm $T/five.slm
alike "Gemma 1: hidden_activation is not read" $odd 's/"hidden_activation": null/"hidden_activation": "relu"/'
alike "Gemma 1: gelu_pytorch_tanh by default" $odd '/"hidden_act"/d'
alike "Gemma 2: gelu_pytorch_tanh by default" $caps '/"hidden_activation"/d'
for name in relu silu gelu; do
    unlike "Gemma 2 with $name" $caps "s/\"hidden_activation\": \"[a-z_]*\"/\"hidden_activation\": \"$name\"/"
done

# -- caps, and the scale of scores
for cap in 0 -1 '"x"' 1e31; do
    for key in final_logit_softcapping attn_logit_softcapping; do
        config $caps "s/\"$key\": [0-9.]*/\"$key\": $cap/"
        reject "$key $cap" "$key must be" $T/flaw
    done
done
for key in final_logit_softcapping attn_logit_softcapping; do
    unlike "Gemma 2: no $key" $caps "s/\"$key\": [0-9.]*/\"$key\": null/"
    unlike "Gemma 2: the default $key" $caps "/\"$key\"/d"
done
alike "Gemma 3: no final_logit_softcapping by default" $six '/"final_logit_softcapping"/d'
config $six 's/"attn_logit_softcapping": null/"attn_logit_softcapping": 5/'
check "convert: Gemma 3's attn_logit_softcapping" $B/slm-convert $T/flaw $T/a.slm --type f32
said "... is ignored" "warning: .*attn_logit_softcapping is ignored, as transformers does"
same "... as transformers does" $T/a.slm $B/golden/$six.slm
for scalar in 0 -3 '"x"'; do
    config $caps "s/\"query_pre_attn_scalar\": 20/\"query_pre_attn_scalar\": $scalar/"
    reject "query_pre_attn_scalar $scalar" "query_pre_attn_scalar must be" $T/flaw
done
unlike "query_pre_attn_scalar is 256 by default" $caps '/"query_pre_attn_scalar"/d'

# -- which layers have a window
types='/"layer_types"/,/\]/d'
alike "Gemma 2: each second layer sees all by default" $caps "$types"
alike "Gemma 3: each sixth layer sees all by default" $six "$types; /sliding_window_pattern/d"
alike "Gemma 3: sliding_window_pattern" $long "$types"
alike "Gemma 3: layer_types wins" $long 's/"sliding_window_pattern": 2/"sliding_window_pattern": 3/'
unlike "Gemma 3: another pattern" $long "$types; s/\"sliding_window_pattern\": 2/\"sliding_window_pattern\": 3/"
unlike "Gemma 2: another window" $caps 's/"sliding_window": 7/"sliding_window": 8/'
unlike "Gemma 3: all layers see all" $long 's/"sliding_attention"/"full_attention"/'
for pattern in 0 -1 2.5 '"x"' 513; do
    config $long "$types; s/\"sliding_window_pattern\": 2/\"sliding_window_pattern\": $pattern/"
    reject "sliding_window_pattern $pattern" "sliding_window_pattern must be" $T/flaw
done
for window in 0 -1 2.5 '"x"' null 16777217; do
    config $caps "s/\"sliding_window\": 7/\"sliding_window\": $window/"
    reject "sliding_window $window" "sliding_window must be" $T/flaw
done
for name in chunked_attention linear_attention x; do
    config $wide "s/\"full_attention\"/\"$name\"/"
    reject "layer_types: $name" "layer_types: $name is not supported; supported: full_attention" $T/flaw
done
config $wide 's/"full_attention",//'
reject "layer_types too short" "layer_types does not name the attention of 2 layers" $T/flaw
config $wide 's/"layer_types": \[/"layer_types": "full_attention", "x": [/'
reject "layer_types that is no list" "layer_types does not name" $T/flaw

# -- Gemma 3's two bases, as transformers 4 and 5 write them
unlike "another rope_local_base_freq" $six 's/"rope_local_base_freq": 3.0/"rope_local_base_freq": 4.0/'
unlike "rope_local_base_freq is 10000 by default" $six '/"rope_local_base_freq"/d'
config $six 's/"rope_local_base_freq": 3.0/"rope_local_base_freq": 0/'
reject "rope_local_base_freq 0" "rope_local_base_freq must be above 0" $T/flaw
local3='"rope_local_base_freq": 3.0'
full='"full_attention": {"rope_type": "linear", "factor": 8.0, "rope_theta": 100.0}'
rope5() { # PARAMETERS: gemma3_six with these rope_parameters
    config $six '/"rope_scaling": {/,/}/d; /"rope_theta"/d; /"rope_local_base_freq"/d
        s/"use_cache"/"rope_parameters": '"$1"', "use_cache"/'
}
same5() { # NAME PARAMETERS
    rope5 "$2"; check "convert: $1" $B/slm-convert $T/flaw $T/a.slm --type f32
    same "convert: $1 is the same model" $T/a.slm $B/golden/$six.slm
}
same5 "rope_parameters" "{$full, \"sliding_attention\": {\"rope_theta\": 3.0}}"
same5 "rope_parameters of full_attention alone" "{$full}, $local3"
same5 "rope_parameters win" "{$full, \"sliding_attention\": {\"rope_theta\": 3.0}}, \"rope_local_base_freq\": 9, \"rope_theta\": 9"
same5 "a null sliding_attention" "{$full, \"sliding_attention\": null}, $local3"
rope5 "{$full, \"sliding_attention\": {\"rope_type\": \"linear\", \"factor\": 2, \"rope_theta\": 3.0}}"
check "convert: a scaled window" $B/slm-convert $T/flaw $T/a.slm --type f32
cmp -s $T/a.slm $B/golden/$six.slm && bad "a scaled window is another model" || ok
rope5 "{$full, \"sliding_attention\": {\"rope_type\": \"yarn\"}}"
reject "sliding_attention of yarn" "rope_parameters yarn is not supported" $T/flaw
rope5 "{$full, \"sliding_attention\": {\"partial_rotary_factor\": 0.5}}"
reject "sliding_attention of a part" "a partial_rotary_factor is not supported" $T/flaw
rope5 '{"rope_type": "default", "rope_theta": 5}'
reject "rope_parameters of no kind of layer" "rope_parameters: rope_type is not supported" $T/flaw
rope5 "{$full, \"x\": {}}"; reject "another kind of layer" "rope_parameters: x is not" $T/flaw
rope5 "{$full}, \"rope_scaling\": {\"rope_type\": \"linear\", \"factor\": 2}"
reject "both objects" "rope_scaling beside rope_parameters is not supported" $T/flaw
config $caps 's/"use_cache"/"rope_parameters": {"full_attention": {}}, "use_cache"/'
reject "Gemma 2's rope_parameters of kinds of layers" "one kind of layer (full_attention)" $T/flaw

# -- norms: 1 is added once, to vectors alone, in float
for case in $odd $six; do
    check "convert: $case from its .slm" $B/slm-convert $B/golden/$case.slm $T/a.slm --type f32
    same "convert: $case: 1 is added once" $T/a.slm $B/golden/$case.slm
done

# -- its tokenizer's form
gemma=tests/data/pieces-gemma
# spaced SED: $P becomes a checkpoint with this tokenizer, changed
spaced() {
    fresh 830; cp $gemma/tokenizer_config.json $P
    sed "$1" $gemma/tokenizer.json >$P/tokenizer.json
    cmp -s $gemma/tokenizer.json $P/tokenizer.json && bad "gemma: '$1' changes nothing"
}
spaced 's/"pattern":{"String":" "},"behavior"/"pattern":{"String":"x"},"behavior"/'
reject "gemma: a split at another character" "pre_tokenizer Split.* is not supported" $P
spaced 's/"invert":false/"invert":true/'
reject "gemma: an inverted split" "pre_tokenizer Split.* is not supported" $P
spaced 's/"behavior":"MergedWithPrevious"/"behavior":"Isolated"/'
reject "gemma: another behaviour" "pre_tokenizer Split.* is not supported" $P
spaced 's/"normalizer":{"type":"Replace"[^}]*},/"normalizer":{"type":"Sequence","normalizers":[],/'
reject "gemma: a split of spaces that are left" "pre_tokenizer Split.* is not supported" $P
spaced 's/"decoders":\[{"type":"Replace"/"decoders":[{"type":"Metaspace"/'
reject "gemma: another decoder" "decoder Metaspace is not supported" $P
spaced 's/"type":"TemplateProcessing"/"type":"None"/'
check "gemma: its class has a post_processor of its own" $B/slm-convert $P $T/x.slm --type f16
printf 'a\n' | $B/slm-tokenize $T/x.slm >$T/ids
[ "$(head -c 2 $T/ids)" = "2 " ] && ok || bad "gemma: its class puts BOS first"
fresh 830; cp $gemma/* $P; sed -i 's/{/{"from_slow": true, /' $P/tokenizer_config.json
reject "gemma: from_slow" "from_slow is not supported with GemmaTokenizer" $P
fresh 512; cp $D/tokenizer.model $P; cp $gemma/tokenizer_config.json $P
reject "gemma: tokenizer.model" "read by GemmaTokenizer, which is not supported" $P

# -- every type, in the portable set and in the best; the window, the caps and the bases are there
for case in $exact $odd $caps $wide $six $long; do
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
