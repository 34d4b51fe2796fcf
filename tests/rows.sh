# rows.sh - what slm-convert reads from the configurations of LLaMA. run.sh, which counts, reads
# this file after tools.sh.

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
