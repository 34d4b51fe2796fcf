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
    encoder=$E/bert_$1.slm; line=$2; shift 2
    printf '%s\n' "$line" | $B/slm-encode $encoder "$@" >$T/out 2>$T/err
    [ $? = 0 ] && [ ! -s $T/err ] && [ "$(wc -l <$T/out)" = 1 ] && $H json <$T/out && ok ||
        { bad "slm-encode $encoder $*: an answer to $line"; cat $T/err; }
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
answers "classify: a regression is one label" \
    '{\("label": "[^"]*", "score": #\), "scores": \[{\1}\]}'
encode tag '"ab c, the"'
entity='{"entity_group": "[A-Z]*", "score": #, "word": "[^"]*", "start": [0-9]*, "end": [0-9]*}'
answers tag "{\"entities\": \\[\\($entity\\(, $entity\\)*\\)\\{0,1\\}\\]}"
encode tag '"ab"' --logits
answers "tag: --logits, special tokens too" \
    '.*"ids": \[2, 11, 38, 3\], "logits": \[\[\(#, \)*#\]\(, \[\(#, \)*#\]\)\{3\}\]}'
fill='{"token": [0-9]*, "token_str": "[^"]*", "score": #, "sequence": "a[^"]* b."}'
encode fill '"a [MASK] b."'
answers fill "{\"masks\": \\[\\[$fill\\(, $fill\\)\\{4\\}\\]\\]}"
encode fill '"a [MASK] [MASK]"'
answers "fill: several masks keep the special tokens" \
    '{"masks": \[\[{[^]]*"\[CLS\] a .* \[MASK\] \[SEP\]"}\], \[{.*\[CLS\] a \[MASK\] .*}\]\]}'
encode answer '{"question": "ab?", "context": "the cd. ef"}'
answers answer '{"answer": "[^"]*", "score": #, "start": [0-9]*, "end": [0-9]*}'
encode answer '{"question": "ab?", "context": " "}' --logits
answers "answer: a context without tokens" '{"answer": "", .*"ids": \[\[2, 11, 38, 7, 3, 3\]\], .*'
words=$(awk 'BEGIN { for (i = 0; i < 90; i++) printf "%s ", i % 7 ? "a" : "cd" }')
encode answer "{\"question\": \"ab?\", \"context\": \"$words\"}" --logits
answers "answer: in windows of 52 that share 26" '.*"ids": \[\[[^]]*\]\(, \[[^]]*\]\)\{3\}\], '\
'"start_logits": \[\[[^]]*\]\(, \[[^]]*\]\)\{3\}\], "end_logits": .*\]\]}'
[ "$(grep -o '"ids".*"start' $T/out | grep -o '\b2, 11, 38, 7, 3\b' | wc -l)" = 4 ] && ok ||
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
    encoder=$E/bert_$1.slm; line=$2; says=$3; shift 3
    printf '%b\n' "$line" >$T/bad
    (cat $T/bad; tail -n 1 $T/good) | $B/slm-encode $encoder "$@" >$T/out 2>$T/err
    [ $? = 0 ] && [ "$(wc -l <$T/out)" = 2 ] && [ ! -s $T/err ] &&
        sed -n 1p $T/out | $H json &&
        sed -n 1p $T/out | grep -q "^{\"error\": \".*$says.*\"}$" &&
        sed -n 2p $T/out | grep -q '^{"' && ! sed -n 2p $T/out | grep -q error && ok ||
        { bad "slm-encode $*: $(head -c 60 $T/bad)"; cut -c1-200 $T/out; cat $T/err; }
}
echo '"ab"' >$T/good
wrong model '' "an empty line"
wrong model ' \t\r' "an empty line"
for text in '{' '[' '"' '"a" b' '"a""b"' '["a", "b"' '["a", "b"]]' '{"text": "a",}' '{"text" "a"}' \
    '{"text": "a", "x": 01}' '{"text": "a", "x": [1,]}' '{"text": "a", "x": tru}' \
    '{"text": "a", "x": -}' '{"text": "a", "x": 1.}' '{"text": "a", "x": 1e}' '{"a":{"b"}}'; do
    wrong model "$text" "not valid JSON\|does not end\|must be a JSON string"
done
for text in 7 true null '\0000'; do wrong model "$text" "neither\|not valid"; done
for text in '[1, 2]' '["a", null]'; do wrong model "$text" "must be a JSON string"; done
for text in '[]' '["a"]' '["a", "b", "c"]' '["a", "b", 7]'; do
    wrong model "$text" "an array must hold a text and its pair"
done
for text in '{}' '{"no": "a"}' '{"pair": "a"}' '{"text": "a", "context": "b"}' '{"question": "a"}' \
    '{"query": "a"}'; do
    wrong model "$text" "neither text"
