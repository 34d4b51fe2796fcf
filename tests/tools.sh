# tools.sh - the programs with good and bad input. run.sh, which counts, reads this file.
H=$B/helper
tiny=examples/models/tiny-phi.slm
gqa=tests/golden/phi_gqa

# -- every program: --help names every option that its source knows, usage errors, a full stdout
for program in tools/convert/convert.c examples/generate.c examples/chat.c tools/eval.c \
    tools/tokenize.c tools/encode.c tools/info.c tools/verify.c tools/bench.c; do
    tool=slm-$(basename $program .c)
    check "$tool --help" $B/$tool --help
    quiet "$tool --help"
    cp $T/out $T/help
    { grep -o 'strcmp([a-z]*[^,]*, "--*[a-z][^"]*"' $program | cut -d'"' -f2
      grep -o '{"--*[a-z][^"]*", TOOL' $program | cut -d'"' -f2 | cut -d' ' -f1; } >$T/options
    [ -s $T/options ] && ok || bad "$tool has options"
    for option in $(cat $T/options); do
        if grep -q -e "^  \(-[a-z], \)\?$option\\>\|[[;] *$option\\>" $T/help; then ok
        else bad "$tool --help says nothing of $option"; fi
    done
    refused "$tool --nonsense" 2 nonsense $B/$tool --nonsense
    if [ -c /dev/full ]; then
        $B/$tool --help >/dev/full 2>$T/err; [ $? = 1 ] && [ -s $T/err ] && ok ||
            bad "$tool: a full stdout is a failure"
    fi
done
for tool in generate eval tokenize encode info verify bench; do
    refused "slm-$tool without a model" 2 "MODEL.slm" $B/slm-$tool
    refused "slm-$tool with two models" 2 "b.slm" $B/slm-$tool a.slm b.slm
done
for tool in generate chat eval tokenize encode info verify bench convert; do
    refused "slm-$tool: misuse is one line" 2 "(see --help)" $B/slm-$tool --nonsense
    [ "$(wc -l <$T/err)" = 1 ] && ok || bad "slm-$tool: misuse writes $(wc -l <$T/err) lines"
    $B/slm-$tool -h >$T/a; $B/slm-$tool --help >$T/b; same "slm-$tool -h" $T/a $T/b
    grep -q "^example: .*slm-$tool " $T/a && ok || bad "slm-$tool --help has an example"
    [ "$($B/slm-$tool --version)" = "slm-$tool $(awk '/define SLM_VERSION_/ {printf "%s%s", dot, $3; dot = "."}' slm.h)" ] &&
        ok || bad "slm-$tool --version"
done
for tool in generate chat; do # the same options for sampling
    $B/slm-$tool --help | grep -o -e '--[a-z-]*' | grep -E 'temp|top|min-p|repet|pres|freq|seed|stop$' |
        sort -u >$T/sampling-$tool
done
[ "$(wc -l <$T/sampling-chat)" = 9 ] && ok || bad "nine options for sampling"
same "generate and chat sample alike" $T/sampling-generate $T/sampling-chat
refused "a flag with a value" 2 "--stats takes no value" $B/slm-generate m --stats=1
refused "two models, one of them by -m" 2 "one model only" $B/slm-generate m -m n
refused "an empty stop" 2 "--stop has 1 to 255 bytes" $B/slm-generate m --stop=
if [ -f $tiny ]; then
    $B/slm-generate $tiny -p "Once upon a time" -n 30 --temp 0 >$T/a
    $B/slm-generate --temp=0 --predict=30 --prompt="Once upon a time" --model=$tiny >$T/b
    same "--option=value" $T/a $T/b
    $B/slm-generate -n 30 -t 2 -c 400 --temp 0 -p "Once upon a time" -m $tiny >$T/b
    same "short options" $T/a $T/b
    $B/slm-generate -n 30 --temp 0 -p "Once upon a time" -- $tiny >$T/b
    same "-- ends the options" $T/a $T/b
    echo "Once upon a time" | $B/slm-generate $tiny -n 30 --temp 0 >$T/b
    same "the prompt from a pipe, without its last newline" $T/a $T/b
    echo "Once upon a time" | $B/slm-generate $tiny -n 30 --temp 0 -p - >$T/b
    same "-p -, likewise" $T/a $T/b
    printf 'Once upon a time\r\n' | $B/slm-generate $tiny -n 30 --temp 0 >$T/b
    same "one newline of Windows at its end, likewise" $T/a $T/b
    refused "a prompt that cannot be read" 1 "stdin: Is a directory" \
        sh -c "$B/slm-generate $tiny -p - <."
    for value in 0x1 ' 1' nan inf 1e 1.5x; do
        refused "slm-generate --temp '$value'" 2 "is not a number" \
            $B/slm-generate $tiny -p x --temp "$value"
    done
    refused "an instruction set that is not there" 2 "available: .* (see --help)$" \
        $B/slm-bench --shape phi-tiny --isa nosuch
    refused "an empty path" 2 "path is empty" $B/slm-generate ''
    refused "an unknown option of 9,000 bytes" 2 "(see --help)$" \
        $B/slm-generate $tiny --$(printf %09000d 1)
    printf 'Once upon a time' >$T/prompt; $B/slm-generate $tiny -n 30 --temp 0 <$T/prompt >$T/b
    same "from a file on stdin" $T/a $T/b
    echo "Once upon a time" >$T/prompt; $B/slm-generate $tiny -n 0 -f $T/prompt >$T/b
    printf 'Once upon a time\n\n' >$T/c; same "-f keeps every byte" $T/b $T/c
    $B/slm-generate $tiny -n 0 -p '' <$T/prompt >$T/b; echo >$T/c
    same "-p '' reads no stdin" $T/b $T/c
    check "slm-generate --stats" $B/slm-generate $tiny -p "Once upon a time" -n 30 --stats
    said "... says tokens and speeds" \
        '^prompt 4 tokens, [0-9.]* tokens/s; generated 30 tokens, [0-9.]* tokens/s$'
    check "slm-generate without --stats" $B/slm-generate $tiny -p "Once upon a time" -n 30
    quiet "... says nothing in a pipe"
    word=$(sed 's/^Once upon a time//; s/[,.]//g' $T/a | awk 'NF > 4 {print $5; exit}')
    check "slm-generate --stop" $B/slm-generate $tiny -p "Once upon a time" -n 30 --temp 0 \
        --stop "never there" --stop "$word"
    sed "s/$word.*//" $T/a | head -n 1 | tr -d '\n' >$T/b; tr -d '\n' <$T/out >$T/c
    same "... ends before it" $T/b $T/c
    printf 'Hello!\n/exit\nNever.\n' | $B/slm-chat $tiny -n 5 --top-k 3 --min-p 0.1 >$T/a 2>$T/err
    [ $? = 0 ] && [ "$(wc -l <$T/a)" = 1 ] && ok || bad "slm-chat: /exit"
