#!/bin/sh
# run.sh CASE ... - the C tests, then those of the programs. Last line: the sums.
LC_ALL=C; export LC_ALL
exec </dev/null # slm-generate reads a pipe
B=build; T=$B/tmp; rm -rf $T; mkdir -p $T
. tests/lib.sh
# The C tests take one processor, those of the programs the other; the sums come last.
$B/test --golden "$@" >$T/tests.txt &
c_tests=$!
the_c_tests() { wait $c_tests; status=$?; cat $T/tests.txt; return $status; }
check "build/test --list" $B/test --list
for name in kernels damage golden encoders modes; do
    grep -q "^$name  *[^ ]" $T/out && ok || bad "build/test --list has $name"
done
check "build/test NAME ..." $B/test functions range
[ "$(cat $T/out)" = "14 passed, 0 failed, 0 skipped" ] && ok || bad "build/test runs what is named"
refuse "build/test with a name that no test has" 2 $B/test functions nothing
count "the tests of architectures" $B/test-architectures
count "the threads' tests" $B/test-threads
count "the threads' tests, OpenMP's too" $B/test-threads-openmp
count "the tests of the reader of tokenizer.model" $B/test-protobuf

# -- what lies at top level, and what the compiled library needs
for name in *; do
    case $name in
    slm.h | examples | tools | tests | Makefile | README.md | LICENSE | build) ok ;;
    *) bad "$name does not belong at top level" ;;
    esac
done
printf '#define SLM_IMPLEMENTATION\n#include "../../slm.h"\n' >$T/one.c
check "the header alone compiles" ${CC:-cc} -O2 -c $T/one.c -o $T/one.o
cp slm.h $T/vendored-1.h
printf '#define SLM_IMPLEMENTATION\n#include "vendored-1.h"\n' >$T/two.c
if echo __FILE_NAME__ | ${CC:-cc} -E - | grep -q stdin; then
    check "a renamed header compiles" ${CC:-cc} -O1 -c $T/two.c -o $T/two.o
else
    refused "a renamed header" 1 "define SLM_HEADER" ${CC:-cc} -O1 -c $T/two.c -o $T/two.o
fi
check "a renamed header with SLM_HEADER" ${CC:-cc} -DSLM_HEADER='"vendored-1.h"' -O1 -c $T/two.c \
    -o $T/two.o
refused "32-bit x86 with x87 registers" 1 "msse2 -mfpmath=sse" ${CC:-cc} -U__x86_64__ -D__i386__ \
    -U__SSE2_MATH__ -fsyntax-only $T/one.c
refused "floats in a wider type" 1 "floats in a wider type" ${CC:-cc} -U__FLT_EVAL_METHOD__ \
    -D__FLT_EVAL_METHOD__=2 -fsyntax-only $T/one.c
refused "a short double" 1 "double has to have 8 bytes" ${CC:-cc} -U__SIZEOF_DOUBLE__ \
    -D__SIZEOF_DOUBLE__=4 -fsyntax-only $T/one.c
if ${CC:-cc} -O1 -fsingle-precision-constant examples/hello.c -o $T/single -lm 2>/dev/null; then
    refused "constants of single precision" 1 "-fsingle-precision-constant" $T/single
else
    skip "constants of single precision (the compiler has no such option)"
fi
# without what sets the mode of the processor, a program linked with -Ofast is refused
mkdir -p $T/flushed/examples
sed 's/_mm_setcsr(0x1F80);/(void)0;/' slm.h >$T/flushed/slm.h
cp examples/hello.c $T/flushed/examples
if [ "$(uname -m)" = x86_64 ]; then
    check "a program with -Ofast" ${CC:-cc} -Ofast $T/flushed/examples/hello.c -o $T/flush -lm
    refused "denormal numbers that are flushed" 1 \
        "denormal numbers are flushed to zero\|-ffast-math" $T/flush
else
    skip "denormal numbers that are flushed (x86-64 alone)"
fi
nm -u $T/one.o >$T/undefined && [ -s $T/undefined ] && ok || bad "nm lists what the library needs"
if grep -E ' (_?_?exit|_Exit|abort|__assert_fail|.*printf(_chk)?|puts|perror|getenv)$' $T/undefined; then
    bad "the library calls one of exit, abort, assert, printf, getenv"; else ok; fi