done
wrong model '{"text": 1}' "must be a JSON string"
wrong model '{"text": "a", "text": "b"}' "twice"
wrong model '{"query": "a", "documents": "b"}' "must be a JSON array"
wrong model '{"query": "a", "documents": ["b", 1]}' "must be a JSON string"
wrong model '"\\x"' "unknown escape"
for text in '"\\u12"' '"\\u12g4"' '"\\ud800"' '"\\udc00"' '"\\ud800\\u0041"'; do
    wrong model "$text" "is no character"
done
for text in '"\t"' '"a\0000"' '"\037"'; do wrong model "$text" "control character"; done
for text in '"\0377"' '"\0355\0240\0200"' '"\0342\0202"'; do
    wrong model "$text" "not valid UTF-8"
done
wrong model "{\"text\": \"a\", \"x\": $deep" "more than 64 levels"
wrong model "$deep" "must be a JSON string"
wrong model '{"query": "a", "documents": ["b"]}' "takes no documents"
wrong classify '{"query": "a", "documents": ["b"]}' "takes no documents"
wrong tag '["a", "b"]' "not a pair"
echo '"[MASK]"' >$T/good
wrong fill '"ab"' "no \[MASK\]"
wrong fill "\"$words [MASK]\"" "no \[MASK\]"
echo '["a", "b"]' >$T/good
for task in next answer; do
    wrong $task '"ab"' "takes a pair"
    wrong $task '{"text": "a", "pair": null}' "takes a pair"
done
wrong answer '["", "b"]' "question is empty"
wrong answer '["a", ""]' "context is empty"
echo '{"query": "a", "documents": ["b"]}' >$T/good
wrong rank '["a", "b"]' "a query and documents" --task rank

# -- texts that are too long
encode model "\"$words\""
grep -q ', "truncated": true}$' $T/out && ok || bad "slm-encode: a text is cut"
encode model "[\"a $words\", \"b $words\"]" --task hidden
answers "both of a pair are cut" '.*"types": \[\(0, \)\{15\}\(1, \)\{13\}1\].*"truncated": true}'
encode rank "{\"query\": \"a\", \"documents\": [\"b\", \"$words\"]}" --task rank
grep -q '"truncated": true}$' $T/out && ok || bad "slm-encode rank: a document is cut"
encode answer "{\"question\": \"$words\", \"context\": \"$words\"}"
grep -q '"truncated": true}$' $T/out && ok || bad "slm-encode answer: a question is cut"
echo '"ab"' >$T/good
wrong model "\"$words\"" "a text of 105 tokens; the longest is 29" --no-truncate
echo '["a", "b"]' >$T/good
wrong answer "{\"question\": \"$words\", \"context\": \"$words\"}" "a text of 209 tokens" \
    --no-truncate
encode answer "{\"question\": \"ab?\", \"context\": \"$words\"}" --no-truncate
grep -q truncated $T/out && bad "slm-encode answer: windows cut nothing" || ok
echo '{"query": "a", "documents": ["b"]}' >$T/good
wrong rank "{\"query\": \"a\", \"documents\": [\"b\", \"$words\"]}" "a text of 107 tokens" \
    --task rank --no-truncate
(printf '"'; head -c 17000000 /dev/zero | tr '\0' a; printf '"\n"ab"') |
    $B/slm-encode $E/bert_model.slm >$T/out
sed -n '1s/.*more than 16 MB.*/1/p; 2s/^{"embedding.*/2/p' $T/out | tr -d '\n' |
    grep -q -x 12 && ok ||
    bad "slm-encode: a line of 17 MB is an error, and the last one needs no newline"

# -- a filter: how lines come, in which batches, on how many threads, changes no byte
awk 'BEGIN {
    srand(3)
    for (i = 0; i < 300; i++) {
        text = pair = ""
        for (n = int(rand() * rand() * 60); n >= 0; n--)
            text = text substr("abcdef the. [MASK] ", int(rand() * 19) + 1, 1 + int(rand() * 9))
        for (n = int(rand() * 20); n >= 0; n--) pair = pair substr("a bc def", n % 8, 2)
        if (i % 11 == 5) print "[" text
        else if (i % 3) print "\"" text "\""
        else printf "{\"text\": \"a%s\", \"pair\": \"b%s\"}\n", text, pair
    } }' >$T/lines
