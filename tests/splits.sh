# splits.sh - byte-level BPE: what of a pre_tokenizer, a normalizer or a model is refused by name.
# run.sh, which counts, reads this file.
# altered VARIANT SED: $P becomes the directory of a small tokenizer, changed
altered() {
    rm -rf $P; mkdir $P; cp $B/ids/splits-$1/* $P; rm -f $P/log
    sed "$2" $B/ids/splits-$1/tokenizer.json >$P/tokenizer.json
    if cmp -s $P/tokenizer.json $B/ids/splits-$1/tokenizer.json; then
        bad "splits: $2 changes something"; fi
}
altered llama3 's/"Regex":"/&a/'
reject "splits: an unknown pattern" "pre_tokenizer Split: the pattern a(?i:'s|.* is none of those" $P
altered llama3 's/1,3}/1,4}/'
reject "splits: another pattern by one character" "pre_tokenizer Split: the pattern .*{1,4}.* none" $P
altered llama3 's/"Regex":/"String":/'
reject "splits: no pattern" "pre_tokenizer Split: a pattern that is no Regex is not supported" $P
altered llama3 's/"behavior":"Isolated"/"behavior":"MergedWithNext"/'
reject "splits: a match goes with the next" "Split: another behavior than Isolated is not sup" $P
altered llama3 's/"behavior":"Isolated"/"behavior":"Removed"/'
reject "splits: matches are removed" "Split: another behavior than Isolated is not supported" $P
altered llama3 's/"invert":false/"invert":true/'
reject "splits: what is between is a match" "Split: another behavior than Isolated" $P
altered deepseek-v3 's/"behavior":"Isolated","invert":false/"behavior":"Removed","invert":true/'
reject "splits: only matches stay" "Split: another behavior than Isolated is not supported" $P
altered deepseek-llm 's/"Regex":"\[\\r\\n\]"/"Regex":"\\\\s?\\\\p{L}+"/'
reject "splits: an end without lines" "\\\\s+\$ where newlines do not stand alone is not supported" $P
altered falcon 's/"behavior":"Contiguous"/"behavior":"Isolated"/'
reject "splits: punctuation alone" "Punctuation: another behavior than Contiguous is not supp" $P
altered falcon 's/"Regex":"\[0-9\]\[0-9\]\[0-9\]"/"Regex":"\\\\p{N}{1,3}"/'
reject "splits: a pattern that sees bytes" "Split: a pattern behind ByteLevel is not supported" $P
altered digits 's/"add_prefix_space":false/"add_prefix_space":true/'
reject "splits: a space before a text" "ByteLevel: add_prefix_space in a sequence is not supp" $P
altered neox 's/,"use_regex":true/,"use_regex":false/'
reject "splits: nothing splits" "ByteLevel pre_tokenizer without use_regex is not supported where n" $P
altered digits 's/"type":"Digits","individual_digits":true/"type":"Whitespace"/'
reject "splits: another part" "pre_tokenizer .*Whitespace.* is not supported" $P
altered digits 's/{"type":"Digits","individual_digits":true}/&,&,&,&,&,&,&,&/'
reject "splits: nine parts" "a pre_tokenizer of more than 8 parts is not supported" $P
altered falcon 's/"byte_fallback":false/"byte_fallback":true/'
reject "splits: bytes for bytes" "byte_fallback with a ByteLevel pre_tokenizer is not supported" $P
altered falcon 's/"unk_token":"?"/"unk_token":"<none>"/'
reject "splits: an unknown UNK" "unk_token <none> is not in the vocabulary" $P
altered neox 's/"type":"NFC"/"type":"NFKC"/'
reject "splits: another form" "normalizer NFKC is not supported" $P
altered qwen2 's/{"type":"NFC"}/{"type":"Sequence","normalizers":[{"type":"NFC"},{"type":"NFC"}]}/'
reject "splits: two normalizers" "normalizer Sequence .*is not supported" $P

# what says the same in other words is the same tokenizer
altered qwen2 's/{"type":"NFC"}/{"type":"Sequence","normalizers":[{"type":"NFC"}]}/'
check "splits: a sequence of one normalizer" $B/slm-convert $P $T/y.slm --type f16
same "splits: ... is that one" $B/ids/splits-qwen2.slm $T/y.slm
altered gpt4o 's/"behavior":"Removed","invert":true/"behavior":"Isolated","invert":false/'
check "splits: matches alone, and matches apart" $B/slm-convert $P $T/y.slm --type f16
same "splits: ... are the same where all is matched" $B/ids/splits-gpt4o.slm $T/y.slm
altered deepseek-v3 's/\\r\\n/\\\\r\\\\n/g'
check "splits: newlines as escapes" $B/slm-convert $P $T/y.slm --type f16
same "splits: ... are newlines" $B/ids/splits-deepseek-v3.slm $T/y.slm
altered digits 's/"use_regex":true},*/&/; s/{"type":"Digits","individual_digits":true}/&,&,&,&,&,&,&/'
check "splits: eight parts" $B/slm-convert $P $T/y.slm

# without tokenizer.json the class says how a text becomes words; the ids are those of transformers
rm -rf $P; mkdir $P; cp $B/chat_formats/zephyr/* $P; rm -f $P/log $P/tokenizer_config.json
config=$B/chat_formats/zephyr/tokenizer_config.json
sed 's/"GPT2Tokenizer"/"Qwen2Tokenizer"/' $config >$P/tokenizer_config.json
check "splits: Qwen2Tokenizer from vocab.json" $B/slm-convert $P $T/y.slm
ids=$(printf "It'S 2024,\n\n cafe\314\201 12\tx" | $B/slm-tokenize $T/y.slm --no-special)
[ "$ids" = "506 6 50 220 17 15 17 19 11 198 198 317 69 127 102 220 16 17 197 87" ] && ok ||
    bad "splits: Qwen2Tokenizer from vocab.json: $ids"
sed 's/"GPT2Tokenizer"/"BloomTokenizer"/' $config >$P/tokenizer_config.json
reject "splits: a class without its file" "without tokenizer.json the class BloomTokenizer is not" $P
sed 's/"GPT2Tokenizer"/"Qwen2Tokenizer"/; s/"add_prefix_space": false/"add_prefix_space": true/' $config \
    >$P/tokenizer_config.json
reject "splits: Qwen2Tokenizer with a space" "add_prefix_space is not supported with Qwen2Tokenizer" $P

# GPT-NeoX's class takes BOS and EOS from its config, whatever the post_processor says
altered neox 's/"post_processor":{[^}]*}/"post_processor":null/'
sed -i 's/"tokenizer_class": "[A-Za-z]*"/"tokenizer_class": "GPTNeoXTokenizer", "add_bos_token": true/' \
    $P/tokenizer_config.json
check "splits: GPTNeoXTokenizer with add_bos_token" $B/slm-convert $P $T/y.slm --type f16
ids=$(printf 'the cat' | $B/slm-tokenize $T/y.slm)
[ "$ids" = "2040 279 26 93 288" ] && ok || bad "splits: GPTNeoXTokenizer with add_bos_token: $ids"
