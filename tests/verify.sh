# verify.sh - slm-verify on small models, with records made of Hugging Face's figures. run.sh, which
# counts, reads this file.
V=$B/slm-verify; P=tests/golden/phi_gqa
# floats FILE FROM COUNT: numbers of a file of f32, on one line
floats() { od -An -v -tf4 -j $((4 * $2)) -N $((4 * $3)) "$1" | tr -s ' \n' ' '; }
tokens="$(tr -s ' \n' ' ' <$P/tokens.txt) "
greedy_prompt=$(sed -n 1p $P/greedy.txt); greedy=$(sed -n 2p $P/greedy.txt)
record() {
    echo "model nothing like it"; echo "shape 1 2 3 4 5 6"; echo "logits 0 0 1"
    echo "# a comment"; echo "model phi_gqa"; echo "source make_golden.py"
    echo "shape 101 2 60 300 3 1"; echo "tolerance 1e-4 1e-5"; echo "input $tokens"
    echo "logits 0 0$(floats $P/logits.f32 0 101)"
    echo "logits 7 90$(floats $P/logits.f32 797 11)"
    echo "logits 59 3$(floats $P/logits.f32 5962 5)"
    echo "input $greedy_prompt"; echo "greedy $greedy"
}
record >$T/record
check "slm-verify: a model that gives its figures" $V $B/golden/phi_gqa.slm --expect $T/record
quiet "slm-verify: ... without a word more"
grep -q '^118 figures: 118 equal, 0 differ, 0 not judged' $T/out && [ "$(grep -c ' OK$' $T/out)" = 118 ] &&
    grep -q '^logits\[59\]\[7\] ' $T/out && ok || bad "slm-verify: its lines"
check "slm-verify --json" $V $B/golden/phi_gqa.slm --expect $T/record --json
[ "$(grep -c '"equal": true}' $T/out)" = 118 ] && grep -q '"equal": 118, "differ": 0' $T/out && ok ||
    bad "slm-verify --json: its figures"
cp $T/out $T/json
if command -v python3 >/dev/null 2>&1; then
    check "slm-verify --json is JSON" python3 -c 'import json, sys; json.load(open(sys.argv[1]))' $T/json
fi
# differs NAME PATTERN: with the record changed by sed, status 1 and that one figure
differs() {
    record | sed "$2" >$T/changed
    $V $B/golden/phi_gqa.slm --expect $T/changed >$T/a 2>$T/err; status=$?
    [ $status = 1 ] && [ "$(grep -c 'DIFFERS$' $T/a)" = 1 ] && grep -q ' 117 equal, 1 differ' $T/a && ok ||
        bad "slm-verify: $1 ($status)"
}
differs "a logit that differs" 's/^logits 7 90 *[^ ]*/logits 7 90 99/'
differs "a greedy token that differs" 's/^greedy [0-9]*/greedy 0/'
record | sed 's/^tolerance .*/tolerance 0 0/' >$T/changed
$V $B/golden/phi_gqa.slm --expect $T/changed >$T/a 2>&1
[ $? = 1 ] && grep -q 'DIFFERS' $T/a && grep -q 'OK' $T/a && ok || bad "slm-verify: the tolerance counts"
$B/slm-convert $B/golden/phi_gqa.slm $T/v8.slm --type q8 2>/dev/null
check "slm-verify: quantized weights are not judged" $V $T/v8.slm --expect $T/record
grep -q '^118 figures: 0 equal, 0 differ, 118 not judged' $T/out && ok || bad "slm-verify: ... all of them"
check "slm-verify --json: not judged is null" $V $T/v8.slm --expect $T/record --json
[ "$(grep -c '"equal": null}' $T/out)" = 118 ] && ok || bad "slm-verify: ... in JSON"
refused "slm-verify: a model that is not known" 1 "no figures" $V $tiny
refused "slm-verify: ... nor in a file" 1 "no figures" $V $tiny --expect $T/record
for each in "10 2 60 300 3 1" "101 3 60 300 3 1" "101 2 61 300 3 1" "101 2 60 30 3 1" \
    "101 2 60 300 1 1" "101 2 60 300 3 3"; do
    record | sed "s/^shape 101.*/shape $each/" >$T/changed
    refused "slm-verify: the shape $each" 1 "no figures" $V $B/golden/phi_gqa.slm --expect $T/changed
done
# figures of texts: what slm-generate writes
shape=$($B/slm-info $tiny | awk '$1 ~ /^(vocabulary_rows|layers|hidden|intermediate|heads|kv_heads)$/ {
    printf " %s", $2}')
said_by=$($B/slm-generate $tiny -p Once -n 12 --temp 0 --ignore-eos)
text() { printf 'model tiny\nshape%s\nprompt Once\ntext %s\n' "$shape" "$1" >$T/texts; }
text "${said_by#Once}"
check "slm-verify: a text" $V $tiny --expect $T/texts
text "${said_by#Once} x"
$V $tiny --expect $T/texts >$T/a 2>&1; [ $? = 1 ] && grep -q DIFFERS $T/a && ok || bad "slm-verify: another text"
# records that make no sense
while IFS='|' read -r line pattern; do
    record | sed "s/^greedy .*/$line/" >$T/changed
    $V $B/golden/phi_gqa.slm --expect $T/changed >$T/a 2>$T/err
    [ $? = 1 ] && ok || bad "slm-verify: '$line' is refused"
    said "slm-verify: '$line': says '$pattern'" ":14: .*$pattern"