for name in "model" "model --task hidden" "classify" "classify --logits" "tag" "fill" \
    "fill --logits" "answer" "answer --logits" "next"; do
    set -- $name; encoder=$E/bert_$1.slm; shift
    $B/slm-encode $encoder "$@" <$T/lines >$T/whole
    [ "$(wc -l <$T/whole)" = 300 ] && grep -q '^{"error' $T/whole &&
        grep -v -q error $T/whole && ok || bad "slm-encode $name: 300 answers"
    for way in "--batch 1 --threads 1" "--batch 100 --threads 3" "--batch 5000 --threads 2"; do
        $B/slm-encode $encoder "$@" $way <$T/lines >$T/other
        same "slm-encode $name $way: the same bytes" $T/whole $T/other
    done
    for size in 1 37; do
        awk -v size=$size 'NR % size == 0 { system("") } { print; fflush() }' $T/lines |
            $B/slm-encode $encoder "$@" >$T/other
        same "slm-encode $name: the same bytes, line by line" $T/whole $T/other
    done
    rm -f $T/part.*; split -l 70 $T/lines $T/part.
    for part in $T/part.*; do $B/slm-encode $encoder "$@" <$part; done >$T/other
    same "slm-encode $name: the same bytes in parts" $T/whole $T/other
done
awk '{ print NR % 7 ? "{\"query\": \"a bc\", \"documents\": [" $0 "]}" : "{\"query\": 1}" }' \
    $T/lines | sed 's/{"text": //; s/ "pair": //; s/"}\]}/"]}/' >$T/ranks
$B/slm-encode $E/bert_rank.slm --task rank <$T/ranks >$T/whole
$B/slm-encode $E/bert_rank.slm --task rank --batch 1 --threads 1 <$T/ranks >$T/other
same "slm-encode rank: the same bytes in small batches" $T/whole $T/other
mkfifo $T/slow
$B/slm-encode $E/bert_classify.slm <$T/slow >$T/answers & pid=$!
exec 9>$T/slow
echo '"ab"' >&9
for i in 1 2 3 4 5 6 7 8 9 10; do [ -s $T/answers ] && break; sleep 0.3; done
grep -q '^{"label"' $T/answers && ok || bad "slm-encode answers a line before it waits for the next"
exec 9>&-
wait $pid
for i in 1 2 3 4 5 6 7 8 9 10; do cat $T/lines $T/lines $T/lines; done >$T/more
few=$($H rss $B/slm-encode $E/bert_model.slm --threads 1 <$T/lines 2>/dev/null | tail -n 1)
many=$($H rss $B/slm-encode $E/bert_model.slm --threads 1 <$T/more 2>/dev/null | tail -n 1)
[ "$many" -lt $((few + 2000)) ] && ok || bad "slm-encode: memory grows from $few to $many KB"
if command -v script >/dev/null && script -qec true /dev/null </dev/null >/dev/null 2>&1; then
    script -qec "$B/slm-encode $E/bert_model.slm <$T/lines >$T/other" /dev/null </dev/null >$T/out
    grep -q '300 lines, [0-9]* tokens' $T/out && ok || bad "slm-encode shows progress"
fi

# -- --format npy
printf '"ab"\n7\n"c"\n' >$T/in
$B/slm-encode $E/bert_model.slm --format npy <$T/in >$T/a.npy 2>$T/err
$B/slm-encode $E/bert_model.slm --format npy <$T/in 2>/dev/null | cat >$T/b.npy
same "npy: a file and a pipe get the same bytes" $T/a.npy $T/b.npy
: >$T/c.npy; $B/slm-encode $E/bert_model.slm --format npy <$T/in >>$T/c.npy 2>/dev/null
same "npy: also at the end of a file" $T/a.npy $T/c.npy
[ "$(wc -c <$T/a.npy)" = $((128 + 3 * 42 * 4)) ] && ok || bad "npy: its size"
[ "$(cat $T/err)" = "slm-encode: line 2: neither a JSON string nor a pair nor an object" ] && ok ||
    { bad "npy: a bad line is named"; cat $T/err; }
head -c 128 $T/a.npy | od -An -v -c | tr -d ' \n' >$T/out
grep -q "^223NUMPY001.0v.0{'descr':'<f4','fortran_order':False,'shape':(3,42),}.n$" $T/out && ok ||
    { bad "npy: its header"; cat $T/out; }
tail -c +129 $T/a.npy | od -An -v -t x4 -w168 | sed -n 2p | tr -d ' ' |
    grep -q -x '\(7fc00000\)\{42\}' && ok || bad "npy: a bad line is a row of NaN"
$B/slm-encode $E/bert_model.slm </dev/null --format npy | wc -c | grep -q -w 128 && ok ||
    bad "npy: no lines"

# -- options and models
m=$E/bert_model.slm
refused "slm-encode: no such head" 1 "no head for tag" $B/slm-encode $m --task tag
refused "slm-encode: no such task" 2 "not translate" $B/slm-encode $m --task translate
refused "slm-encode: rank needs one label" 1 "one label, this has 3" \
    $B/slm-encode $E/bert_classify.slm --task rank