fi
refused "slm-convert without OUT" 2 "OUT.slm" $B/slm-convert $gqa
for option in -n --temp --top-p --top-k --min-p --seed --threads --kv -p -f; do
    refused "slm-generate $option without a value" 2 "needs a value" $B/slm-generate m $option
done

# -- slm-convert. Each refusal must leave the directory of the output empty.
mkdir -p $T/never
# flaw ACTION...: $T/flaw becomes phi_gqa with its safetensors file changed by the helper
flaw() {
    rm -rf $T/flaw; cp -r $gqa $T/flaw; chmod -R u+w $T/flaw
    action=$1; shift
    $H $action $gqa/model.safetensors $T/flaw/model.safetensors "$@" || bad "helper $action"
}
entry='"lm_head.bias":{"dtype":"F32","shape":[101]'
insert() { flaw replace '"lm_head.bias":' "$1,\"lm_head.bias\":"; }

check "convert: a single file" $B/slm-convert $gqa $T/gqa.slm --type f32
same "convert: the same bytes each time" $T/gqa.slm $B/golden/phi_gqa.slm
said "convert: no tokenizer is a warning" "warning: .*tokenizer"
check "convert: ... and the model works by ids" \
    $B/slm-eval $T/gqa.slm --tokens $gqa/tokens.txt --logits $T/x
refused "... and not by text" 1 "tokenizer" $B/slm-generate $T/gqa.slm -p a
refused "... nor in a conversation" 1 "tokenizer" $B/slm-chat $T/gqa.slm
refused "... nor for slm-tokenize" 1 "tokenizer" $B/slm-tokenize $T/gqa.slm
refused "... nor for perplexity" 1 "tokenizer" $B/slm-eval $T/gqa.slm --text README.md

