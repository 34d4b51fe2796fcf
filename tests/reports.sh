# reports.sh - small inputs on which the library fell, as users reported them (the shared data's
# reports/, each with a case.md): what each expects holds. run.sh, which counts, reads this file.
R=${SHARED:-../shared/data}/reports
# report NAME: 0 if its input is there
report() { [ -e "$R/$1" ] || { skip "report $1"; return 1; }; }

if report digits-pre-tokenizer; then
    check "report digits-pre-tokenizer: converts" $B/slm-convert $R/digits-pre-tokenizer/model \
        $T/digits.slm
    printf 'In 1984: 12 a1b2, x\302\262' | $B/slm-tokenize $T/digits.slm >$T/ids
    [ "$(cat $T/ids)" = "73 110 32 49 57 56 52 58 32 49 50 32 97 49 98 50 44 32 120 194 178" ] && ok ||
        bad "report digits-pre-tokenizer: Hugging Face's ids"
fi
for which in index-names-absent-tensor rope-parameters value-head tokenizer-larger-than-rows \
    template-default-system template-taken-for-zephyr; do
    report $which || continue
    check "report $which: converts" $B/slm-convert $R/$which/model $T/$which.slm --type f32
    cp $T/err $T/$which.err
    seq 1 20 >$T/ids
    check "report $which: ... and runs" $B/slm-eval $T/$which.slm --tokens $T/ids \
        --logits $T/logits
done
# warned NAME PATTERN: its conversion said so
warned() {
    [ ! -e $T/$1.err ] || { grep -q -e "$2" $T/$1.err && ok || bad "report $1: says '$2'"; }
}
warned value-head "warning: .* left out: v_head.summary.bias, v_head.summary.weight"
warned tokenizer-larger-than-rows "warning: .*<pad>"
if report lfs-pointer; then
    reject "a Git LFS pointer as reported" "Git LFS pointer.*git lfs pull" $R/lfs-pointer/model
fi
# shown NAME PATTERN: slm-info says so of its model
shown() {
    [ ! -e $T/$1.slm ] || { $B/slm-info $T/$1.slm >$T/out && grep -q -e "$2" $T/out && ok ||
        bad "report $1: slm-info shows '$2'"; }
}
shown template-default-system "^chat_format *chatml"
shown template-default-system "^system_message *Be kind.$"
shown template-taken-for-zephyr "^chat_format *plain"
warned template-taken-for-zephyr "warning: .*--chat NAME.*--system TEXT"
if report chat-crlf; then
    $B/slm-chat --temp 0 -n 12 <$R/chat-crlf/lines.txt >$T/a 2>$T/err
    tr -d '\r' <$R/chat-crlf/lines.txt | $B/slm-chat --temp 0 -n 12 >$T/b 2>$T/c
    same "report chat-crlf: as with LF" $T/a $T/b
    grep -q '^I am sorry. I am glad' $T/a && ok || bad "report chat-crlf: its answer"
    same "report chat-crlf: /quit ends" $T/err $T/c
fi