refused "slm-encode: no tokenizer" 1 "no tokenizer" $B/slm-encode $B/golden/phi_gqa.slm
refused "slm-encode: no such pooling" 2 "not sum" $B/slm-encode $m --pooling sum
refused "slm-encode: no such format" 2 "not csv" $B/slm-encode $m --format csv
refused "slm-encode: no such prompt" 1 "no prompt query" $B/slm-encode $m --prompt query
refused "slm-encode --batch 0" 2 "at least 1" $B/slm-encode $m --batch 0
refused "slm-encode --logits" 2 "embed has none" $B/slm-encode $m --logits
refused "slm-encode --code-points" 2 "embed has no offsets" $B/slm-encode $m --code-points
for option in "--pooling cls" "--format npy" "--prompt a"; do
    refused "slm-encode $option" 2 "is for embed" $B/slm-encode $E/bert_classify.slm $option
done
for pooling in cls mean max last; do
    encode model '"ab c"' --pooling $pooling
    cp $T/out $T/pooling.$pooling
done
[ "$(cat $T/pooling.* | sort -u | wc -l)" = 4 ] && cmp -s $T/pooling.mean $T/pooling.cls
[ $? = 1 ] && ok || bad "slm-encode: four poolings give four vectors"
if [ -c /dev/full ]; then
    $B/slm-encode $m <$T/lines >/dev/full 2>$T/err
    [ $? = 1 ] && [ -s $T/err ] && ok || bad "slm-encode: a full stdout is a failure"
fi
for tool in generate chat "eval --tokens README.md --logits $T/never" \
    "eval --text README.md"; do
    set -- $tool; tool=$1; shift
    refused "slm-$tool: an encoder" 1 "an encoder (bert).*slm-encode" $B/slm-$tool $m "$@"
done

# -- a decoder: vectors and hidden states
printf '"Once upon a time"\n["a", "b"]\n' >$T/in
$B/slm-encode $tiny <$T/in >$T/a
$B/slm-encode $tiny --pooling mean --batch 3 <$T/in >$T/b
for file in $T/a $T/b; do
    sed -n '1s/^{"embedding": \[.*\]}/1/p; 2s/{"error": "a decoder takes no pairs"}/2/p' $file |
        tr -d '\n' | grep -q -x 12 && ok || { bad "slm-encode: a decoder"; cut -c1-99 $file; }
done
cmp -s $T/a $T/b && bad "slm-encode: a decoder's mean is not its last" || ok
$B/slm-encode $tiny --task hidden <$T/in >$T/c
sed -n 1p $T/c | grep -q '"types": null, "offsets": null, "hidden": \[\[.*"pooled": null}$' && ok ||
    bad "slm-encode: a decoder's hidden states"
sed 's/.*, \[\([^]]*\)\]\], "pooled".*/\1/; q' $T/c >$T/last
sed 's/{"embedding": \[\(.*\)\]}/\1/; q' $T/a | cmp -s - $T/last && ok ||
    bad "slm-encode: a decoder's vector is its last hidden state"

# -- the examples
printf 'the cat\n\nab\nc d e f\n' >$T/few.txt
check "embed" $B/embed $m $T/few.txt "ab"
[ "$(wc -l <$T/out)" = 3 ] && sed -n 1p $T/out | grep -q '^ 1.000  ab$' && ok ||
    bad "embed: the nearest"
check "classify" $B/classify $E/bert_classify.slm "ab c" "the"
[ "$(grep -c '^ 0\.[0-9]*  \(negative\|neutral\|positive\)$' $T/out)" = 3 ] && ok ||
    bad "classify: three labels"
check "fill_mask" $B/fill_mask $E/bert_fill.slm "a [MASK] [MASK]"
[ "$(grep -c '^ 0\.[0-9]*  ' $T/out)" = 10 ] && ok || bad "fill_mask: five words for each mask"
check "answer" $B/answer $E/bert_answer.slm "ab?" "the cd. ef"
[ "$(wc -l <$T/out)" = 1 ] && grep -q '[a-z.]' $T/out && ok || bad "answer: an answer"
for example in "embed $m $T/few.txt" "classify $m" "fill_mask $m" "answer $m a"; do
    refused "$example: usage" 1 "usage" $B/$example
done
refused "embed: no such file" 1 "cannot be opened" $B/embed $m $T/nothing a
refused "classify: no such head" 1 "no head for classify" $B/classify $m a
refused "fill_mask: no such head" 1 "no head for fill" $B/fill_mask $m a
refused "fill_mask: no mask" 1 "no \[MASK\]" $B/fill_mask $E/bert_fill.slm a
refused "answer: no such head" 1 "no head for answer" $B/answer $m a b
