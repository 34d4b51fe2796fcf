# gguf.sh - GGUF files: those that llama.cpp writes give the bytes that their checkpoints give,
# every type gives the numbers of gguf's own code, and every hostile file is refused by name.
# run.sh, which counts, reads this file after checkpoints.sh.
U=tests/golden/gguf
TAB="$(printf '\t')"

# gguf_of NAME: the file, or the first of several
gguf_of() { for gguf in $U/$1.gguf $U/$1-00001-of-*.gguf; do [ -f $gguf ] && return; done; }
# without_source NAME: $T/NAME.slm with other words for where it comes from
without_source() { $H metadata $T/$1.slm $T/$1.bare x; }

# -- the same models from both
for directory in $U/*/config.json; do
    name=$(basename $(dirname $directory))
    gguf_of $name
    rm -rf $T/src; cp -r $U/$name $T/src; chmod -R u+w $T/src
    case $name in
    *_bytes) cp tests/data/bpe2048/* $T/src ;;
    *_pieces) cp tests/data/pieces512/* $T/src ;;
    esac
    for type in f32 f16 bf16 q8 q4; do
        check "gguf: $name from its checkpoint" $B/slm-convert $T/src $T/checkpoint.slm --type $type
        check "gguf: $name, $type" $B/slm-convert $gguf $T/gguf.slm --type $type
        without_source checkpoint; without_source gguf
        same "gguf: $name gives the same $type bytes" $T/checkpoint.bare $T/gguf.bare
    done
done

# -- types
check "gguf: the tests' dump" ${CC:-cc} -O1 -std=c99 tests/dump_weights.c -o $T/dump -lm
check "gguf: all types" $B/slm-convert $U/types.gguf $T/types.slm --type f32
$T/dump $T/types.slm $T/types.f32
cksum <$T/types.f32 >$T/sum
same "gguf: all types give the numbers of gguf's code" $T/sum $U/types.sum
Q=$U/quantized.gguf
check "gguf: quantized weights" $B/slm-convert $Q $T/usual.slm
said "gguf: ... become q8, which is said" "$Q: its weights are quantized (Q4_0): the type is q8"
check "gguf: q8 of quantized weights" $B/slm-convert $Q $T/q8.slm --type q8
grep -q 'the type is q8' $T/err && bad "gguf: nothing is said of a type that was given" || ok
same "gguf: ... which q8 gives, too" $T/usual.slm $T/q8.slm
for type in q4 q4f; do
    refused "gguf: $type of quantized weights" 1 "quantized already (Q4_0), and $type would lose" \
        $B/slm-convert $Q $T/never/m.slm --type $type
    check "gguf: --requantize" $B/slm-convert $Q $T/x.slm --type $type --requantize
    said "gguf: ... which is said" "warning: .* quantized already (Q4_0): $type loses as much"
done
for type in f32 f16 bf16; do
    check "gguf: $type of quantized weights" $B/slm-convert $Q $T/x.slm --type $type
done
check "gguf: q4 of floats" $B/slm-convert $U/llama.gguf $T/x.slm --type q4

# -- several files
set -- $U/llama_three-0000?-of-00003.gguf
mkdir -p $T/parts; cp "$@" $T/parts
first=$T/parts/llama_three-00001-of-00003.gguf
check "gguf: several files" $B/slm-convert $first $T/x.slm
reject "gguf: a file that is not the first" "part 2 of 3 of a model: give the first one" $2
rm $T/parts/*-00002-*
reject "gguf: a missing file" "part 2 of 3 is missing: .*00002-of-00003.gguf" $first
cp $3 $T/parts/llama_three-00002-of-00003.gguf
reject "gguf: a file in another's place" "do not say that it is part 2 of 3" $first
cp $U/llama.gguf $T/parts/llama_three-00002-of-00003.gguf
reject "gguf: a file of another model" "00002-of-.*tensor token_embd.weight is in .* too" $first
cp $2 $T/parts; cp $1 $T/parts/other.gguf
reject "gguf: a first file of another name" "name has to end with -00001-of-00003.gguf" \
    $T/parts/other.gguf

# -- hostile files
while IFS="$TAB" read -r base changes pattern what; do
    $H splice $U/hostile/$base.gguf $T/hostile.gguf $changes
    reject "gguf: $what" "$pattern" $T/hostile.gguf --type f32
    [ "$(grep -vc warning: $T/err)" = 1 ] && ok || bad "gguf: $what: says one line"
done <$U/hostile/errors.txt
[ "$(wc -l <$U/hostile/errors.txt)" -ge 150 ] && ok || bad "gguf: all hostile files are there"
for base in tiny bytes pieces; do
    check "gguf: $base as it is" $B/slm-convert $U/hostile/$base.gguf $T/x.slm
done

# -- an end token by its text alone
$H splice $U/hostile/bytes.gguf $T/ends.gguf $(cat $U/hostile/ends.txt)
check "gguf: no key names an end token" $B/slm-convert $T/ends.gguf $T/x.slm --type f16
end=$($B/slm-info $T/x.slm | awk '$1 == "end_tokens" {print $2}')
[ "$end" = 258 ] && ok || bad "gguf: a control token <|end|> ends a text, not '$end'"

# -- keys that mean the same, and names of rules for splitting a text
while IFS="$TAB" read -r one other what; do
    $H splice $U/hostile/tiny.gguf $T/one.gguf $one
    $H splice $U/hostile/tiny.gguf $T/other.gguf $other
    check "gguf: $what" $B/slm-convert $T/one.gguf $T/one.slm --type f32
    check "gguf: $what, as usual" $B/slm-convert $T/other.gguf $T/other.slm --type f32
    without_source one; without_source other
    same "gguf: $what: the same model" $T/one.bare $T/other.bare
done <$U/hostile/variants.txt
tokenize_splits() { # MODEL ACCENTED: the ids of texts that no two rules split alike
    printf "It'S 1234 a\342\200\231ll \344\270\2552a\343\201\202 HelloWORLD/a\r\n\n $2 ...x" |
        $B/slm-tokenize $1 --no-special
    case $pre in mpt | olmo | command-r) return ;; esac # added tokens of spaces, no NFC
    $B/slm-tokenize $1 --jsonl --no-special --raw <tests/golden/tokens.text.jsonl
}
while IFS="$TAB" read -r pre rule changes; do
    $H splice $U/hostile/splits.gguf $T/pre.gguf $changes
    check "gguf: pre $pre" $B/slm-convert $T/pre.gguf $T/pre.slm --type f16
    accented='e\314\201'
    [ $pre != command-r ] || accented='\303\251' # digits has no NFC
    tokenize_splits $B/ids/splits-$rule.slm $accented >$T/a
    tokenize_splits $T/pre.slm 'e\314\201' >$T/b
    same "gguf: pre $pre splits as Hugging Face's $rule" $T/a $T/b
done <$U/hostile/pres.txt
size=$(wc -c <$U/hostile/tiny.gguf); at=4; wrong=0
while [ $at -lt $size ]; do
    head -c $at $U/hostile/tiny.gguf >$T/cut.gguf
    $B/slm-convert $T/cut.gguf $T/never/m.slm >$T/out 2>$T/err
    [ $? = 1 ] && [ "$(wc -l <$T/err)" -ge 1 ] || wrong=$at
    at=$((at + 1))
done
[ $wrong = 0 ] && [ -z "$(ls -A $T/never)" ] && ok || bad "gguf: cut off after $wrong bytes"

# -- the programs that open a .slm name the command
for tool in generate chat info tokenize bench verify "eval --text README.md"; do
    refused "slm-$tool: a GGUF" 1 "is a GGUF file: slm-convert $U/llama.gguf $U/llama.slm" \
        $B/slm-$tool $U/llama.gguf
done
