# chat_templates.sh - chat formats from chat templates: tests/golden/templates.txt, made by make_chat_templates.py
# with Hugging Face's apply_chat_template. run.sh, which counts, reads this file.
D=$T/template
rm -rf $D; mkdir $D; cp $B/chat_formats/marks/* $D/; chmod -R u+w $D; cp $D/tokenizer_config.json $T/settings.json
# of NAME: the value of a field of $T/info
of() { sed -n "s/^  \"$1\": \(.*\),\$/\1/p" $T/info; }
# read_template: converts $D to $T/t.slm; what it found is in $found
read_template() {
    $B/slm-convert $D $T/t.slm "$@" >$T/out 2>$T/err && $B/slm-info $T/t.slm --json >$T/info &&
        found="$(of chat_format) $(of chat_adds_bos) $(of system_message)"
}
tab=$(printf '\t')
while IFS=$tab read -r name bos end format first own; do
    cp tests/data/templates/$name.jinja $D/chat_template.jinja
    adds=true; quoted="\"$bos\""
    [ "$bos" = - ] && adds=false && quoted=null
    sed "s!\"bos_token\": .*!\"bos_token\": $quoted,!; s!\"eos_token\": .*!\"eos_token\": \"$end\",!
        s!\"add_bos_token\": .*!\"add_bos_token\": $adds,!" $T/settings.json >$D/tokenizer_config.json
    message=$own; [ "$own" = '"?"' ] && message=null
    read_template || found=failed
    [ "$found" = "\"$format\" $first $message" ] && ok ||
        bad "the template $name: $found, wanted \"$format\" $first $message"
    # a warning where the template is of no format, or where a part of it is left out
    warned=0; grep -q 'warning: .*chat template.*--system' $T/err && warned=1
    case $format$own$name in plain*lines) want=0 ;; plain* | *'"?"'*) want=1 ;; *) want=0 ;; esac
    [ $warned = $want ] && ok || { bad "the template $name: warnings $warned, wanted $want"; cat $T/err; }
    [ "$format" = plain ] && { grep -q -e '--chat' $T/err || [ $name = lines ]; } || [ "$format" != plain ] ||
        bad "the template $name: --chat is not named"
    dated=0; grep -q "warning: .*writes today's date" $T/err && dated=1
    want=0; grep -q strftime_now $D/chat_template.jinja && [ "$message" != null ] && want=1
    [ $dated = $want ] && ok || bad "the template $name: a warning of its date: $dated, wanted $want"
done <tests/golden/templates.txt

# two reports of users
for each in template-default-system:chatml:'"Be kind."' template-taken-for-zephyr:plain:null; do
    reported=$SHARED/reports/${each%%:*}/model; want=${each#*:}
    [ -d "$reported" ] || { skip "${each%%:*} is not there"; continue; }
    $B/slm-convert $reported $T/t.slm >$T/out 2>$T/err && $B/slm-info $T/t.slm --json >$T/info
    found="$(of chat_format) $(of system_message)"
    [ "$found" = "\"${want%%:*}\" ${want#*:}" ] && ok || bad "${each%%:*}: $found"
done
[ ! -d "$reported" ] || said "template-taken-for-zephyr: a warning" "warning: .*template.*--chat.*--system"