if size -A $T/one.o | awk '$1==".data"||$1==".bss"{n+=$2} END{exit n!=0}'; then ok
else bad "the library has writable globals"; fi
if grep -nP '[^\x00-\x7F]' slm.h; then bad "slm.h is not ASCII"; else ok; fi
if awk 'length > 100 {exit 1}' slm.h; then ok; else bad "slm.h has lines beyond 100 columns"; fi

first=$1
if [ -n "$first" ]; then
    model=$B/golden/$first.slm; tokens=tests/golden/$first/tokens.txt
    check "slm-eval" $B/slm-eval $model --tokens $tokens --logits $T/a
    cp $T/a $T/f32
    for way in "--threads 1" "--threads 3 --chunk 7" "--chunk 1" "--isa portable --chunk 512" \
        "--threads 8 --chunk 32"; do
        check "slm-eval $way" $B/slm-eval $model --tokens $tokens --logits $T/b $way
        same "slm-eval $way: same bits" $T/a $T/b
    done
    refuse "an instruction set that is not there" 2 \
        $B/slm-eval $model --tokens $tokens --logits $T/c --isa neon9
    refuse "a token out of range" 1 sh -c \
        "echo 1 2 999999 | $B/slm-eval $model --tokens - --logits $T/never"
    refuse "no tokens" 1 $B/slm-eval $model --tokens /dev/null --logits $T/never
    refuse "no place to write" 1 $B/slm-eval $model --tokens $tokens --logits $T/no/dir
    [ ! -e $T/never ] && [ ! -e $T/never.part ] && ok || bad "a refused run left a file"
    head -c 3000 $model >$T/cut.slm
    refuse "a truncated model" 1 $B/slm-info $T/cut.slm
    refuse "not a model" 1 $B/slm-info Makefile
    refuse "no such model" 1 $B/slm-info $T/nothing.slm
    mkfifo $T/pipe.slm
    refused "a pipe as a model" 1 "a pipe or a device" timeout 10 $B/slm-info $T/pipe.slm
    refused "a device as a model" 1 "a pipe or a device" timeout 10 $B/slm-info /dev/zero
    check "slm-info --json --verify" $B/slm-info $model --json --verify
    check "convert from .slm" $B/slm-convert $model $T/again.slm --type f32
    same "an f32 .slm converts to itself" $model $T/again.slm
    check "convert to q8" $B/slm-convert $model $T/q8.slm --type q8
    check "q8 verifies" $B/slm-info $T/q8.slm --verify
    check "q8 runs" $B/slm-eval $T/q8.slm --tokens $tokens --logits $T/a
    check "q8 runs in portable C" $B/slm-eval $T/q8.slm --tokens $tokens --logits $T/b \
        --isa portable --threads 3 --chunk 5
    same "q8: same bits" $T/a $T/b
    check "q8 against f32" $B/slm-eval $T/q8.slm --tokens $tokens --reference $T/f32
    grep -q '^mean KL divergence 0\.0' $T/out && ok || bad "q8's KL divergence is small"
    check "f32 against itself" $B/slm-eval $model --tokens $tokens --reference $T/f32
    grep -q 'agreement 100.00%' $T/out && ok || bad "a model agrees with itself"
    head -c 4000 $T/f32 >$T/short
    refuse "a short reference" 1 $B/slm-eval $model --tokens $tokens --reference $T/short
    refuse "a quantized source" 1 $B/slm-convert $T/q8.slm $T/never.slm
    refuse "an unknown type" 2 $B/slm-convert $model $T/never.slm --type q3
    cp -r tests/golden/$first $T/hf
    chmod -R u+w $T/hf
    sed 's/"[A-Za-z0-9]*ForCausalLM"/"NoSuchForCausalLM"/
        s/"model_type": "[a-z0-9_]*"/"model_type": "nosuch"/' \
        tests/golden/$first/config.json >$T/hf/config.json
    refuse "an unknown architecture" 1 $B/slm-convert $T/hf $T/never.slm
    printf '{"a": 1, "a": 2}' >$T/hf/config.json
    refuse "duplicate JSON keys" 1 $B/slm-convert $T/hf $T/never.slm
    [ ! -e $T/never.slm ] && ok || bad "a refused conversion left a file"