hub=$T/hub/models--a--b; real=tests/golden/gptj_part
mkdir -p $hub/blobs $hub/snapshots/0123
for file in $real/*; do
    blob=$(cksum <$file | tr ' ' -)
    cp $file $hub/blobs/$blob
    ln -s ../../blobs/$blob $hub/snapshots/0123/$(basename $file)
done
check "convert: symbolic links of a hub cache" $B/slm-convert $hub/snapshots/0123 $T/hub.slm \
    --type f32
same "convert: links and files give the same bytes" $T/hub.slm $B/golden/gptj_part.slm

cp -r $gqa $T/old
$H replace $gqa/model.safetensors $T/old/model.safetensors '"lm_head.bias":' \
'"h.0.attn.bias":{"dtype":"U8","shape":[0],"data_offsets":[0,0]},'\
'"h.0.attn.masked_bias":{"dtype":"F32","shape":[0],"data_offsets":[0,0]},'\
'"h.0.rotary_emb.inv_freq":{"dtype":"F32","shape":[0],"data_offsets":[0,0]},"lm_head.bias":'
check "convert: buffers of older checkpoints" $B/slm-convert $T/old $T/old.slm --type f32
same "convert: ... are skipped" $T/old.slm $B/golden/phi_gqa.slm

flaw replace lm_head.bias lm_head.bais
reject "a missing tensor" "lm_head.bias is missing" $T/flaw
flaw replace "$entry" '"lm_head.bias":{"dtype":"F32","shape":[1,101]'
reject "a wrong shape" 'lm_head.bias has the shape \[1, 101\], wanted \[101\]' $T/flaw
flaw replace "$entry" '"lm_head.bias":{"dtype":"F32","shape":[102]'
reject "a shape that its bytes do not fill" "lm_head.bias: 404 bytes, but .* 408" $T/flaw
flaw replace "$entry" '"lm_head.bias":{"dtype":"F16","shape":[202]'
reject "a wrong shape of as many bytes" 'lm_head.bias has the shape \[202\]' $T/flaw
flaw replace "$entry" '"lm_head.bias":{"dtype":"I32","shape":[101]'
reject "a type that is no float" "lm_head.bias: the type I32" $T/flaw
flaw replace "$entry" '"lm_head.bias":{"dtype":"F5","shape":[101]'
reject "a type that nobody knows" "lm_head.bias: the type F5" $T/flaw
flaw replace "$entry" '"lm_head.bias":{"dtype":"F32","shape":[4503599627370496,99]'
reject "a shape that overflows" "lm_head.bias: its size overflows" $T/flaw
flaw replace "$entry" '"lm_head.bias":{"dtype":"F32","shape":[-101]'
reject "a negative shape" "lm_head.bias: .*whole numbers" $T/flaw
insert '"a":{"dtype":"F32","shape":[2],"data_offsets":[400,408]}'
reject "tensors that overlap" "overlap" $T/flaw
insert '"a":{"dtype":"F32","shape":[1],"data_offsets":[99999996,100000000]}'
reject "offsets beyond the file" "tensor a lies outside" $T/flaw
insert '"a":{"dtype":"F32","shape":[1],"data_offsets":[8,4]}'
reject "offsets that go back" "tensor a lies outside" $T/flaw
insert '"a":{"dtype":"F32","shape":[1],"data_offsets":[0,18446744073709551620]}'
reject "offsets that overflow" "whole numbers" $T/flaw
insert "$entry,\"data_offsets\":[0,404]}"
reject "a key twice in the header" "duplicate" $T/flaw
flaw replace '"lm_head.bias":{' '"lm_head.bias":['
reject "a header that is not JSON" "JSON" $T/flaw
for length in 0 1 1000000 7fffffff ffffffffffffffff 8000000000000000; do
    flaw length $length
    case $length in ?) says=JSON ;; *) says="not a safetensors file (header of" ;; esac
    reject "a header of $length bytes" "$says" $T/flaw
done
for size in 0 7 8 100 200000; do
    head -c $size $gqa/model.safetensors >$T/flaw/model.safetensors
    reject "a file cut off at $size bytes" "safetensors" $T/flaw
done
flaw value lm_head.weight 477fe100 # the float after 65504
reject "a value beyond f16" "lm_head.weight.*65504" $T/flaw
flaw value lm_head.weight 477fe000
check "convert: 65504 itself is an f16" $B/slm-convert $T/flaw $T/x.slm
for bits in 7f800000 ff800000 7fc00000; do
    flaw value lm_head.weight $bits
    for type in f32 f16 q8; do
        reject "a value that is not finite ($bits, $type)" "lm_head.weight" $T/flaw --type $type
    done
done
rm -rf $T/flaw; cp -r $real $T/flaw; chmod -R u+w $T/flaw
for shard in ../model-00011-of-00011.safetensors a/b .. . '' 'a\\\\b'; do
    sed "s,model-00011-of-00011.safetensors,$shard," $real/model.safetensors.index.json \
        >$T/flaw/model.safetensors.index.json
    reject "a shard named '$shard'" "not a plain file name" $T/flaw
done
cp $real/model.safetensors.index.json $T/flaw; rm $T/flaw/model-00003-of-00011.safetensors
reject "a missing shard" "model-00003-of-00011" $T/flaw
rm $T/flaw/model.safetensors.index.json
reject "shards without their index" "model.safetensors.index.json is missing" $T/flaw
rm $T/flaw/*.safetensors
reject "no safetensors at all" "neither model.safetensors" $T/flaw
flaw length ca8 # only to have a copy
cp $gqa/model.safetensors $T/flaw
sed 's/"vocab_size": 101/"vocab_size": 101, "vocab_size": 101/' $gqa/config.json \
    >$T/flaw/config.json
reject "a key twice in config.json" "duplicate" $T/flaw
sed 's/"vocab_size": 101/"vocab_size": "x"/' $gqa/config.json >$T/flaw/config.json
reject "a size that is no number" "vocab_size must be a number" $T/flaw
rm $T/flaw/config.json
reject "no config.json" "config.json" $T/flaw
reject "no such source" "no such file" $T/nothing
reject "a source that is no model" "neither" README.md

refused "convert: onto its own source" 1 "part of the source" $B/slm-convert $T/gqa.slm $T/gqa.slm
same "convert: ... which is whole" $T/gqa.slm $B/golden/phi_gqa.slm
cp $gqa/config.json $gqa/model.safetensors $T/flaw
ln -s model.safetensors $T/flaw/link.slm
refused "convert: onto the source's weights" 1 "part of the source" \
    $B/slm-convert $T/flaw $T/flaw/link.slm
same "convert: ... which are whole" $T/flaw/model.safetensors $gqa/model.safetensors
refused "convert: into no directory" 1 "No such file" $B/slm-convert $gqa $T/no/where/m.slm
refused "convert: into a file" 1 "Not a directory" $B/slm-convert $gqa $T/gqa.slm/m.slm
refused "convert: onto a directory" 1 "not a regular file" $B/slm-convert $gqa $T/never
[ -c /dev/full ] && refused "convert: onto a device" 1 "not a regular file" \
    $B/slm-convert $gqa /dev/full
if [ "$(id -u)" != 0 ]; then
    chmod a-w $T/never; reject "into a directory without rights" "denied" $gqa; chmod u+w $T/never
else skip "a directory without write rights (root has them)"; fi
(ulimit -f 100 && reject "a file size limit" "too large" $gqa --type f32; echo $failed >$T/failed)
[ "$(cat $T/failed)" = "$failed" ] && ok || bad "convert: a file size limit"
# small_disk COMMAND...: with 100 KB mounted on $T/never, which nobody else sees and which ends
# with the command; it fails where a file is left
small_disk() {
    unshare -m sh -c "mount -t tmpfs -o size=100k none $T/never || exit 9; $*; status=\$?
        [ -z \"\$(ls -A $T/never)\" ] || exit 8; exit \$status"
}
if small_disk true 2>/dev/null; then
    refused "convert: a full disk" 1 "are needed" \
        small_disk $B/slm-convert $gqa $T/never/m.slm --type f32
    refused "slm-eval: a full disk" 1 "cannot write" small_disk $B/slm-eval \
        $B/golden/phi_long.slm --tokens tests/golden/phi_long/tokens.txt --logits $T/never/l
else skip "a full disk (no right to mount one)"; fi

# 400 MB: long enough to stop in the middle
sh tests/large_checkpoint.sh $T/large 32
$H stop $T/never m.slm $B/slm-convert $T/large $T/never/m.slm --type q8 2>$T/err
[ $? = 130 ] && ok || bad "convert: Ctrl-C ends with status 130"
[ -z "$(ls -A $T/never)" ] && ok || bad "convert: Ctrl-C leaves no file"

# -- slm-info
model=$B/golden/phi_gqa.slm
check "slm-info" $B/slm-info $model
quiet "slm-info"
awk '$1=="parameters"{p=$2} $1=="weight_bytes"{w=$2} $1=="bits_per_weight"{b=$2}
     END {d = b - 8 * w / p; exit !(d < 0.001 && d > -0.001 && b >= 32)}' $T/out && ok ||
    bad "slm-info: bits per weight"
bytes() { $B/slm-info $model --context $1 | awk '$1=="session_bytes"{print $2}'; }
# 2 layers, 1 key/value head of 20 (values: 32 padded), f32
[ $(($(bytes 160) - $(bytes 80))) -ge $((80 * 2 * (20 + 32) * 4)) ] && ok ||
    bad "slm-info: memory grows with the context"
refused "slm-info: more than the model's context" 1 "at most 300" $B/slm-info $model --context 301
refused "slm-info --context 0" 2 "at least 1" $B/slm-info $model --context 0
refused "slm-info --context x" 2 "not a whole number" $B/slm-info $model --context x
for file in $B/golden/*.slm $B/golden/encoders/*.slm $tiny; do
    check "slm-info --json" $B/slm-info $file --json
    if $H json <$T/out; then ok; else bad "slm-info --json $file is JSON"; fi
done
printf '{"a": [1, -2.5e3, "\\u00e9\\n", true, null, {}]}' | $H json && ok || bad "helper json"
for text in '' '{' '{"a" 1}' '[1,]' '"\x"' '01' '{"a":1}}' "$(printf '"\t"')"; do
    if printf %s "$text" | $H json; then bad "helper json takes $text"; else ok; fi
done
escape=$(printf 'a"\\\033[2J\302\233\377\001')
$H metadata $model $T/meta.slm "$escape"
check "slm-info --json: any metadata" $B/slm-info $T/meta.slm --json --verify
$H json <$T/out && grep -q 'a\\"\\\\\\u001b\[2J\\u009b' $T/out && ok || bad "metadata in JSON"
check "slm-info: any metadata" $B/slm-info $T/meta.slm
if tr -d '\n' <$T/out | grep -q '[[:cntrl:]]'; then bad "slm-info shows control characters"; else ok
fi

# shows NAME LINE: the last check's output has this line, of two words at least
shows() {
    if sed 's/  */ /' $T/out | grep -q -x -e "$2"; then ok; else bad "$1: '$2'"; cat $T/out; fi
}
# an encoder: its heads, labels and what cuts a text, and nothing of conversations
check "slm-info of an encoder" $B/slm-info $B/golden/encoders/bert_classify.slm
for line in "kind encoder" "tasks embed classify" "task classify" "label 0 = negative" \
    "label 2 = positive" "label_scores softmax" "rank_scores raw" "pooling mean" \
    "embedding_size 54" "token_types 2" "longest_text 28" "session_context 28"; do
    shows "slm-info of an encoder" "$line"
