# chat_formats.sh - how slm-convert finds the chat format, --chat and --system. run.sh, which counts, reads this
# file.
C=$B/chat_formats/chatml
# format NAME FORMAT: the chat format of $T/t.slm
format() {
    got=$($B/slm-info $T/t.slm | sed -n 's/^chat_format *//p')
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
    check "convert: --chat $each" $B/slm-convert $B/chat_formats/$each $T/t.slm --chat $each
    same "... is what it finds" $T/t.slm $B/chat_formats/$each.slm
done
check "slm-info shows the chat format" $B/slm-info $B/chat_formats/chatml.slm --json
grep -q '"chat_format": "chatml"' $T/out && grep -q '"end_tokens": \[2049, 2053\]' $T/out && ok ||
    bad "chatml: <|im_end|> is an end token"
check "convert: --chat wins" $B/slm-convert $C $T/t.slm --chat zephyr; format "--chat wins" zephyr
check "convert: --chat of a .slm" $B/slm-convert $B/chat_formats/zephyr.slm $T/t.slm --chat=llama-2
format "--chat of a .slm" llama-2
$B/slm-convert $B/chat_formats/zephyr.slm $T/t.slm 2>/dev/null; format "a .slm keeps its format" zephyr
refused "convert: an unknown --chat" 2 "chatml, llama-2" $B/slm-convert $C $T/never.slm --chat alpaca
refused "convert: --chat without a value" 2 "needs a value" $B/slm-convert $C $T/never.slm --chat
refused "convert: a format that lacks its tokens" 1 "no <|im_start|>" \
    $B/slm-convert $B/chat_formats/zephyr $T/never.slm --chat chatml
[ ! -e $T/never.slm ] && ok || bad "a refused --chat left a file"
# the first mark may be BOS itself, as in many ChatML models: it is printed once
rm -rf $T/shape; mkdir $T/shape; cp $C/* $T/shape/; rm $T/shape/tokenizer_config.json
sed 's/"bos_token": "[^"]*"/"bos_token": "<|im_start|>"/' $C/tokenizer_config.json \
    >$T/shape/tokenizer_config.json
cmp -s $C/tokenizer_config.json $T/shape/tokenizer_config.json && bad "chatml: BOS is not changed"
cat >$T/shape/chat_template.jinja <<'END'
{% for message in messages %}{{ '<|im_start|>' + message['role'] + '\n' + message['content'] +
'<|im_end|>' + '\n' }}{% endfor %}{% if add_generation_prompt %}{{ '<|im_start|>assistant\n' }}{%
endif %}
END
for option in "" "--chat chatml"; do
    check "convert: BOS is <|im_start|> $option" $B/slm-convert $T/shape $T/t.slm $option
    format "BOS is <|im_start|> $option" chatml
    $B/slm-info $T/t.slm | grep -q '^chat_adds_bos *0' && ok ||
        bad "BOS is <|im_start|> $option: it is printed once"
done
$B/slm-convert $T/shape $T/t.slm --chat zephyr 2>/dev/null
$B/slm-info $T/t.slm | grep -q '^chat_adds_bos *0' && ok || bad "BOS is <|im_start|>, --chat zephyr: no BOS"
sed 's/^/{{ bos_token }}/' $T/shape/chat_template.jinja >$T/x; cp $T/x $T/shape/chat_template.jinja
$B/slm-convert $T/shape $T/t.slm --chat zephyr 2>/dev/null
$B/slm-info $T/t.slm | grep -q '^chat_adds_bos *1' && ok || bad "... and printed before it, --chat zephyr: BOS"
echo "{% for m in messages %}{{ bos_token }}### {{ m['role'] }}: {{ m['content'] }}{% endfor %}" >$T/shape/chat_template.jinja
$B/slm-convert $T/shape $T/t.slm 2>/dev/null
$B/slm-info $T/t.slm | grep -q '^chat_adds_bos *1' && ok || bad "BOS is <|im_start|>, of another template: BOS"
# the rule for BOS is the template's, whichever format is asked for, now or later
for each in own-bos-chatml chatml bos-zephyr zephyr llama-2 own-llama-2 one-llama-2 json-llama-2; do
    for chat in plain phi-2 zephyr llama-2; do
        $B/slm-convert $B/chat_formats/$each $T/t.slm --chat $chat 2>/dev/null || bad "convert: $each --chat $chat"
        $B/slm-convert $B/chat_formats/$each $T/p.slm 2>/dev/null
        check "convert: $each.slm --chat $chat" $B/slm-convert $T/p.slm $T/x.slm --chat $chat
        for file in t x; do $B/slm-info $T/$file.slm | grep -E '^(chat_format|chat_adds_bos|system_message) ' >$T/$file.chat; done
        [ $(wc -l <$T/t.chat) -ge 2 ] && same "... is what $each --chat $chat is" $T/t.chat $T/x.chat
    done
done
# of a template that cannot be read it is a guess, which is said
for each in "{{ bos_token }}{% macro x() %}:begin:1" "{% macro bos() %}:do not begin:0"; do
    cp $C/tokenizer_config.json $T/shape/; echo "${each%%:*}" >$T/shape/chat_template.jinja
    want=${each#*:}
    $B/slm-convert $T/shape $T/t.slm --chat llama-2 2>$T/err
    said "a template that cannot be read --chat llama-2: its system message" "warning: .*is left out.*--system"
    grep -q BOS $T/err && bad "--chat llama-2, whose BOS is its own: a guess" || ok
    for option in "" "--chat zephyr" "--chat zephyr --system x"; do
        check "convert: a template that cannot be read $option" $B/slm-convert $T/shape $T/t.slm $option
        said "... says of BOS" "warning: .* conversations .*${want%:*} with BOS, which it .*mention"
        $B/slm-info $T/t.slm | grep -q "^chat_adds_bos *${want#*:}" && ok || bad "... $each $option"
    done
done
# marks alone are no format
for each in "nothing that is known" "<|user|><|end|><|assistant|> eos_token" \
    "[INST] without the rest" "<|im_start|> <|im_end|>" "[INST] <<SYS>>" \
    "<|user|> <|assistant|> eos_token" "Instruct: x Output:"; do
    shape "$each"
    check "convert: the template $each" $B/slm-convert $T/shape $T/t.slm
    said "... is a warning" "warning: .*template.* plain.*--chat.*--system"
    format "the template $each" plain
done
P=tests/data/templates
cp $P/zephyr.jinja $T/shape/chat_template.jinja
check "convert: chat_template.jinja" $B/slm-convert $T/shape $T/t.slm
grep -q warning $T/err && bad "chat_template.jinja: a warning" || ok
format "chat_template.jinja" zephyr
cp $P/chatml.jinja $T/shape/chat_template.jinja
check "convert: a format whose tokens are missing" $B/slm-convert $T/shape $T/t.slm
said "... is a warning" "warning: .*template is chatml, .* no <|im_start|>.*--chat.*--system"
format "a format whose tokens are missing" plain
mkdir $T/shape/additional_chat_templates; cp $P/tulu.jinja $T/shape/additional_chat_templates/tool_use.jinja
cp $P/zephyr.jinja $T/shape/chat_template.jinja
$B/slm-convert $T/shape $T/t.slm 2>/dev/null; format "additional_chat_templates beside it" zephyr
rm $T/shape/chat_template.jinja
check "convert: several templates, none the default" $B/slm-convert $T/shape $T/t.slm
said "... is a warning" "warning: .*template.*--chat"; format "several templates, none the default" plain
cp $P/zephyr.jinja $T/shape/additional_chat_templates/default.jinja
$B/slm-convert $T/shape $T/t.slm 2>/dev/null; format "additional_chat_templates/default.jinja" zephyr
# the same in tokenizer_config.json
cp -r $B/chat_formats/zephyr $T/several; chmod -R u+w $T/several; rm $T/several/tokenizer_config.json
sed '/"chat_template": \[/{n;N;N;N;d}; s/"name": "default"/"name": "tool_use"/' tests/data/chat_formats/zephyr/tokenizer_config.json >$T/several/tokenizer_config.json
check "convert: a list without a default" $B/slm-convert $T/several $T/t.slm
said "... is a warning" "warning: .*template.*--chat"; format "a list without a default" plain
# what a template cannot do: take long, take memory, write to the terminal
shape x
longest() { awk -v text="$1" -v count="$2" 'BEGIN { for (i = 0; i < count; i++) printf "%s", text }'; }
for each in "a long text:x:300000" "doubling:{% set a = a + a %}:9000" "open tags:{% if a %}:9000" \
    "brackets:{{ ((((((((((((((((((((((((((((((((((((((((((((:100" "loops:{% for m in messages %}:9"; do
    rest=${each#*:}
    { printf "{%% set a = 'xy' %%}"; longest "${rest%:*}" "${rest##*:}"; } >$T/shape/chat_template.jinja
    check "convert: a template of ${each%%:*}" $B/slm-convert $T/shape $T/t.slm
    said "... is a warning" "warning: .*template.* plain.*--chat"; format "a template of ${each%%:*}" plain
done
{ longest "{% set a = a + a %}" 40 | sed "s/^/{% set a = 'xy' %}/"; cat $P/zephyr.jinja; } >$T/shape/chat_template.jinja
check "convert: a text of 2^41 bytes" $B/slm-convert $T/shape $T/t.slm; format "a text of 2^41 bytes" plain
{ longest "{% for m in messages %}" 8; printf "{{ m }}"; longest "{% endfor %}" 8; } >$T/shape/chat_template.jinja
check "convert: eight loops in each other" $B/slm-convert $T/shape $T/t.slm
format "eight loops in each other" plain
for each in '\033[31m' "{{ '\\x1b[31m' }}" "{{ '\\x1' }}" '\377' '{{ "' '{%% raw %%}' '{{ 1 +' '{%% if' '{#' '{{ a.b.c }}'; do
    printf "$each" >$T/shape/chat_template.jinja; cat $P/zephyr.jinja >>$T/shape/chat_template.jinja
    check "convert: the template $each..." $B/slm-convert $T/shape $T/t.slm; format "the template $each..." plain
    said "... is a warning" "warning: .*template.* plain.*--chat"
    if LC_ALL=C grep -q "$(printf '[\001-\010\013-\037]')" $T/err; then bad "a control character of a template"; else ok; fi
done
for each in "{{ 'x" "{{ '<|im_{%% x" "{{ 'x\\\\" '{{' '{%%-' '{#-' '{' '{{ "\\\\u12'; do
    printf "$each" >$T/shape/chat_template.jinja
    check "convert: the cut template $each" $B/slm-convert $T/shape $T/t.slm; format "the cut template $each" plain
done
# --system and the template's own message
cp -r $C $T/own; chmod -R u+w $T/own; cp $P/qwen.jinja $T/own/chat_template.jinja
own() { $B/slm-info $1 | sed -n 's/^system_message *//p'; }
is() { [ "$2" = "$3" ] && ok || bad "$1: $2 instead of $3"; }
minor() { od -An -tu1 -j10 -N1 $1 | tr -d ' '; }
check "convert: the template's own system message" $B/slm-convert $T/own $T/own.slm
is "its own system message" "$(own $T/own.slm)" "You are Qwen, created by Alibaba Cloud. You are a helpful assistant."
is "... makes a file of minor 1" "$(minor $T/own.slm)" 1
is "a file without one is of minor 0" "$(minor $B/chat_formats/chatml.slm)" 0
check "convert: --system" $B/slm-convert $T/own $T/t.slm --system "Be brief."
is "--system replaces it" "$(own $T/t.slm)" "Be brief."
check "convert: --system ''" $B/slm-convert $T/own $T/t.slm --system=; is "--system '' drops it" "$(own $T/t.slm)" ""
check "convert: --chat" $B/slm-convert $T/own $T/t.slm --chat zephyr; format "--chat and its own message" zephyr
is "--chat keeps it" "$(own $T/t.slm)" "$(own $T/own.slm)"
for each in q8 bf16; do
    check "convert: a .slm to $each" $B/slm-convert $T/own.slm $T/t.slm --type $each
    is "a .slm of $each keeps it" "$(own $T/t.slm)" "$(own $T/own.slm)"
    is "... and minor 1" "$(minor $T/t.slm)" 1
done
check "convert: --system of a .slm" $B/slm-convert $B/chat_formats/zephyr.slm $T/p.slm --system "Be brief."
is "--system of a .slm" "$(own $T/p.slm)" "Be brief."
check "convert: --chat of a .slm with one" $B/slm-convert $T/p.slm $T/t.slm --chat plain
is "--chat of a .slm keeps it" "$(own $T/t.slm)" "Be brief."
check "convert: --system '' of a .slm" $B/slm-convert $T/p.slm $T/t.slm --system ""
same "... gives the file without one" $T/t.slm $B/chat_formats/zephyr.slm
check "convert: the same of its own" $B/slm-convert $T/own.slm $T/t.slm --system "" --chat chatml
is "... leaves BOS as it was" "$($B/slm-info $T/t.slm | sed -n 's/^chat_adds_bos *//p')" 0
refused "convert: --system without a value" 2 "needs a value" $B/slm-convert $C $T/never.slm --system
refused "convert: --system of other bytes" 2 "not UTF-8" $B/slm-convert $C $T/never.slm --system "$(printf 'a\377')"
refused "convert: --system too long" 2 "longer than 65535" $B/slm-convert $C $T/never.slm \
    --system "$(longest x 65536)"
refused "convert: --system without a tokenizer" 1 "no tokenizer" $B/slm-convert tests/golden/phi_wide $T/never.slm \
    --system x
check "convert: --system of control characters" $B/slm-convert $C $T/t.slm --system "$(printf 'a\033[31m\nb')"
is "slm-info escapes it" "$(own $T/t.slm)" 'a\u001b[31m\u000ab'
[ ! -e $T/never.slm ] && ok || bad "a refused --system left a file"
refused "slm-chat: an unknown format" 2 "chatml, llama-2" $B/slm-chat --chat alpaca
refused "slm-chat: a format that lacks its tokens" 1 "no <|im_start|>" $B/slm-chat --chat chatml
rm -f $T/t.slm
refused "convert: a .slm whose tokenizer lacks a format's tokens" 1 "no <|im_start|>" \
    $B/slm-convert $B/golden/phi_text.slm $T/t.slm --chat chatml
[ ! -e $T/t.slm ] && ok || bad "a refused --chat of a .slm left a file"
check "convert: --chat plain, then as it was" $B/slm-convert $B/chat_formats/chatml.slm $T/p.slm --chat plain
check "..." $B/slm-convert $T/p.slm $T/t.slm --chat chatml
same "... is the same file" $B/chat_formats/chatml.slm $T/t.slm
# stats OPTION...: the context that a question takes
stats() { printf 'Hello\n/stats\n' | $B/slm-chat "$@" -n 1 2>&1 | sed -n 's/^context \([0-9]*\) of.*/\1/p'; }
plain=$(stats $B/chat_formats/chatml.slm --chat plain); chatml=$(stats $B/chat_formats/chatml.slm)
with=$(stats $B/chat_formats/chatml.slm --system "Be short.")
[ "$plain" -gt 0 ] && [ "$chatml" -gt "$plain" ] && [ "$with" -gt "$((chatml + 5))" ] && ok ||
    bad "slm-chat --chat and --system ($plain, $chatml, $with)"
# the model's own message is what --system would say; "" is none
is "slm-chat: the model's own system message" "$(stats $T/own.slm)" \
    "$(stats $T/own.slm --system "$(own $T/own.slm)")"
none=$(stats $T/own.slm --system ""); is "slm-chat --system ''" "$none" "$((chatml - 1))"
[ "$(stats $T/own.slm)" -gt "$((none + 5))" ] && ok || bad "slm-chat: its own system message takes tokens"
refused "slm-chat: a system message too long" 1 "too long" $B/slm-chat --context 64 \
    --system "One two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen"
