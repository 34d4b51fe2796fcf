# saved_tokenizers.sh - tokenizers as transformers 4 and 5 write them (make_saved_tokenizers.py has their ids), tokens
# beyond the model's rows, and what refusals say. run.sh, which counts, reads this file after
# sentencepiece.sh.
S=tests/golden/saved

# put_together NAME: $P becomes the directory of a case
put_together() {
    rm -rf $P; mkdir $P; cp $S/$1/* $P
    read -r base rows kind version files <$S/$1/base
    for file in $files; do ln -s $PWD/tests/data/$base/$file $P; done
    $B/make-checkpoint $P $rows 32 $kind
    sed -i '1s/{/{"transformers_version": "'$version'", /' $P/config.json
}
for item in $(ls $S); do
    [ -d $S/$item ] || continue
    put_together $item
    check "saved: $item" $B/slm-convert $P $T/x.slm --type f16
    $B/slm-tokenize $T/x.slm --jsonl <$S/texts.jsonl >$T/ids
    tr -d ' ' <$S/$item/ids.jsonl >$T/want; tr -d ' ' <$T/ids >$T/got
    same "saved: $item: Hugging Face's ids" $T/want $T/got
    $B/slm-tokenize $T/x.slm --jsonl --decode <$S/$item/ids.jsonl |
        $B/slm-tokenize $T/x.slm --jsonl --raw >$T/a
    $B/slm-tokenize $T/x.slm --jsonl --raw <$S/$item/decoded.jsonl >$T/b
    same "saved: $item: Hugging Face's text of them" $T/a $T/b
done
put_together five; sed -i 's/LlamaTokenizer/Qwen2Tokenizer/' $P/tokenizer_config.json
reject "saved: a class of other rules" "Qwen2Tokenizer of transformers 5 is not supported" $P
put_together five-model; sed -i 's/LlamaTokenizer/TokenizersBackend/' $P/tokenizer_config.json
reject "saved: tokenizer.model for any class" "read by TokenizersBackend, which is not" $P
put_together five; sed -i 's/"<0x/"<1x/g' $P/tokenizer.json
reject "saved: LlamaTokenizer of 5 without bytes" "no tokens of bytes" $P
put_together five-bytes-files; sed -i 's/{/{"add_eos_token": true, /' $P/tokenizer_config.json
check "saved: EOS behind a text, byte-level" $B/slm-convert $P $T/y.slm
printf 'Once' | $B/slm-tokenize $T/y.slm >$T/ids
grep -q '^2047 .* 2047$' $T/ids && ok || bad "saved: BOS and EOS around a text, byte-level"
put_together five-plain; sed 's/"normalized":false/"normalized":true/' $D/tokenizer.json >$P/new
mv $P/new $P/tokenizer.json
sed -i 's/{/{"added_tokens_decoder": {"0": {"content": "<unk>", "special": true}}, /' \
    $P/tokenizer_config.json
reject "saved: normalized in one file alone" "normalized in tokenizer.json alone" $P

# -- tokens beyond the model's rows. Whichever file names them, the rest is the same tokenizer.
beyond() { # NAME LIST: $P converts with a warning of the LIST, to the same as before in $T/x.slm
    check "rows: $1" $B/slm-convert $P $T/y.slm --type f16
    grep -q "warning: .*beyond the model's 512 vocabulary rows are left out: $2\$" $T/err && ok ||
        { bad "rows: $1: says $2"; cat $T/err; }
    same "rows: $1: the same model" $T/x.slm $T/y.slm
}
token() { echo '{"id": '"$1"', "content": "'"$2"'", "special": '"${3:-true}"'}'; }
fresh 512; cp $D/tokenizer.json $D/tokenizer_config.json $P
check "rows: nothing beyond" $B/slm-convert $P $T/x.slm --type f16
[ "$(grep -c warning $T/err)" = 0 ] && ok || bad "rows: a warning without a reason"
sed 's/"added_tokens":\[/&'"$(token 512 '[PAD]'),"'/' $D/tokenizer.json >$P/tokenizer.json
beyond "an added token of tokenizer.json" '512 "\[PAD\]"'
sed -i 's/{/{"pad_token": "[PAD]", /' $P/tokenizer_config.json
echo '{"[PAD]": 512}' >$P/added_tokens.json
echo '{"pad_token": "[PAD]", "additional_special_tokens": ["<x>"]}' >$P/special_tokens_map.json
beyond "the same one in four files, and another one" '512 "\[PAD\]", 513 "<x>"'
rm $P/*_map.json $P/added_tokens.json
sed 's/"vocab":{/&"<\\u001b\\u0085>":600,/' $D/tokenizer.json >$P/tokenizer.json
cp $D/tokenizer_config.json $P
beyond "a token of the vocabulary, with control characters" '600 "<\\x1b\\xc2\\x85>"'
grep -q "$(printf '[\033\302]')" $T/err && bad "rows: control characters in a message" || ok
long=$(printf '%0300d' 0)
echo "{\"<0>\": 512, \"<1>\": 513, \"<2>\": 514, \"<3>\": 515, \"<4>\": 516, \"<5>\": 517,
    \"<6>\": 518, \"<7>\": 519, \"<8>\": 520, \"$long\": 521}" >$P/added_tokens.json
cp $D/tokenizer.json $P
beyond "more than a line holds, and a long one" \
    '512 "<0>", 513 "<1>", .* 518 "<6>", 519 "<7>" and 2 more'
rm $P/added_tokens.json
sed 's/{/{"added_tokens_decoder": {"512": '"$(token 512 '<d>' | sed 's/"id": 512, //')"'}, /' \
    $D/tokenizer_config.json >$P/tokenizer_config.json
beyond "added_tokens_decoder" '512 "<d>"'
cp $D/tokenizer_config.json $P; echo '{"<a>": 700, "<b>": 702}' >$P/added_tokens.json
beyond "ids with a hole before them" '512 "<a>", 513 "<b>"'; rm $P/added_tokens.json
sed 's/{/{"eos_token": "<end>", /; s/"eos_token": "<\/s>", *//' $D/tokenizer_config.json \
    >$P/tokenizer_config.json
check "rows: EOS beyond them" $B/slm-convert $P $T/y.slm
grep -q "EOS token 512 is beyond the model's 512 vocabulary rows, and left out" $T/err && ok ||
    bad "rows: EOS is said"
sed 's/{/{"bos_token": "<begin>", /; s/"bos_token": "<s>", *//' $D/tokenizer_config.json \
    >$P/tokenizer_config.json
check "rows: BOS beyond them" $B/slm-convert $P $T/y.slm
grep -q "BOS token 512 is beyond the model's 512 vocabulary rows, and left out" $T/err && ok ||
    bad "rows: BOS is said"
echo 'a<begin>' | $B/slm-tokenize $T/y.slm | tr ' ' '\n' >$T/ids
[ "$(awk '$1 > 511 || $1 == 1' $T/ids | wc -l)" = 0 ] && ok || bad "rows: an id beyond them"
echo '{"eos_token_id": [2, 600]}' >$P/generation_config.json
cp $D/tokenizer_config.json $P
check "rows: an end token beyond them" $B/slm-convert $P $T/y.slm --type f16
grep -q "end token 600 is not in the tokenizer" $T/err && ok || bad "rows: an end token is said"
same "rows: an end token beyond them: the same model" $T/x.slm $T/y.slm

# pieces and merges beyond the rows: nothing beyond them comes out, all text can be written
fresh 450; cp $D/tokenizer.json $D/tokenizer_config.json $P
check "rows: 62 tokens of the vocabulary beyond them" $B/slm-convert $P $T/y.slm
grep -q "left out: 450 .* and 54 more" $T/err && ok || bad "rows: 62 tokens are listed"
$B/slm-tokenize $T/y.slm --raw --no-special <README.md >$T/ids
[ "$(tr ' ' '\n' <$T/ids | awk '$1 > 449' | wc -l)" = 0 ] && ok || bad "rows: ids beyond them"
$B/slm-tokenize $T/y.slm --decode <$T/ids >$T/a
same "rows: README, and back" README.md $T/a
fresh 2000; cp tests/data/bpe2048/* $P; rm $P/tokenizer.json
check "rows: merges beyond them" $B/slm-convert $P $T/y.slm
$B/slm-tokenize $T/y.slm --raw <README.md >$T/ids
[ "$(tr ' ' '\n' <$T/ids | awk '$1 > 1999' | wc -l)" = 0 ] && ok || bad "rows: ids beyond them"
$B/slm-tokenize $T/y.slm --decode <$T/ids >$T/a
same "rows: README, and back, byte-level" README.md $T/a
fresh 200; cp tests/data/bpe2048/* $P; rm $P/tokenizer.json
reject "rows: a byte beyond them" "is beyond the model's 200 vocabulary rows, and a byte needs" $P

slow ''; check "rows: tokenizer.model" $B/slm-convert $P $T/x.slm --type f16
echo '{"new": 512, "<x>": 513}' >$P/added_tokens.json
beyond "added_tokens.json beside tokenizer.model" '512 "new", 513 "<x>"'
fresh 511; cp $D/tokenizer.model $D/tokenizer_config.json $P
check "rows: a piece of tokenizer.model" $B/slm-convert $P $T/y.slm
grep -q "beyond the model's 511 vocabulary rows are left out: 511 \"" $T/err && ok ||
    bad "rows: a piece is listed"
llama=${SHARED:-../shared/data}/tokenizers/llama
if [ -f $llama/tokenizer.json ]; then
    fresh 32000; cp $llama/*.json $P; chmod u+w $P/*
    check "rows: LLaMA's [PAD]" $B/slm-convert $P $T/y.slm
    grep -q '32000 vocabulary rows are left out: 32000 "\[PAD\]"$' $T/err && ok ||
        bad "rows: LLaMA's [PAD] is said"
else skip "LLaMA's [PAD] (it is not in $llama)"; fi

# -- an added token longer than a .slm holds, and the way out of each refusal
fresh 515; cp $D/tokenizer_config.json $P
sed 's/"added_tokens":\[/&'"$(token 512 "<$long>"),"'/' $D/tokenizer.json >$P/tokenizer.json
reject "a long added token" 'added token 512 ("<0000.*\.\.\.") has 302 bytes; .* at most 255' $P
long=$(printf '%0253d' 0)
sed 's/"added_tokens":\[/&'"$(token 512 "<$long>"),"'/' $D/tokenizer.json >$P/tokenizer.json
check "an added token of 255 bytes" $B/slm-convert $P $T/y.slm
check "an added token of 255 bytes opens" $B/slm-info $T/y.slm
sed 's/"added_tokens":\[/&'"$(token 512 "<$long>" false),"'/' $D/tokenizer.json >$P/tokenizer.json
reject "a long added token, with its space" "has 256 bytes" $P
out="(without tokenizer.json the checkpoint converts to a model that works by token ids)"
parts='[{"type":"Whitespace"},{"type":"ByteLevel"}]'
with 's/"pre_tokenizer":null/"pre_tokenizer":{"type":"Sequence","pretokenizers":'"$parts"'}/'
reject "the way out" "pre_tokenizer Whitespace is not supported; .* $out\$" $P
rm $P/tokenizer.json; check "the way out leads somewhere" $B/slm-convert $P $T/y.slm
: >$P/vocab.txt; : >$P/tokenizer.model
reject "the way out of two files" "(without tokenizer.model, vocab.txt the checkpoint" $P
rm $P/tokenizer.model
reject "the way out of a vocabulary of nothing" "(without vocab.txt" $P
rm $P/vocab.txt; echo '{' >$P/tokenizer.json
reject "the way out of no JSON" "tokenizer.json: .*$out\$" $P
cp $D/tokenizer.json $P; : >$P/model.safetensors
refuse "a tokenizer without a model" 1 $B/slm-convert $P $T/never/m.slm
grep -q "works by token ids" $T/err && bad "a way out that is none" || ok
rm $P/tokenizer.json; echo '{}' >$P/config.json
refuse "a config without a model" 1 $B/slm-convert $P $T/never/m.slm
grep -q "works by token ids" $T/err && bad "a way out that is none" || ok

reports=${SHARED:-../shared/data}/reports
for case in tokenizer-larger-than-rows rope-parameters digits-pre-tokenizer; do
    if [ ! -d $reports/$case ]; then skip "$case (it is not in $reports)"; continue; fi
    rm -rf $P; cp -r $reports/$case/model $P; chmod -R u+w $P
    check "$case converts" $B/slm-convert $P $T/y.slm
    check "$case opens" $B/slm-info $T/y.slm --verify
done
