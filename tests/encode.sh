# encode.sh - slm-encode: its answers to lines, good and bad; and the examples that use an encoder.
# run.sh, which counts, reads this file.
E=$T/encoders
mkdir -p $E
# encoder NAME: a golden becomes $E/NAME.slm, with a tokenizer of letters and little else
encoder() {
    cp -r tests/golden/encoders/$1 $E/$1; chmod -R u+w $E/$1; rm -f $E/$1/tokenizer*.json
    rows=$(sed -n 's/.*"vocab_size": \([0-9]*\).*/\1/p' $E/$1/config.json)
    awk -v rows=$rows -v quote="'" 'BEGIN {
        n = split("[PAD] [UNK] [CLS] [SEP] [MASK] . , ? ! " quote " the", word, " ")
        for (i = 1; i <= 26; i++) word[++n] = substr("abcdefghijklmnopqrstuvwxyz", i, 1)
        for (i = 1; i <= 26; i++) word[++n] = "##" word[11 + i]
        for (i = 1; i <= rows; i++) print (i > n ? "[unused" i "]" : word[i]) }' >$E/$1/vocab.txt
    check "encoder $1" $B/slm-convert $E/$1 $E/$1.slm --type f32
}
for name in answer classify fill model multi next pretraining rank regression tag; do
    encoder bert_$name
done
encoder distil_tag
# encode NAME LINE [OPTION...]: the answer to one line of the encoder bert_NAME, in $T/out
encode() {
    model=$E/bert_$1.slm; text=$2; shift 2
    printf '%s\n' "$text" | $B/slm-encode $model "$@" >$T/out 2>$T/err
    [ $? = 0 ] && [ ! -s $T/err ] && [ "$(wc -l <$T/out)" = 1 ] && $H json <$T/out && ok ||
        { bad "slm-encode $model $*: an answer to $text"; cat $T/err; }
}
# answers NAME PATTERN: the last answer, whole, with # for each number that has a point
answers() {
    sed 's/-\{0,1\}[0-9][0-9]*\(\.[0-9]*\(e[-+][0-9]*\)\{0,1\}\|e[-+][0-9]*\)/#/g' $T/out >$T/shape
    if grep -q -x -e "$2" $T/shape; then ok; else bad "slm-encode: $1"; cut -c1-500 $T/shape; fi
}

# -- one answer of each task
floats() { echo "\\[#\\(, #\\)\\{$(($1 - 1))\\}\\]"; } # a row
encode model '"ab c"'
answers "embed, by default where there is no head" "{\"embedding\": $(floats 42)}"
encode model '["ab", "c."]' --task hidden
row=$(floats 42)
answers hidden '{"ids": \[2, 11, 38, 3, 13, 5, 3\], "types": \[0, 0, 0, 0, 1, 1, 1\], '\
'"offsets": \[\[0, 0\], \[0, 1\], \[1, 2\], \[0, 0\], \[0, 1\], \[1, 2\], \[0, 0\]\], '\
"\"hidden\": \\[$row\\(, $row\\)\\{6\\}\\], \"pooled\": $row}"
label='"label": "\(negative\|neutral\|positive\)", "score": #'
encode classify '"ab c"'
answers classify "{$label, \"scores\": \\[{$label}, {$label}, {$label}\\]}"
sed 's/.*"scores"/"scores"/; s/[^0-9.]/ /g' $T/out |
    awk '{ s = $1 + $2 + $3; exit !($1 >= $2 && $2 >= $3 && s > 0.99999 && s < 1.00001) }' && ok ||
    bad "slm-encode classify: probabilities, the highest first"
encode classify '["ab", ""]' --logits
answers "classify: a pair without a second text, --logits" \
    ".*, \"ids\": \\[2, 11, 38, 3, 3\\], \"logits\": $(floats 3)}"
encode regression '"ab"'
answers "classify: a regression is one label" '{\("label": "[^"]*", "score": #\), "scores": \[{\1}\]}'
encode tag '"ab c, the"'
entity='{"entity_group": "[A-Z]*", "score": #, "word": "[^"]*", "start": [0-9]*, "end": [0-9]*}'
answers tag "{\"entities\": \\[\\($entity\\(, $entity\\)*\\)\\{0,1\\}\\]}"
encode tag '"ab"' --logits
answers "tag: --logits, special tokens too" \
    '.*"ids": \[2, 11, 38, 3\], "logits": \[\[\(#, \)*#\]\(, \[\(#, \)*#\]\)\{3\}\]}'
fill='{"token": [0-9]*, "token_str": "[^"]*", "score": #, "sequence": "a \S* b."}'
encode fill '"a [MASK] b."'
answers fill "{\"masks\": \\[\\[$fill\\(, $fill\\)\\{4\\}\\]\\]}"
encode fill '"a [MASK] [MASK]"'
answers "fill: several masks keep the special tokens" \
    '{"masks": \[\[{[^]]*"\[CLS\] a .* \[MASK\] \[SEP\]"}\], \[{.*\[CLS\] a \[MASK\] .*}\]\]}'