done
grep -q -e chat -e system -e end_tokens -e prompt $T/out && bad "slm-info: an encoder does not chat" || ok
check "slm-info of a decoder" $B/slm-info $model
shows "slm-info of a decoder" "kind decoder"
grep -q -e '^label' -e pooling -e longest_text $T/out && bad "slm-info: a decoder has no labels" || ok
# sentence vectors: pooling, a dense layer, prompts of which one stands before every text
S=$T/sentences; mkdir -p $S/pool
cp tests/golden/encoders/bert_bare/config.json tests/golden/encoders/bert_bare/model.safetensors $S
echo '[{"path": "", "type": "s.Transformer"}, {"path": "pool", "type": "s.Pooling"},
    {"path": "", "type": "s.Normalize"}]' >$S/modules.json
echo '{"pooling_mode_cls_token": true}' >$S/pool/config.json
echo '{"max_seq_length": 9}' >$S/sentence_bert_config.json
echo '{"prompts": {"query": "query: \u001b", "plain": ""}, "default_prompt_name": "query"}' \
    >$S/config_sentence_transformers.json
check "convert sentence vectors" $B/slm-convert $S $T/sentences.slm
check "slm-info of sentence vectors" $B/slm-info $T/sentences.slm
for line in "tasks embed" "task embed" "pooling cls" "longest_text 9" "session_context 9" \
    'prompt = query: \\u001b' 'prompt query = query: \\u001b' "prompt plain = "; do
    shows "slm-info of sentence vectors" "$line"
