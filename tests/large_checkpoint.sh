#!/bin/sh
# large_checkpoint.sh DIR LAYERS [noise] - a Phi of zeros, 13 MB a layer, that takes no room on the
# disk: the programs have time to be stopped in, and memory to waste. HIDDEN, FFN, VOCAB and DTYPE
# make it another; noise: F16 that is there.
set -e
hidden=${HIDDEN:-512} ffn=${FFN:-2048} vocab=${VOCAB:-2064} type=${DTYPE:-F32}
mkdir -p $1
sed 's/"hidden_size": 60/"hidden_size": '$hidden'/; s/"intermediate_size": 300/"intermediate_size": '$ffn'/
    s/_heads": [0-9]*/_heads": 8/; s/"num_hidden_layers": 2/"num_hidden_layers": '$2'/
    s/"vocab_size": 101/"vocab_size": '$vocab'/; s/"qk_layernorm": true/"qk_layernorm": false/
    s/"partial_rotary_factor": 0.4/"partial_rotary_factor": 0.5/
    s/"max_position_embeddings": 300/"max_position_embeddings": 2048/' \
    tests/golden/phi_gqa/config.json >$1/config.json
layer=0
while [ $layer -lt $2 ]; do
    p=model.layers.$layer
    for name in self_attn.q_proj self_attn.k_proj self_attn.v_proj self_attn.dense; do
        echo "$p.$name.weight $type ${hidden}x$hidden"
        echo "$p.$name.bias $type $hidden"
    done
    echo "$p.mlp.fc1.weight $type ${ffn}x$hidden"
    echo "$p.mlp.fc1.bias $type $ffn"
    echo "$p.mlp.fc2.weight $type ${hidden}x$ffn"
    for name in mlp.fc2.bias input_layernorm.weight input_layernorm.bias; do
        echo "$p.$name $type $hidden"
    done
    layer=$((layer + 1))
done >$1/tensors
for name in model.embed_tokens lm_head; do echo "$name.weight $type ${vocab}x$hidden"; done >>$1/tensors
for name in weight bias; do echo "model.final_layernorm.$name $type $hidden"; done >>$1/tensors
echo "lm_head.bias $type $vocab" >>$1/tensors
build/helper ${3:-new} $1/model.safetensors <$1/tensors
rm $1/tensors