fi
tiny=examples/models/tiny-phi.slm
if [ -f $tiny ]; then
    check "slm-generate" $B/slm-generate $tiny -p "Once upon a time" -n 120
    cp $T/out $T/a
    [ "$(wc -w <$T/a)" -ge 60 ] && ok || bad "120 tokens are at least 60 words"
    check "slm-generate again" $B/slm-generate $tiny -p "Once upon a time" -n 120 --threads 3
    same "the same command, the same text" $T/a $T/out
    check "slm-generate --draft" $B/slm-generate $tiny -p "Once upon a time" -n 120 --draft 7
    same "drafts do not change the text" $T/a $T/out
    refuse "a draft too long" 2 $B/slm-generate $tiny --draft 17
    printf 'Once upon a time' | $B/slm-generate $tiny -p - -n 120 >$T/b
    same "a prompt from stdin" $T/a $T/b
    $B/slm-generate $tiny -p "Once upon a time" -n 0 >$T/b; printf 'Once upon a time\n' >$T/c
    same "no new tokens: the prompt and a newline" $T/b $T/c
    check "an empty prompt" $B/slm-generate $tiny -n 5
    check "perplexity" $B/slm-eval $tiny --text README.md --window 64
    grep -q '^perplexity [0-9.]* +- [0-9.]* (' $T/out && ok || bad "perplexity with its error"
    refuse "a window beyond the context" 1 $B/slm-eval $tiny --text README.md --window 4096
    refuse "a bad number" 2 $B/slm-generate $tiny -n x
    printf 'Who are you?\n/stats\n/reset\nTell me a story.\n' | $B/slm-chat $tiny >$T/a 2>$T/err
    [ "$(wc -l <$T/a)" -ge 2 ] && grep -q 'context' $T/err && ok || bad "slm-chat in a pipe"
    for file in README.md slm.h LICENSE tests/test_core.c; do
        $B/slm-tokenize $tiny --raw <$file >$T/ids
        $B/slm-tokenize $tiny --decode <$T/ids >$T/b
        same "decode(encode($file))" $file $T/b
    done
    refuse "not an id" 1 sh -c "echo 5 -7 | $B/slm-tokenize $tiny --decode"
    refuse "not JSON" 1 sh -c "echo abc | $B/slm-tokenize $tiny --jsonl"
else
    skip "no bundled model"
fi
text=$B/golden/phi_text.slm
if [ -f $text ] && [ -f tests/golden/tokens.text.jsonl ]; then
    $B/slm-tokenize $text --jsonl <tests/golden/tokens.text.jsonl >$T/a
    same "ids equal Hugging Face's" $T/a tests/golden/tokens.ids.jsonl
    $B/slm-tokenize $text --jsonl --decode <tests/golden/tokens.ids.jsonl >$T/a
    $B/slm-tokenize $text --jsonl --raw <$T/a >$T/b
    $B/slm-tokenize $text --jsonl --raw <tests/golden/tokens.decoded.jsonl >$T/c
    same "decoded text equals Hugging Face's" $T/b $T/c
else
    skip "no token goldens"
fi
. tests/tools.sh
. tests/encode.sh
. tests/torch.sh
. tests/checkpoints.sh
. tests/gguf.sh
. tests/configs.sh
. tests/families.sh
. tests/encoder_configs.sh
. tests/chat_formats.sh
. tests/chat_templates.sh
. tests/snippets.sh
. tests/reports.sh
. tests/verify.sh
. tests/sentencepiece.sh
. tests/saved_tokenizers.sh
. tests/gemma.sh
. tests/splits.sh
. tests/words.sh
. tests/bench_test.sh
. tests/project.sh
. tests/install.sh
. tests/terminal.sh
count "the C tests" the_c_tests
. tests/slide.sh # it reads what those have written
echo "skipped $skipped"
echo "$passed passed, $failed failed"
[ "$failed" = 0 ]