done
check "slm-info --json of sentence vectors" $B/slm-info $T/sentences.slm --json --verify
$H json <$T/out && grep -q '"prompts": \[\["", "query: \\u001b"\], \["query", ' $T/out &&
    grep -q '"labels": \[\],' $T/out && ok || bad "slm-info: prompts in JSON"

# -- slm-eval
tokens=$gqa/tokens.txt
check "slm-eval" $B/slm-eval $model --tokens $tokens --logits $T/reference
quiet "slm-eval in a pipe"
(cat $T/reference; printf 1234) >$T/longer
head -c 4000 $T/reference >$T/shorter
for size in longer shorter; do
    refused "slm-eval: a $size reference" 1 "bytes; .* tokens of 101" \
        $B/slm-eval $model --tokens $tokens --reference $T/$size
done
cp $tokens $T/mine
for target in $T/mine /dev/null; do
    refused "slm-eval --logits $target" 1 "also read\|not a regular file" \
        $B/slm-eval $model --tokens $T/mine --logits $target
done
cmp $tokens $T/mine && [ ! -f /dev/null ] && ok || bad "slm-eval leaves its input and devices alone"
cp $tokens $T/other.part
refused "slm-eval: OUT.part is somebody's" 1 "other.part: File exists" \
    $B/slm-eval $model --tokens $tokens --logits $T/other
cmp $tokens $T/other.part && ok || bad "slm-eval leaves a file of somebody's alone"
refused "slm-eval --window without --text" 2 "for --text" \
    $B/slm-eval $model --tokens $tokens --logits $T/x --window 5
for ids in '[1,]' '[,1]' '[1 2]' '[1,,2]' '[1' '1]'; do
    echo "$ids" >$T/ids
    refused "slm-tokenize: $ids" 1 "not a JSON array\|not the id" \
        sh -c "$B/slm-tokenize $tiny --decode --jsonl <$T/ids"
done
refused "slm-generate --context" 1 "context is out of range; the model's context is 512" \
    $B/slm-generate $tiny -p x --context 999999
refused "slm-eval: no reference" 1 "No such file" \
    $B/slm-eval $model --tokens $tokens --reference $T/nothing
for window in 0 1 x -5 99999999; do
    refused "slm-eval --window $window" 2 "--window" \
        $B/slm-eval $tiny --text README.md --window $window
done
refused "slm-eval --window beyond the context" 1 "at most the model's context of 512" \
    $B/slm-eval $tiny --text README.md --window 513
check "slm-eval --text" $B/slm-eval $tiny --text README.md --window 100
quiet "slm-eval --text in a pipe"
refused "slm-eval: a text of no token" 1 "fewer than two" $B/slm-eval $tiny --text /dev/null
refused "slm-eval: --text and --tokens" 2 "either" $B/slm-eval $tiny --text a --tokens b
refused "slm-eval --chunk 0" 2 "at least 1" $B/slm-eval $tiny --text README.md --chunk 0
awk 'BEGIN {for (i = 0; i < 301; i++) print i % 101}' >$T/ids
refused "slm-eval: more tokens than the context" 1 "301 tokens" \
    $B/slm-eval $model --tokens $T/ids --logits $T/never/l
for ids in '1 x' '1 -2' '101' '1,2' '99999999999999999999'; do
    printf '%s' "$ids" >$T/ids
    refused "slm-eval: ids '$ids'" 1 "is not a number below 101" \
        $B/slm-eval $model --tokens $T/ids --logits $T/never/l