done <<'END'
greedy|no ids
greedy 1 x|not a number
greedy 1.5|whole number
input 999999|input is not below
logits 999 0 1|whole number from 0 to 64
logits 60 0 1|not in the input
logits 0 101 1|whole number from 0 to 100
logits 0 100 1 2|more logits than rows
tolerance 1|two tolerances
mean 0 nan|not a number
sing|unknown command
END
record | sed 's/^tolerance .*/encoder/' >$T/changed
refused "slm-verify: figures of an encoder" 1 "no figures" $V $B/golden/phi_gqa.slm --expect $T/changed
printf 'input 1\n' >$T/changed
refused "slm-verify: no model line" 1 ":1: no model" $V $tiny --expect $T/changed
refused "slm-verify: no such records" 1 "no.such" $V $tiny --expect no.such
check "slm-verify --list" $V --list
for each in phi-2 gpt-j-6b gpt-neo-1.3B llama-2-7b bert-base-uncased distilbert-base-uncased: \
    distilbert-base-uncased-finetuned-sst-2-english mobilebert-uncased; do
    grep -q "^$each" $T/out && ok || bad "slm-verify --list: $each"
done

# -- encoders: hidden states, labels, and what stands at [MASK], of their goldens' third input
E=$B/golden/encoders; G=tests/golden/encoders
# words CASE: the ids of that input; before it come three tokens of two others
words() { sed -n 3p $G/$1/inputs.txt | sed 's,/0,,g'; }
classify_record() {
    echo "model bert_classify"; echo "shape 83 1 54 50 3 3"; echo encoder; echo "head classify"
    echo "tolerance 1e-4 0"; echo "input $(words bert_classify)"
    echo "hidden 0 0$(floats $G/bert_classify/hidden.f32 $((3 * 54)) 54)"
    echo "hidden 12 50$(floats $G/bert_classify/hidden.f32 $((15 * 54 + 50)) 4)"
    echo "labels$(floats $G/bert_classify/classify.f32 6 3)"
}
# probabilities of tokens 7, 130 and 0 at position 6
fill_record() {
    echo "model bert_fill"; echo "shape 131 1 51 71 3 3"; echo encoder; echo "head fill"
    echo "tolerance 1e-5 0"; echo "${1:-input $(words bert_fill)}"
    floats $G/bert_fill/fill.f32 $((9 * 131)) 131 | awk '{
        for (i = 1; i <= NF; i++) sum += exp($i)
        printf "fill 7 %.9g 130 %.9g 0 %.9g\n", exp($8) / sum, exp($131) / sum, exp($1) / sum }'
}
classify_record >$T/record
check "slm-verify: an encoder" $V $E/bert_classify.slm --expect $T/record
quiet "slm-verify: an encoder"
grep -q '^61 figures: 61 equal, 0 differ' $T/out && grep -q '^labels\[2\] .* OK$' $T/out &&
    grep -q '^hidden\[12\]\[53\] ' $T/out && ok || bad "slm-verify: an encoder's lines"
fill_record >$T/record
check "slm-verify: what stands at [MASK]" $V $E/bert_fill.slm --expect $T/record --json
[ "$(grep -c '"name": "fill\[[0-9]*\]".*"equal": true}' $T/out)" = 3 ] && ok ||
    bad "slm-verify: three figures of [MASK]"
# a prompt gives what its tokens give
text="word57 the mat [MASK] world, hello!"
fill_record "input $($B/slm-tokenize $E/bert_fill.slm <<END
$text
END
)" >$T/record
$V $E/bert_fill.slm --expect $T/record 2>$T/err | sed -n 's/.* found //p' | sed 's/ .*//' >$T/ids
fill_record "prompt $text" >$T/record
$V $E/bert_fill.slm --expect $T/record 2>$T/err | sed -n 's/.* found //p' | sed 's/ .*//' >$T/of_prompt
[ "$(wc -l <$T/ids)" = 3 ] && ok || bad "slm-verify: figures of ids"
same "slm-verify: an encoder's prompt" $T/ids $T/of_prompt
# one figure of an encoder that is not equal, or another head, or no encoder
classify_record | sed 's/^labels *[^ ]*/labels 9/' >$T/changed
$V $E/bert_classify.slm --expect $T/changed >$T/a 2>&1
[ $? = 1 ] && grep -q ' 60 equal, 1 differ' $T/a && ok || bad "slm-verify: a logit of a label that differs"
for each in 's/^head .*/head fill/' '/^encoder/d' 's/^shape .*/shape 83 1 54 50 3 1/'; do
    classify_record | sed "$each" >$T/changed
    refused "slm-verify: an encoder, $each" 1 "no figures" $V $E/bert_classify.slm --expect $T/changed
done
while IFS='|' read -r line pattern; do
    classify_record | sed "s/^labels.*/$line/" >$T/changed
    $V $E/bert_classify.slm --expect $T/changed >$T/a 2>$T/err
    [ $? = 1 ] && ok || bad "slm-verify: an encoder's '$line' is refused"
    said "slm-verify: '$line': says '$pattern'" ":9: .*$pattern"
done <<'END'
hidden 13 0 1|not in the input
hidden 0 54 1|whole number from 0 to 53
hidden 0 53 1 2|more than the 54 elements
labels 1 2 3 4|more than 3 labels
input 1 x|not a number
logits 0 0 1|unknown command
fill 1|no such output
head sing|no head sing
END
for each in 'fill 131 0.5' 'fill 7' 'fill 7 0.5 x 1'; do
    fill_record | sed "s/^fill.*/$each/" >$T/changed
    $V $E/bert_fill.slm --expect $T/changed >$T/a 2>$T/err
    [ $? = 1 ] && grep -q -e ':7: .*' $T/err && ok || bad "slm-verify: '$each' is refused"
done
fill_record "input 3 7 4" >$T/changed
$V $E/bert_fill.slm --expect $T/changed >$T/a 2>$T/err; said "slm-verify: no [MASK]" "no \[MASK\]"
