# words.sh - encoders' tokenizers: what slm-convert refuses by name, and slm-tokenize with one.
# run.sh, which counts, reads this file after sentencepiece.sh.
D=tests/data/words-odd; W=$T/words

# words ROWS: $W becomes a checkpoint without a tokenizer
words() { rm -rf $W; mkdir $W; $B/make-checkpoint $W $1; }
# odd SED: ... with the tokenizer.json of words-odd, changed
odd() {
    words 240; cp $D/tokenizer_config.json $W
    sed "$1" $D/tokenizer.json >$W/tokenizer.json
    cmp $D/tokenizer.json $W/tokenizer.json >/dev/null 2>&1 && bad "words: '$1' changes nothing"
}
odd 's/"BertNormalizer"/"NFKC"/'; reject "words: another normalizer" "normalizer NFKC is not" $W
odd 's/"BertPreTokenizer"/"Whitespace"/'
reject "words: another pre_tokenizer" "pre_tokenizer Whitespace is not" $W
odd 's/"BertProcessing"/"RobertaProcessing"/'
reject "words: another post_processor" "post_processor RobertaProcessing is not" $W
odd 's/"type": "WordPiece", "prefix": "##"/"type": "WordPiece", "prefix": "@@"/'
reject "words: another decoder prefix" "another prefix than" $W
odd 's/"decoder": {"type": "WordPiece"/"decoder": {"type": "Fuse"/'
reject "words: another decoder" "decoder Fuse is not" $W
odd 's/"continuing_subword_prefix": "##"/"continuing_subword_prefix": "@@"/'
reject "words: another prefix" 'continuing_subword_prefix "@@" is not' $W
odd 's/"max_input_chars_per_word": 12/"max_input_chars_per_word": 257/'
reject "words: too long words" "not a number from 1 to 256" $W
odd 's/"unk_token": "\[UNK\]"/"unk_token": "none"/'
reject "words: no unknown token" 'unknown token "none" is not in the vocabulary' $W
odd 's/"lowercase": true/"lowercase": 1/'
reject "words: no boolean" "lowercase must be true or false" $W
odd 's/"content": "Foo"/"content": "\\u0301"/; s/"Foo": [0-9]*/"\\u0301": 171/'
reject "words: nothing remains" "nothing remains of added token" $W
odd 's/"handle_chinese_chars": true/"handle_chinese_chars": false/'
check "words: other flags" $B/slm-convert $W $T/x.slm --type f16
odd 's/"cleanup": true/"cleanup": false/'
sed 's/PreTrainedTokenizerFast/ElectraTokenizer/' $D/tokenizer_config.json \
    >$W/tokenizer_config.json
