# encoder_configs.sh - what slm-convert reads from the configurations of BERT, RoBERTa, DistilBERT
# and MobileBERT and from sentence-transformers' files, and what it refuses. run.sh reads this file.

# encoder CASE EXPRESSION: $T/flaw becomes the golden case with its config.json changed by sed
encoder() {
    rm -rf $T/flaw; mkdir $T/flaw
    for file in tests/golden/encoders/$1/*.safetensors* tests/golden/encoders/$1/*.bin*; do
        [ -f $file ] && ln -s $PWD/$file $T/flaw
    done
    sed "$2" tests/golden/encoders/$1/config.json >$T/flaw/config.json
    cmp -s tests/golden/encoders/$1/config.json $T/flaw/config.json && [ "$2" ] &&
        bad "convert: $1: $2 changes nothing" || ok
}
refuses() { # NAME CASE EXPRESSION WORDS
    encoder $2 "$3"
    reject "$1" "$4" $T/flaw
}
shows() { # NAME LINE: slm-info of $T/m.slm
    $B/slm-info $T/m.slm | grep -q "^$2\$" && ok || bad "$1: no line $2"
}

first='s/^{/{"X": Y,/'
add() { echo "$first" | sed "s/X/$1/; s/Y/$2/"; }
refuses "BERT as a decoder" bert_model "$(add is_decoder true)" "is_decoder true is not supported"
refuses "cross attention" bert_model "$(add add_cross_attention true)" "add_cross_attention"
relative=$(add position_embedding_type '"relative_key"')
refuses "relative positions" bert_model "/position_embedding_type/d; $relative" \
    "position_embedding_type relative_key is not supported"
refuses "an unknown activation" bert_model 's/"hidden_act": "[a-z_]*"/"hidden_act": "quick_gelu"/' \
    "hidden_act quick_gelu is not supported; supported: gelu"
refuses "multiple choice" bert_classify 's/BertForSequenceClassification/BertForMultipleChoice/' \
    "BertForMultipleChoice is not supported"
refuses "a head that is not there" bert_model 's/BertModel/BertForQuestionAnswering/' \
    "qa_outputs.weight is missing"
refuses "two heads of one name" bert_classify \
    's/"BertForSequenceClassification"/&, "BertForTokenClassification"/' \
    "have the same name"
refuses "labels of another number" bert_classify 's/"0": "[^"]*",//' \
    "id2label has no text for label 0"
refuses "an unknown problem_type" bert_multi 's/multi_label_classification/ranking/' \
    "problem_type ranking"
refuses "heads that do not divide the hidden size" bert_model \
    's/"num_attention_heads": [0-9]*/"num_attention_heads": 11/' "divide\|shape"
# -- RoBERTa
refuses "RoBERTa with relative positions" roberta_model "/position_embedding_type/d; $relative" \
    "position_embedding_type relative_key is not supported"
refuses "RoBERTa as a decoder" roberta_fill "$(add is_decoder true | sed 's/^/\/is_decoder\/d; /')" \
    "is_decoder true is not supported"
refuses "RoBERTa without padding" roberta_model 's/"pad_token_id": 1/"pad_token_id": null/' \
    "pad_token_id has to be below vocab_size"
refuses "a padding beyond the vocabulary" roberta_model 's/"pad_token_id": 1/"pad_token_id": 97/' \
    "pad_token_id has to be below vocab_size"
refuses "a padding beyond the positions" roberta_model \
    's/"pad_token_id": 1/"pad_token_id": 40/' "leaves no position behind pad_token_id 40"
refuses "another padding" roberta_model \
    's/"max_position_embeddings": 33/"max_position_embeddings": 34/' "\[33, 39\], wanted \[34, 39\]"
refuses "RoBERTa's multiple choice" roberta_classify \
    's/RobertaForSequenceClassification/RobertaForMultipleChoice/' "RobertaForMultipleChoice is not"
refuses "RoBERTa's head that is not there" roberta_model 's/RobertaModel/RobertaForMaskedLM/' \
    "lm_head.dense.weight is missing"
encoder roberta_model 's/"pad_token_id": 1,//' # the class's default
check "convert: RoBERTa's padding by default" $B/slm-convert $T/flaw $T/m.slm --type f32
same "convert: ... is the same" $T/m.slm $B/golden/encoders/roberta_model.slm
shows "RoBERTa's longest text" "longest_text  *31"
for type in q8 q4; do
    check "roberta_wide $type" $B/slm-convert tests/golden/encoders/roberta_wide $T/m.slm --type $type
    check "roberta_wide $type verifies" $B/slm-info $T/m.slm --verify
done

refuses "six feed-forwards" mobile_1100n \
    's/"num_feedforward_networks": [0-9]*/"num_feedforward_networks": 6/' "at most 5 are supported"
refuses "an unknown norm" mobile_1100n 's/no_norm/batch_norm/' "normalization_type batch_norm"
for type in q8 q4f q4; do
    refused "convert: MobileBERT as $type" 1 "does not suit mobilebert" $B/slm-convert \
        tests/golden/encoders/mobile_1100n $T/m.slm --type $type
done
encoder bert_tag ''
for type in f16 bf16 q8 q4f q4; do
    check "bert_tag $type" $B/slm-convert $T/flaw $T/m.slm --type $type
    check "bert_tag $type verifies" $B/slm-info $T/m.slm --verify
    check "bert_tag $type from f32" $B/slm-convert $B/golden/encoders/bert_tag.slm $T/n.slm \
        --type $type
    same "bert_tag $type is the same either way" $T/m.slm $T/n.slm
done

# -- sentence vectors
sentences() { # the golden model as sentence-transformers saves one, MODULES after the first two
    encoder bert_model ''
    hidden=$(sed -n 's/.*"hidden_size": \([0-9]*\).*/\1/p' $T/flaw/config.json)
    mkdir $T/flaw/1_Pooling $T/flaw/2_Dense
    m=sentence_transformers.models
    echo "[{\"idx\": 0, \"name\": \"0\", \"path\": \"\", \"type\": \"$m.Transformer\"},
      {\"idx\": 1, \"name\": \"1\", \"path\": \"1_Pooling\", \"type\": \"$m.Pooling\"}$1]" \
        >$T/flaw/modules.json
    echo '{"pooling_mode_cls_token": false, "pooling_mode_mean_tokens": true}' \
        >$T/flaw/1_Pooling/config.json
}
module() { # NAME: the third one
    echo ",{\"idx\": 2, \"path\": \"2_$1\", \"type\": \"sentence_transformers.models.$1\"}"
}
normalize=$(module Normalize)
dense=$(module Dense)
sentences "$normalize"
echo '{"max_seq_length": 7, "do_lower_case": false}' >$T/flaw/sentence_bert_config.json
echo '{"prompts": {"query": "q: ", "text": ""}, "default_prompt_name": "query"}' \
    >$T/flaw/config_sentence_transformers.json
check "convert: sentence-transformers' directory" $B/slm-convert $T/flaw $T/m.slm --type f32
shows "sentence vectors" "pooling  *mean"
shows "the longest text" "longest_text  *7"
for mode in pooling_mode_mean_sqrt_len_tokens pooling_mode_weightedmean_tokens; do
    sentences ""
    echo "{\"$mode\": true}" >$T/flaw/1_Pooling/config.json
    reject "$mode" "$mode is not supported" $T/flaw
done
sentences ""
echo '{"pooling_mode_cls_token": true, "pooling_mode_mean_tokens": true}' \
    >$T/flaw/1_Pooling/config.json
reject "two pooling modes" "one of the pooling modes" $T/flaw
sentences ""
echo '{"pooling_mode_mean_tokens": true, "include_prompt": false}' >$T/flaw/1_Pooling/config.json
reject "include_prompt false" "include_prompt false is not supported" $T/flaw
sentences "$(echo "$dense" | sed 's/Dense/WordWeights/g')"
reject "an unknown module" "WordWeights is not supported" $T/flaw
sentences "$normalize$(echo "$dense" | sed 's/"idx": 2/"idx": 3/')"
reject "a dense layer behind the unit length" "Dense is not supported" $T/flaw
sentences "$dense"
echo "{\"in_features\": $hidden, \"out_features\": 4, \"activation_function\": \"a.GELU\"}" \
    >$T/flaw/2_Dense/config.json
reject "a dense layer with another activation" "GELU is not supported" $T/flaw
sentences "$dense"
echo "{\"in_features\": 3, \"out_features\": 4}" >$T/flaw/2_Dense/config.json
reject "a dense layer of another size" "in_features has to be" $T/flaw
# -- as older and other releases of sentence-transformers save one
sentences "$normalize"
echo '{"max_seq_length": 9}' >$T/flaw/sentence_distilbert_config.json
check "convert: another name of its configuration" $B/slm-convert $T/flaw $T/m.slm --type f32
shows "the longest text of another name" "longest_text  *9"
mkdir $T/flaw/0_Transformer; mv $T/flaw/config.json $T/flaw/*.safetensors* $T/flaw/0_Transformer
mv $T/flaw/sentence_distilbert_config.json $T/flaw/0_Transformer
sed 's/"path": "", /"path": "0_Transformer", /' $T/flaw/modules.json >$T/flaw/new
mv $T/flaw/new $T/flaw/modules.json
check "convert: the model in a directory of its own" $B/slm-convert $T/flaw $T/n.slm --type f32
same "convert: ... is the same" $T/m.slm $T/n.slm
sentences ""
echo '{"max_seq_length": 9, "do_lower_case": true}' >$T/flaw/sentence_bert_config.json
reject "do_lower_case beside capitals" "do_lower_case true is not supported" $T/flaw
sentences ""
echo '{"truncation_side": "left"}' >$T/flaw/tokenizer_config.json
check "convert: truncation_side left" $B/slm-convert $T/flaw $T/m.slm --type f32
said "... is said" "warning: .*truncation_side left"
