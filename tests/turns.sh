# turns.sh - how slm-convert finds the turn format, and --chat. run.sh, which counts, reads this file.
C=$B/turns/chatml
# format NAME FORMAT: the turn format of $T/t.slm
format() {
    got=$($B/slm-info $T/t.slm | sed -n 's/^turn_format *//p')
    [ "$got" = "$2" ] && ok || bad "$1: $got instead of $2"
}
# shape TEMPLATE: $T/shape becomes the chatml model without its marks, with this template
shape() {
    rm -rf $T/shape; mkdir $T/shape; cp $C/* $T/shape/; chmod -R u+w $T/shape
    rm $T/shape/tokenizer_config.json
    sed "s/<|im_start|>/<|im_begin|>/; s/^{/{ \"chat_template\": \"$1\",/" $C/tokenizer_config.json \
        >$T/shape/tokenizer_config.json
}
for each in chatml llama-2 zephyr; do
    check "convert: --chat $each" $B/slm-convert $B/turns/$each $T/t.slm --chat $each
    same "... is what it finds" $T/t.slm $B/turns/$each.slm
done
check "slm-info shows the turn format" $B/slm-info $B/turns/chatml.slm --json
grep -q '"turn_format": "chatml"' $T/out && grep -q '"end_tokens": \[2049, 2053\]' $T/out && ok ||
    bad "chatml: <|im_end|> is an end token"
check "convert: --chat wins" $B/slm-convert $C $T/t.slm --chat zephyr; format "--chat wins" zephyr
check "convert: --chat of a .slm" $B/slm-convert $B/turns/zephyr.slm $T/t.slm --chat=llama-2
format "--chat of a .slm" llama-2
$B/slm-convert $B/turns/zephyr.slm $T/t.slm 2>/dev/null; format "a .slm keeps its format" zephyr
refused "convert: an unknown --chat" 2 "chatml, llama-2" $B/slm-convert $C $T/never.slm --chat alpaca
refused "convert: --chat without a value" 2 "nothing" $B/slm-convert $C $T/never.slm --chat
refused "convert: a format that lacks its tokens" 1 "no <|im_start|>" \
    $B/slm-convert $B/turns/zephyr $T/never.slm --chat chatml
[ ! -e $T/never.slm ] && ok || bad "a refused --chat left a file"
for each in "plain:nothing that is known" "plain:<|user|><|end|><|assistant|> eos_token" \
    "plain:[INST] without the rest" "plain:<|im_start|> <|im_end|>" "llama-2:[INST] <<SYS>>" \
    "zephyr:<|user|> <|assistant|> eos_token" "phi-2:Instruct: x Output:"; do
    shape "${each#*:}"
    check "convert: the template ${each#*:}" $B/slm-convert $T/shape $T/t.slm
    case $each in plain:*) said "... is a warning" "warning: .*template.* plain\|--chat" ;; esac
    format "the template ${each#*:}" "${each%%:*}"
done
printf '<|user|> <|assistant|> </s>' >$T/shape/chat_template.jinja
$B/slm-convert $T/shape $T/t.slm 2>/dev/null; format "chat_template.jinja" zephyr
refused "slm-chat: an unknown format" 2 "chatml, llama-2" $B/slm-chat --chat alpaca
refused "slm-chat: a format that lacks its tokens" 1 "no <|im_start|>" $B/slm-chat --chat chatml
rm -f $T/t.slm
refused "convert: a .slm whose tokenizer lacks a format's tokens" 1 "no <|im_start|>" \
    $B/slm-convert $B/golden/phi_text.slm $T/t.slm --chat chatml
[ ! -e $T/t.slm ] && ok || bad "a refused --chat of a .slm left a file"
check "convert: --chat plain, then as it was" $B/slm-convert $B/turns/chatml.slm $T/p.slm --chat plain
check "..." $B/slm-convert $T/p.slm $T/t.slm --chat chatml
same "... is the same file" $B/turns/chatml.slm $T/t.slm
# stats OPTION...: the context that a question takes
stats() { printf 'Hello\n/stats\n' | $B/slm-chat "$@" -n 1 2>&1 | sed -n 's/^context \([0-9]*\) of.*/\1/p'; }
plain=$(stats $B/turns/chatml.slm --chat plain); chatml=$(stats $B/turns/chatml.slm)
with=$(stats $B/turns/chatml.slm --system "Be short.")
[ "$plain" -gt 0 ] && [ "$chatml" -gt "$plain" ] && [ "$with" -gt "$((chatml + 5))" ] && ok ||
    bad "slm-chat --chat and --system ($plain, $chatml, $with)"
refused "slm-chat: a system message too long" 1 "too long" $B/slm-chat --context 64 \
    --system "One two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen"
