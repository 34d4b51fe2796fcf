# sentencepiece.sh - SentencePiece tokenizers: what slm-convert refuses by name, and the programs with
# one. run.sh, which counts, reads this file after tools.sh.
D=tests/data/pieces512; P=$T/pieces; mark=$(printf '\342\226\201')

# fresh ROWS: $P becomes a checkpoint without a tokenizer
fresh() { rm -rf $P; mkdir $P; $B/make-checkpoint $P $1; }
# with SED: ... with pieces512's tokenizer.json, changed
with() {
    fresh 512; cp $D/tokenizer_config.json $P
    sed "$1" $D/tokenizer.json >$P/tokenizer.json
    cmp $D/tokenizer.json $P/tokenizer.json >/dev/null 2>&1 && bad "pieces: '$1' changes nothing"
}
# slow [SED]: the same with its tokenizer.model, and tokenizer_config.json changed
slow() {
    fresh 512; cp $D/tokenizer.model $P
    sed "$1" $D/tokenizer_config.json >$P/tokenizer_config.json
}
with 's/"type":"Prepend","prepend":"'$mark'"/"type":"NFKC"/'
reject "pieces: NFKC" "normalizer NFKC is not supported" $P
with 's/"content":"'$mark'"/"content":"_"/'
reject "pieces: another mark" "normalizer Replace is not supported" $P
with 's/"pre_tokenizer":null/"pre_tokenizer":{"type":"Metaspace","replacement":"'$mark'"}/'
reject "pieces: two prefixes" "both a Prepend normalizer and a Metaspace" $P
with 's/"pre_tokenizer":null/"pre_tokenizer":{"type":"Whitespace"}/'
reject "pieces: another pre_tokenizer" "pre_tokenizer Whitespace is not supported" $P
with 's/{"type":"Fuse"},//'
reject "pieces: no Fuse" "decoder Strip is not supported" $P
with 's/{"type":"ByteFallback"},//'
reject "pieces: no ByteFallback" "without ByteFallback" $P
with 's/"type":"Strip","content":" ","start":1/"type":"Strip","content":" ","start":2/'
reject "pieces: two spaces stripped" "decoder Strip is not supported" $P
with 's/"<0x41>":/"<0x41x>":/'
reject "pieces: a byte is missing" "tokens of 255 bytes" $P
with 's/"unk_token":"<unk>"/"unk_token":"<none>"/'
reject "pieces: no unknown token" "the unknown token is not in the vocabulary" $P
with 's/"dropout":null/"dropout":0.1/'
reject "pieces: dropout" "option dropout" $P
with 's/"normalized":false/"normalized":true,"lstrip":true/; s/"lstrip":false,//'
reject "pieces: a normalized token that strips" "normalized and strips" $P
fresh 100; cp $D/tokenizer.json $P
reject "pieces: too few rows" "beyond the model's 100 vocabulary rows" $P
fresh 512; cp $D/tokenizer.json $P
sed 's/"legacy"/"add_prefix_space": false, "legacy"/' $D/tokenizer_config.json \
    >$P/tokenizer_config.json