done
sh tests/large_checkpoint.sh $T/text 8
for file in tests/golden/phi_text/*token* tests/golden/phi_text/vocab.json \
    tests/golden/phi_text/merges.txt; do cp $file $T/text; done
large=$T/large.slm # says token 0 for ever, some milliseconds each
check "convert: the large checkpoint" $B/slm-convert $T/text $large --type q8
awk 'BEGIN {for (i = 0; i < 2000; i++) print i}' >$T/ids
$H stop $T/never l.part $B/slm-eval $large --tokens $T/ids --logits $T/never/l 2>$T/err
[ $? = 130 ] && ok || bad "slm-eval: Ctrl-C ends with status 130"
[ -z "$(ls -A $T/never)" ] && ok || bad "slm-eval: a refused or stopped run left a file"
if command -v script >/dev/null && script -qec true /dev/null </dev/null >/dev/null 2>&1; then
    script -qec "$B/slm-eval $tiny --text README.md --window 100" /dev/null </dev/null >$T/out
    grep -q ' of [0-9]* tokens ' $T/out && ok || bad "slm-eval shows progress on a terminal"
else skip "progress on a terminal (no script command)"; fi

# -- slm-tokenize
for line in abc '"abc' 'abc"' '"a" "b"' '"\q"' '"\u12"' '"\ud800"' '"\ud800\u0041"' '"\udc00"' \
    "$(printf '"\001"')" "$(printf '"\377"')" '[1]' ''; do
    printf '"good"\n%s\n' "$line" >$T/lines
    $B/slm-tokenize $tiny --jsonl <$T/lines >$T/out 2>$T/err
    [ $? = 1 ] && grep -q '^slm-tokenize: line 2' $T/err && ok || bad "--jsonl takes '$line'"
done
for ids in 2048 -1 x '1 2 x' 1e3 4294967296 18446744073709551616 99999999999999999999999; do
    printf '%s' "$ids" >$T/ids
    if $B/slm-tokenize $tiny --decode <$T/ids >$T/out 2>$T/err; then
        bad "slm-tokenize --decode takes '$ids'"
    elif [ -s $T/out ] || ! grep -q 'not the id of a token' $T/err; then
        bad "slm-tokenize --decode '$ids' is refused plainly"
    else ok; fi
done
for option in "" --raw --no-special; do
    $B/slm-tokenize $tiny $option </dev/null >$T/out 2>$T/err && [ "$(cat $T/out)" = "" ] && ok ||
        bad "slm-tokenize $option of nothing"
done
for option in --jsonl --decode "--jsonl --decode"; do
    $B/slm-tokenize $tiny $option </dev/null >$T/out 2>$T/err && [ ! -s $T/out ] && ok ||
        bad "slm-tokenize $option of nothing"
done
awk 'BEGIN {for (i = 0; i < 60000; i++) print "Line " i ", once upon a time \001\377\302"}' \
    >$T/large.txt
$B/slm-tokenize $tiny --raw <$T/large.txt >$T/ids && $B/slm-tokenize $tiny --decode <$T/ids >$T/b
same "slm-tokenize: two megabytes and back" $T/large.txt $T/b
head -c 300000 /dev/zero | tr '\0' a >$T/word.txt
$B/slm-tokenize $tiny --raw <$T/word.txt >$T/ids && $B/slm-tokenize $tiny --decode <$T/ids >$T/b
same "slm-tokenize: a word of 300,000 letters and back" $T/word.txt $T/b
end=$(printf '<|endoftext|>' | $B/slm-tokenize $tiny)
[ "$end" = 2047 ] && ok || bad "slm-tokenize: a special token is one token"
[ "$(printf '<|endoftext|>' | $B/slm-tokenize $tiny --raw | wc -w)" -gt 3 ] && ok ||
    bad "slm-tokenize --raw: a special token's text is text"

# -- slm-generate
write() { out=$1; shift; $B/slm-generate $tiny -n 100 "$@" >$T/$out 2>$T/err; }
write a -p "Once upon a time" --temp 0
for way in "--top-k 1" "--top-p 0.000001" "--min-p 1" "--temp 0 --seed 5"; do
    write b -p "Once upon a time" $way
    same "slm-generate $way takes the likeliest tokens" $T/a $T/b
done
write a -p "Once upon a time" --seed 1; write b -p "Once upon a time" --seed 1
same "slm-generate: a seed gives one text" $T/a $T/b
write b -p "Once upon a time" --seed 2
cmp $T/a $T/b >/dev/null 2>&1 && bad "slm-generate: another seed, another text" || ok
write b -p "Once upon a time" --seed 1 --kv f32
same "slm-generate: f16 weights have an f32 cache" $T/a $T/b
write b -p "Once upon a time" --kv f16 && ok || bad "slm-generate --kv f16"
refused "slm-generate --kv q8" 2 "f16 or f32" $B/slm-generate $tiny --kv q8
$B/slm-generate $tiny -p "Once upon a time" --temp 0 -n 600 >$T/a 2>$T/err
quiet "slm-generate: an end token ends the text"
$B/slm-generate $tiny -p "Once upon a time" --temp 0 -n 600 --ignore-eos >$T/b 2>$T/err
said "slm-generate --ignore-eos goes on until the context is full" "context of 512 tokens is full"
text=$(cat $T/a)
case "$(cat $T/b)" in "$text") bad "--ignore-eos changes nothing" ;; "$text"*) ok ;;
*) bad "--ignore-eos begins with the same text" ;; esac
printf 'Once upon a time' >$T/prompt
write a -p "Once upon a time"
write b -f $T/prompt; same "slm-generate -f" $T/a $T/b
write b -p - <$T/prompt; same "slm-generate -p -" $T/a $T/b
write b -f - <$T/prompt; same "slm-generate -f -" $T/a $T/b
write a; [ "$(wc -w <$T/a)" -ge 30 ] && ok || bad "slm-generate without a prompt"
write b -p ""; same "slm-generate -p ''" $T/a $T/b
write b -f /dev/null; same "slm-generate -f /dev/null" $T/a $T/b
refused "slm-generate: a prompt beyond the context" 1 "tokens, the context is 512" \
    $B/slm-generate $tiny -f slm.h
refused "slm-generate: no such prompt" 1 "No such file" $B/slm-generate $tiny -f $T/nothing
refused "slm-generate -p and -f" 2 "exclude" $B/slm-generate $tiny -p a -f b
printf 'a\377\302 \355\240\200b' >$T/prompt; (cat $T/prompt; echo) >$T/a
$B/slm-generate $tiny -f $T/prompt -n 0 >$T/b 2>$T/err
same "slm-generate: an invalid UTF-8 prompt comes out as it went in" $T/a $T/b
check "slm-generate: and it is gone on from" $B/slm-generate $tiny -f $T/prompt -n 20
for bad_value in "-n -1" "-n 1x" "--temp -1" "--temp nan" "--top-p 1.5" "--min-p -0.1" \
    "--top-k 99999999999" "--seed 18446744073709551616" "--threads x"; do
    refused "slm-generate $bad_value" 2 "${bad_value% *}" $B/slm-generate $tiny $bad_value
done

# a signal between the making of the temporary file and the noting of its name
if ${CC:-cc} -D_POSIX_C_SOURCE=200809L -Dmkstemp=loud_mkstemp tools/convert/*.c tests/loud_mkstemp.c \
    -o $T/loud -lm -pthread 2>$T/err; then
    mkdir -p $T/loudly
    $T/loud $gqa $T/loudly/m.slm >/dev/null 2>&1; status=$?
    [ $status = 143 ] && [ -z "$(ls -A $T/loudly)" ] && ok ||
        bad "convert: a signal leaves no temporary file ($status)"
else bad "convert with another mkstemp"; cat $T/err; fi

# -- slm-chat
# talk OPTION...: stdin to slm-chat, answers in $T/out, the rest in $T/err
talk() { $B/slm-chat "$@" >$T/out 2>$T/err; }
printf 'Who are you?\n' | talk; cp $T/out $T/one
[ "$(wc -l <$T/one)" = 1 ] && [ "$(wc -w <$T/one)" -ge 5 ] && ok ||
    bad "slm-chat: one line, one answer"
printf 'Who are you?' | talk; same "slm-chat: a last line without a newline" $T/one $T/out
printf '\n\nWho are you?\n' | talk; same "slm-chat: empty lines are no messages" $T/one $T/out
printf 'Who are you?\n/stats\nWho are you?\n/stats\n' | talk --temp 0 && ok || bad "slm-chat: turns"
[ "$(wc -l <$T/out)" = 2 ] && ok || bad "slm-chat: two turns"
used=$(sed -n 's/^context \([0-9]*\) of 512 tokens.*/\1/p' $T/err | tr '\n' ' ')
first=${used%% *}; both=${used#* }
[ "$first" -gt 10 ] && [ "$both" -gt $((2 * first - 5)) ] && ok ||
    bad "slm-chat: the context keeps both turns ($used)"
printf 'Who are you?\n/reset\nWho are you?\n/stats\n' | talk --temp 0
[ "$(sed -n 1p $T/out)" = "$(sed -n 2p $T/out)" ] && ok || bad "slm-chat: /reset forgets"
said "slm-chat: /reset empties the context" "^context $first of"
printf '/help\n/nonsense\n/more\n/quit\nWho are you?\n' | talk && [ ! -s $T/out ] && ok ||
    bad "slm-chat: commands answer on stderr, /quit ends"
said "slm-chat /help" "^  /more "
said "slm-chat: an unknown command is named" "unknown command /nonsense"
said "slm-chat: /more of nothing" "no more"
for each in regenerate undo reset system stats help quit more; do said "slm-chat /help has /$each" "^  /$each "; done
printf 'Hello!\n/stats\nWho are you?\n/undo\n/stats\n/undo\n/stats\n/undo\nWho are you?\n' | talk
used=$(sed -n 's/^context \([0-9]*\) of 512 tokens.*/\1/p' $T/err | tr '\n' ' ')
[ "${used%% *} ${used%% *} 0 " = "$used" ] && ok || bad "slm-chat: /undo, twice ($used)"
said "slm-chat: /undo of nothing" "no message to take back"
tail -n 1 $T/out >$T/a; printf 'Who are you?\n' | talk --seed 2; same "slm-chat: ... as if they had not been" $T/a $T/out
printf 'Who are you?\n/stats\n/regenerate\n/stats\n' | talk --temp 0
[ "$(sort -u $T/out | wc -l)" = 1 ] && [ "$(wc -l <$T/out)" = 2 ] &&
    [ "$(grep -o '^context [0-9]*' $T/err | sort -u | wc -l)" = 1 ] && ok || bad "slm-chat: /regenerate"
printf '/regenerate\nWho are you?\n/regenerate\n' | talk --temp 1.5
[ "$(sort -u $T/out | wc -l)" = 2 ] && ok || bad "slm-chat: /regenerate draws anew"
said "slm-chat: /regenerate of nothing" "no message to answer again"
printf '/system\nHello!\n/system You are a pirate.\n/stats\n/system\nHello!\n/stats\n' | talk --temp 0 -n 1
said "slm-chat: /system shows that there is none" "^system message: (none)"
said "slm-chat: /system shows it" "^system message: You are a pirate.$"
printf 'Hello!\n/stats\n' | $B/slm-chat --temp 0 -n 1 --system "You are a pirate." 2>&1 |
    grep -o '^context [0-9]*' >$T/a; grep -o '^context [0-9]*' $T/err | tail -n 1 >$T/b
same "slm-chat: /system is as --system" $T/a $T/b
for value in "-n 0" "--context 5" "--context x" "--temp x"; do
    refused "slm-chat $value" 2 "${value% *}" $B/slm-chat $value
done
refused "slm-chat: no such model" 1 "nothing.slm" $B/slm-chat $T/nothing.slm

printf 'Who are you?\r\n/stats\r\n/quit\r\nNever.\n' | talk && same "slm-chat: CRLF ends a line" $T/one $T/out
said "slm-chat: ... and a command" "^context $first of"
refused "slm-chat: stdin that cannot be read" 1 "stdin: .*directory" sh -c "$B/slm-chat <tests"

# text that spells a special token stays text: as many tokens as its letters make
turn='Instruct: Say <|endoftext|> now.'
need=$(printf '%s' "$turn" | $B/slm-tokenize $tiny --raw --no-special | wc -w)
frame=$(printf '\nOutput:' | $B/slm-tokenize $tiny --raw --no-special | wc -w)
printf '%s\n/stats\n' "${turn#Instruct: }" | talk --temp 0 -n 1
said "slm-chat: a message never yields a special token" "^context $((need + frame + 1)) of"
less=$(printf '%s' "$turn" | $B/slm-tokenize $tiny --no-special | wc -w)
[ "$less" -lt "$need" ] && ok || bad "slm-tokenize takes the special token of the same text"

# a full context: said, and a way on
story='Tell me a story.\n'
printf "$story$story$story$story$story" | talk --seed 3
said "slm-chat: a full context is said" "context of 512 tokens is full. /more .*/reset"
printf "$story$story$story/more\n/stats\n" | talk --seed 3
[ "$(wc -l <$T/out)" = 4 ] && ok || bad "slm-chat: /more goes on with the answer"
used=$(sed -n 's/^context \([0-9]*\) of 512 tokens.*/\1/p' $T/err)
[ "$used" -lt 400 ] && ok || bad "slm-chat: /more makes room ($used)"
printf "$story$story$story/reset\n$story" | talk --seed 3
[ "$(wc -l <$T/out)" = 4 ] && [ "$(tail -n 1 $T/out | wc -w)" -ge 40 ] && ok ||
    bad "slm-chat: /reset is a way on too"
printf "$story$story$story${story}Who are you?\n" | talk --seed 3 --context 400 --forget
[ "$(wc -l <$T/out)" -ge 5 ] && ! grep -q '/more' $T/err && ok || bad "slm-chat --forget goes on"
said "slm-chat --forget says what it forgets" "is forgotten"
# a message that does not fit: it waits for /more
words=$(awk 'BEGIN {for (i = 0; i < 30; i++) printf "the cat and the dog "}')
printf 'Who are you?\n%s\n%s\n%s\n%s\n/more\n' "$words" "$words" "$words" "$words" |
    talk -n 8 --context 256 --temp 0
[ $? = 1 ] && ok || bad "slm-chat: ... and where one that waited was not"
said "slm-chat: a message that does not fit" "then takes this message"
[ "$(wc -l <$T/out)" -ge 2 ] && [ -n "$(tail -n 1 $T/out)" ] && ok || bad "slm-chat: ... is kept"
printf 'Who are you?\n/stats\n%s\n%s\n/undo\n/stats\n' "$words" "$words" |
    talk -n 8 --context 256 --temp 0
[ $? = 0 ] && ok || bad "slm-chat: /undo of a message that waits: nothing is lost"
said "slm-chat: /undo takes back what waits" "The message that did not fit is forgotten"
printf 'Who are you?\n/stats\n%s\n%s\n/regenerate\n/stats\n' "$words" "$words" |
    talk -n 8 --context 256 --temp 0
[ $? = 1 ] && ok || bad "slm-chat: /regenerate drops a message that waits: it is lost"
printf 'Who are you?\n%s %s\nWho are you?\n' "$words" "$words" | talk --context 256 --temp 0
[ $? = 1 ] && ok || bad "slm-chat: exit status 1 where a message was not taken"
said "slm-chat: a message that can never fit" "too long for a context of 256"
[ "$(wc -l <$T/out)" = 2 ] && ok || bad "slm-chat: ... costs nothing"
printf 'Who are you?\n/more\n/more\n' | talk --temp 0 -n 3
[ "$(tr -d '\n' <$T/out)" = "$(cut -c 1-"$(tr -d '\n' <$T/out | wc -c)" $T/one)" ] && ok ||
    bad "slm-chat: /more goes on where -n cut an answer off"

# Ctrl-C
$H talk "Tell me a story." "Another one." $B/slm-chat $large --temp 0 -n 100 >$T/a 2>$T/err
[ $? = 0 ] && [ "$(wc -l <$T/a)" = 2 ] && ok || bad "slm-chat: Ctrl-C does not end the program"
said "slm-chat: Ctrl-C is answered" "^(stopped)"
one=$(sed -n 1p $T/a | wc -c); two=$(sed -n 2p $T/a | wc -c)
[ "$one" -lt "$two" ] && [ "$two" = 101 ] && ok ||
    bad "slm-chat: Ctrl-C stops an answer ($one, $two)"
$H hush "$(awk 'BEGIN {while (n++ < 1200) printf "a"}')" /stats $B/slm-chat $large >$T/a 2>$T/err
grep -q '^(stopped)' $T/a && grep -q '^context 0 of' $T/a && ok ||
    bad "slm-chat: Ctrl-C stops the reading of a message"
long=$(awk 'BEGIN {while (n++ < 1200) printf "a"}')
for way in /regenerate /more; do
    $H hush "$long" "$way
/stats
/undo
/stats" $B/slm-chat $large -n 1 >$T/a 2>$T/err
    used=$(sed -n 's/^context \([0-9]*\) of.*/\1/p' $T/a | tr '\n' ' ')
    [ "${used%% *}" -gt 1200 ] && [ "${used#* }" = "0 " ] && ok ||
        bad "slm-chat: $way after a message that Ctrl-C stopped ($used)"
done
$H rest "Who are you?" "Who are you?" $B/slm-chat --temp 0 >$T/a 2>$T/err
[ $? = 0 ] && [ "$(wc -l <$T/a)" = 2 ] && ok || bad "slm-chat: Ctrl-C without an answer"