encode answer '{"question": "ab?", "context": "the cd. ef"}'
answers answer '{"answer": "[^"]*", "score": #, "start": [0-9]*, "end": [0-9]*}'
words=$(awk 'BEGIN { for (i = 0; i < 90; i++) printf "%s ", i % 7 ? "a" : "cd" }')
encode answer "{\"question\": \"ab?\", \"context\": \"$words\"}" --logits
answers "answer: in windows of 52 that share 26" '.*"ids": \[\[[^]]*\]\(, \[[^]]*\]\)\{4\}\], '\
'"start_logits": \[\[[^]]*\]\(, \[[^]]*\]\)\{4\}\], "end_logits": .*\]\]}'
[ "$(grep -o '"ids".*"start' $T/out | grep -o '\b2, 11, 38, 7, 3\b' | wc -l)" = 5 ] && ok ||
    bad "slm-encode answer: the question is in each window"
encode rank '{"query": "ab", "documents": ["the", "cd", "ef g"]}' --task rank
answers rank '{"scores": \[#, #, #\], "order": \[[0-2], [0-2], [0-2]\]}'
tr -d '[]:,"{}a-z' <$T/out | awk '{ exit !($($4 + 1) >= $($5 + 1) && $($5 + 1) >= $($6 + 1)) }' &&
    ok || bad "slm-encode rank: the best first"
encode rank '{"query": "ab", "documents": []}' --task rank
answers "rank: no documents" '{"scores": \[\], "order": \[\]}'
encode rank '{"query": "ab", "documents": ["c", "d"]}' --task rank --logits
answers "rank: --logits" \
    '.*"ids": \[\[2, 11, 38, 3, 13, 3\], \[2, 11, 38, 3, 14, 3\]\], "logits": \[\[#\], \[#\]\]}'
encode next '["ab", "c"]'
answers next '{"is_next": #}'
for task in fill next hidden; do # a file with two heads
    encode pretraining '["a [MASK]", "b"]' --task $task
done
printf '"ab"\n' | $B/slm-encode $E/distil_tag.slm --task hidden >$T/out
grep -q '"types": \[0, 0, 0, 0\].*"pooled": null}' $T/out && ok ||
    bad "slm-encode hidden: a model without token types and pooler"

# -- offsets
encode model '"\u00e9\ud83d\ude00 b"' --task hidden
answers "offsets in bytes" '.*"offsets": \[\[0, 0\], \[0, 6\], \[7, 8\], \[0, 0\]\].*'
encode model '["\u00e9\ud83d\ude00 b", "中 b"]' --task hidden --code-points
answers "offsets in code points" '.*"offsets": '\
'\[\[0, 0\], \[0, 2\], \[3, 4\], \[0, 0\], \[0, 1\], \[2, 3\], \[0, 0\]\].*'

# -- lines with something wrong. Each gives an error, and the next line is answered.
deep=$(awk 'BEGIN { for (i = 0; i < 3000; i++) printf "[" }')
wrong() { # MODEL TEXT PATTERN [OPTION...]
    model=$E/bert_$1.slm; text=$2; pattern=$3; shift 3
    printf '%b\n' "$text" >$T/bad
    (cat $T/bad; tail -n 1 $T/good) | $B/slm-encode $model "$@" >$T/out 2>$T/err
    [ $? = 0 ] && [ "$(wc -l <$T/out)" = 2 ] && [ ! -s $T/err ] &&
        sed -n 1p $T/out | $H json && sed -n 1p $T/out | grep -q "^{\"error\": \".*$pattern.*\"}$" &&
        sed -n 2p $T/out | grep -q '^{"\(embedding\|label\|answer\|entities\|masks\|is_next\|scores\)"' &&
        ok || { bad "slm-encode $*: $(head -c 60 $T/bad)"; cut -c1-200 $T/out; cat $T/err; }
}
echo '"ab"' >$T/good
wrong model '' "an empty line"
wrong model ' \t\r' "an empty line"
for text in '{' '[' '"' '"a" b' '"a""b"' '["a", "b"' '["a", "b"]]' '{"text": "a",}' '{"text" "a"}' \
    '{"text": "a", "x": 01}' '{"text": "a", "x": [1,]}' '{"text": "a", "x": tru}' \
    '{"text": "a", "x": -}' '{"text": "a", "x": 1.}' '{"text": "a", "x": 1e}' '{"a":{"b"}}' \
    '"a\0000"'; do
    wrong model "$text" "not valid JSON\|does not end"
done
for text in 7 true null '\0000'; do wrong model "$text" "neither\|not valid"; done
for text in '["a"]' '["a", "b", "c"]' '[1, 2]' '["a", null]' '[]'; do
    wrong model "$text" "not valid JSON\|must be a JSON string"
done
for text in '{}' '{"no": "a"}' '{"pair": "a"}' '{"text": "a", "context": "b"}' '{"question": "a"}' \
    '{"query": "a"}'; do
    wrong model "$text" "neither text"
done
wrong model '{"text": 1}' "must be a JSON string"
wrong model '{"text": "a", "text": "b"}' "twice"
wrong model '{"query": "a", "documents": "b"}' "must be a JSON array"
wrong model '{"query": "a", "documents": ["b", 1]}' "must be a JSON string"
wrong model '"\\\\x"' "unknown escape"
for text in '"\\\\u12"' '"\\\\u12g4"' '"\\\\ud800"' '"\\\\udc00"' '"\\\\ud800\\\\u0041"'; do
    wrong model "$text" "is no character"
done
wrong model '"\t"' "control character"
for text in '"\0377"' '"\0355\0240\0200"' '"\0342\0202"'; do wrong model "$text" "not valid UTF-8"; done
wrong model "{\"text\": \"a\", \"x\": $deep" "more than 64 levels"
wrong model "$deep" "must be a JSON string"
wrong fill '"ab"' "no \[MASK\]" --task fill <$T/good || true