reject "pieces: add_prefix_space" "add_prefix_space is not what tokenizer.json does" $P
cp $D/* $P
check "pieces: both files" $B/slm-convert $P $T/x.slm --type f16
same "pieces: tokenizer.json comes first" $T/x.slm $B/ids/pieces512.slm

slow ''; check "pieces: tokenizer.model alone" $B/slm-convert $P $T/x.slm --type f16
for cut in 1 2 100 3000 7000; do
    head -c $cut $D/tokenizer.model >$P/tokenizer.model
    reject "pieces: $cut bytes of tokenizer.model" "tokenizer.model: " $P
done
: >$P/tokenizer.model; reject "pieces: an empty tokenizer.model" "no pieces" $P
cp README.md $P/tokenizer.model; reject "pieces: a text" "tokenizer.model: protobuf" $P
mv $P/tokenizer.model $P/spiece.model
reject "pieces: spiece.model" "this kind of tokenizer is not supported" $P
slow 's/LlamaTokenizer/T5Tokenizer/'
reject "pieces: another class" "read by T5Tokenizer, which is not supported" $P
slow 's/"unk_token": "<unk>"/"unk_token": "<s>"/'
reject "pieces: another unknown token" "not the model's unknown piece" $P
slow ''; echo '{"new": 5}' >$P/added_tokens.json
reject "pieces: an id is taken" "have the same id 5" $P

check "pieces: slm-info" $B/slm-info $B/ids/pieces512.slm --verify
grep -q "SentencePiece BPE" $T/out && ok || bad "slm-info names the kind of tokenizer"
for name in pieces512 pieces-slow; do
    model=$B/ids/$name.slm
    (cat README.md; printf 'a\377\302 \355\240\200b\n') >$T/a
    $B/slm-tokenize $model --raw <$T/a >$T/ids && $B/slm-tokenize $model --decode <$T/ids >$T/b
    case $name in pieces512) (printf '<s> '; cat $T/a) >$T/c ;; *) (printf '<s>'; cat $T/a) >$T/c ;;
    esac
    same "slm-tokenize: $name, README and bad bytes, and back" $T/c $T/b
    head -c 300000 /dev/zero | tr '\0' l | $B/slm-tokenize $model --no-special >$T/ids
    [ "$(wc -w <$T/ids)" -gt 100000 ] && ok || bad "slm-tokenize: $name, 300,000 letters"
    check "slm-generate with $name" $B/slm-generate $model -p "Once" -n 20 --ignore-eos
    [ "$(head -c 4 $T/out)" = Once ] && ok || bad "slm-generate with $name repeats its prompt"
done

# -- a small trained LLaMA, with either file of its tokenizer, writes what llama2.c's test expects
stories=${SHARED:-../shared/data}/models/stories260K
if [ -f $stories/hf/model.safetensors ]; then
    sed 's/.*"text": "//; s/", "logits.*//; s/\\"/"/g' $stories/expected_greedy.json >$T/escaped
    printf '%b\n' "$(cat $T/escaped)" >$T/want
    (printf ' '; cat $T/want) >$T/spaced
    rm -rf $P; mkdir $P; cp $stories/hf/* $P; chmod u+w $P/*
    check "stories260K with tokenizer.json" $B/slm-convert $P $T/x.slm --type f32
    $B/slm-generate $T/x.slm -p "" --temp 0 -n 199 >$T/a 2>$T/err
    same "stories260K, whose tokenizer.json keeps the first space" $T/spaced $T/a
    sed 's/.*"text": "//; s/", "ids.*//' $stories/expected_ppl.json | tr -d '\n' >$T/published
    (sed 's/.*"ids": \[//; s/\].*//; s/,//g' $stories/expected_ppl.json; echo) >$T/ids
    ids_of() { $B/slm-tokenize $T/x.slm <$T/published >$T/a; same "$1: the published ids" $T/ids $T/a; }
    # perplexity TYPE LOW HIGH: of the published text
    perplexity() {
        check "stories260K as $1" $B/slm-convert $P $T/y.slm --type $1
        $B/slm-eval $T/y.slm --text $T/published >$T/a 2>$T/err
        awk -v low=$2 -v high=$3 '$1 == "perplexity" && $2 >= low && $2 <= high { ok = 1 }
            END { exit !ok }' $T/a && ok || bad "stories260K: perplexity of $1 ($(cat $T/a))"
    }
    ids_of "tokenizer.json"
    perplexity f32 2.1714 2.1716 # 2.17148 is published
    perplexity f16 2.1710 2.1720
    perplexity q8 2.128 2.215    # within 2%
    rm $P/tokenizer.json
    check "stories260K with tokenizer.model" $B/slm-convert $P $T/x.slm --type f32
    ids_of "tokenizer.model"
    $B/slm-generate $T/x.slm -p "" --temp 0 -n 199 >$T/a 2>$T/err
    same "stories260K writes 199 tokens as expected" $T/want $T/a
else skip "stories260K (it is not in $stories)"; fi

# where no file names a class, the type of model does, and the class its special tokens
for type in llama mistral smollm3; do
    rm -rf $P; mkdir $P; $B/make-checkpoint $P 512 32 llama
    sed -i "s/llama/$type/" $P/config.json; cp $D/tokenizer.json $P
    check "pieces: $type without a class" $B/slm-convert $P $T/y.slm --type f16
    ids=$(printf 'the cat</s>' | $B/slm-tokenize $T/y.slm)
    [ "$ids" = "1 266 267 288 2" ] && ok || bad "pieces: $type without a class: $ids"
    end=$($B/slm-info $T/y.slm | awk '$1 == "end_tokens" {print $2}')
    [ "$end" = "$([ $type = smollm3 ] || echo 2)" ] && ok || bad "pieces: $type ends at '$end'"
done