reject "words: another class" "tokenizer_class ElectraTokenizer with WordPiece is not" $W
words 100; cp $D/* $W
check "words: too few rows" $B/slm-convert $W $T/x.slm --type f16
said "words: what is left out is said" "beyond the model's 100 vocabulary rows"

words 240; : >$W/vocab.txt; reject "words: an empty vocab.txt" "no vocabulary" $W
printf 'a\nb\n' >$W/vocab.txt
reject "words: vocab.txt without [UNK]" 'unknown token "\[UNK\]" is not in the vocabulary' $W
printf '[UNK]\n\377\n' >$W/vocab.txt; reject "words: no UTF-8" "not valid UTF-8" $W
printf '[PAD]\n[UNK]\n[CLS]\n[SEP]\n[MASK]\na\n##b\n' >$W/vocab.txt
check "words: vocab.txt alone" $B/slm-convert $W $T/x.slm --type f16
echo '["AB c\u00e1", "a"]' | $B/slm-tokenize $T/x.slm --jsonl --offsets >$T/a
cat >$T/b <<'END'
{"ids": [2, 5, 6, 1, 3, 5, 3], "types": [0, 0, 0, 0, 0, 1, 1], "offsets": [[0, 0], [0, 1], [1, 2], [3, 6], [0, 0], [0, 1], [0, 0]]}
END
same "words: a pair" $T/a $T/b
printf 'a [MASK] ab' | $B/slm-tokenize $T/x.slm >$T/a; echo "2 5 4 5 6 3" >$T/b
same "words: a text" $T/a $T/b
$B/slm-tokenize $T/x.slm --decode <$T/b >$T/a; printf '[CLS] a [MASK] ab [SEP]' >$T/b
same "words: decoded" $T/a $T/b
printf 'a [MASK] ab' | $B/slm-tokenize $T/x.slm --no-special >$T/a; echo "5 4 5 6" >$T/b
same "words: --no-special" $T/a $T/b
printf 'a[MASK]' | $B/slm-tokenize $T/x.slm --raw >$T/a; echo "2 5 1 1 1 3" >$T/b
same "words: --raw" $T/a $T/b
refuse "words: a list of one" 1 sh -c "echo '[\"a\"]' | $B/slm-tokenize $T/x.slm --jsonl"
refuse "words: a list of three" 1 sh -c \
    "echo '[\"a\", \"b\", \"c\"]' | $B/slm-tokenize $T/x.slm --jsonl"
refuse "words: a pair that is raw" 1 sh -c \
    "echo '[\"a\", \"b\"]' | $B/slm-tokenize $T/x.slm --jsonl --raw"
refuse "words: --offsets and --raw" 2 $B/slm-tokenize $T/x.slm --raw --offsets
refuse "words: --offsets of another kind" 1 $B/slm-tokenize $B/ids/bpe2048.slm --offsets
check "words: slm-info" $B/slm-info $T/x.slm
grep -q "tokenizer  *WordPiece" $T/out && ok || bad "slm-info names WordPiece"

# -- byte-level BPE of encoders
D=tests/data/roberta-odd
# bytes SED: $W becomes a checkpoint with the tokenizer.json of roberta-odd, changed
bytes() {
    words 300; cp $D/tokenizer_config.json $W
    sed "$1" $D/tokenizer.json >$W/tokenizer.json
    cmp $D/tokenizer.json $W/tokenizer.json >/dev/null 2>&1 && [ "$1" ] &&
        bad "bytes: '$1' changes nothing"
}
# spans NAME TEXT WANT: of $T/x.slm, ids and offsets
spans() {
    echo "$2" | $B/slm-tokenize $T/x.slm --jsonl --offsets | sed 's/"types": [^]]*\], //' >$T/a
    echo "$3" >$T/b; same "bytes: $1" $T/a $T/b
}
bytes 's/"RobertaProcessing"/"BertProcessing"/'
reject "bytes: another post_processor" "post_processor BertProcessing is not" $W
bytes 's/"sep": \["<\/s>", 2\]/"sep": ["<\/s>"]/'
reject "bytes: a post_processor without an id" "post_processor RobertaProcessing is not" $W
bytes 's/"normalizer": null/"normalizer": {"type": "NFC"}/'
reject "bytes: NFC" "NFC is not supported for an encoder" $W
bytes ''
sed 's/RobertaTokenizer/PreTrainedTokenizerFast/; s/"add_prefix/"mask_token": "<mask>", &/' \
    $D/tokenizer_config.json >$W/tokenizer_config.json
check "bytes: another class" $B/slm-convert $W $T/x.slm --type f16
bytes ''; echo '{"tokenizer_class": "RobertaTokenizer", "backend": "tokenizers"}' \
    >$W/tokenizer_config.json
reject "bytes: transformers 5" "RobertaTokenizer of transformers 5 is not supported" $W
bytes ''; echo '{"tokenizer_class": "RobertaTokenizer"}' >$W/tokenizer_config.json
check "bytes: no prefix space" $B/slm-convert $W $T/x.slm --type f16
spans "offsets without white space" '"a  <mask> the"' \
    '{"ids": [0, 101, 282, 262, 2], "offsets": [[0, 0], [0, 1], [3, 9], [10, 13], [0, 0]]}'
spans "a pair has two tokens between" '["a", "the"]' \
    '{"ids": [0, 101, 2, 2, 261, 2], "offsets": [[0, 0], [0, 1], [0, 0], [0, 0], [0, 3], [0, 0]]}'
bytes 's/"lstrip": true, "rstrip": false, "normalized": false/"lstrip": false, "rstrip": false, "normalized": false/'
echo '{"tokenizer_class": "RobertaTokenizer", "trim_offsets": false}' >$W/tokenizer_config.json
check "bytes: offsets with white space" $B/slm-convert $W $T/x.slm --type f16
spans "the class's own mask" '"a <mask> the"' \
    '{"ids": [0, 101, 282, 262, 2], "offsets": [[0, 0], [0, 1], [1, 8], [8, 12], [0, 0]]}'
rm $W/tokenizer.json; cp tests/golden/encoders/roberta_fill/vocab.json $W
cp tests/golden/encoders/roberta_fill/merges.txt $W
echo '{"tokenizer_class": "RobertaTokenizer", "add_prefix_space": true}' >$W/tokenizer_config.json
check "bytes: vocab.json and merges.txt" $B/slm-convert $W $T/x.slm --type f16
spans "a prefix space" '"the<mask>the"' \
    '{"ids": [0, 262, 282, 262, 2], "offsets": [[0, 0], [0, 3], [3, 9], [10, 12], [0, 0]]}'
sed 's/"q":/"gone":/; s/"z":/"gone too":/' tests/golden/encoders/roberta_fill/vocab.json \
    >$W/vocab.json
echo '{"tokenizer_class": "RobertaTokenizer"}' >$W/tokenizer_config.json
check "bytes: two without tokens" $B/slm-convert $W $T/x.slm --type f16
spans "offsets count no bytes without tokens" '"aqb zthe q"' \
    '{"ids": [0, 276, 262, 36, 2], "offsets": [[0, 0], [0, 2], [4, 7], [9, 9], [0, 0]]}'
for name in tag answer fill classify; do # a model and its tokenizer, one line of each task
    line='"the cat \u00e9 <mask>"'
    [ $name = answer ] && line='{"question": "the?", "context": "a cat on the \u4e2d"}'
    echo "$line" | $B/slm-encode $B/golden/encoders/roberta_$name.slm >$T/out 2>$T/err &&
        grep -q '^{"' $T/out && ! grep -q '"error"' $T/out && ok || bad "slm-encode roberta_$name"
done
printf '"the cat"\n' | $B/slm-encode $B/golden/encoders/roberta_fill.slm >$T/out
grep -q 'there is no <mask> in the text' $T/out && ok || bad "slm-encode: no <mask>"
printf '"  the cat\\n"\n"the cat"\n' | $B/slm-encode $B/golden/encoders/roberta_tag.slm --task embed \
    >$T/out
[ "$(sort -u $T/out | wc -l)" = 1 ] && ok || bad "slm-encode embed: white space at a text's ends"
