# slide.sh - a full context that is not the end: --keep. run.sh, which counts, reads this file.
# slid OPTION...: slm-generate as test_slide.c has it
slid() { $B/slm-generate $tiny -p "Once upon a time" --context 64 --keep 5 -n 200 --ignore-eos "$@" >$T/a; }
slid --temp 0; same "--keep: as fresh sessions with what is left" $T/a $B/slid-greedy.txt
slid --temp 0 --draft 5; same "--keep: drafts do not change it" $T/a $B/slid-greedy.txt
slid --temp 0.8 --seed 7; same "--keep: each time the seed is one more" $T/a $B/slid-seed.txt
$B/slm-generate $tiny -p "Once upon a time" --context 64 -n 200 --ignore-eos --temp 0 >$T/b 2>$T/err
said "slm-generate: a full context is said" "context of 64 tokens is full"
[ "$(head -c -1 $T/b)" = "$(head -c $(($(wc -c <$T/b) - 1)) $B/slid-greedy.txt)" ] && ok ||
    bad "--keep: until the context is full nothing is different"
$B/slm-generate $tiny -p Once --context 64 --keep 62 -n 90 --ignore-eos >$T/a 2>$T/err && [ ! -s $T/err ] &&
    ok || bad "--keep: the most that can be kept"
refused "slm-generate: too much to keep" 1 "no room" $B/slm-generate $tiny --context 64 --keep 63
refused "slm-generate: a context of nothing" 2 "at least 1" $B/slm-generate $tiny --context 0
refused "slm-generate: a prompt that does not fit" 1 "context is 8" \
    $B/slm-generate $tiny --context 8 --keep 1 -p "Once upon a time there was a little cat and a dog"

story='Tell me a story.\n'
printf "$story" | $B/slm-chat --context 96 --seed 3 -n 300 >$T/b 2>$T/err
said "slm-chat: without --keep the context is full" "is full"
printf "$story$story/more\n/stats\n" | $B/slm-chat --context 96 --seed 3 -n 300 --keep 0 >$T/a 2>$T/err
[ "$(wc -l <$T/a)" -ge 2 ] && ! grep -q 'is full' $T/err && ok || bad "slm-chat --keep goes on"
first=$(sed -n 1p $T/a); most=$(sed -n 1p $T/b)
[ "${#first}" -gt "$((${#most} + 100))" ] && [ "${first#"$most"}" != "$first" ] && ok ||
    bad "slm-chat --keep: the answer begins as without it and is longer"
used=$(sed -n 's/^context \([0-9]*\) of 96 tokens; \([0-9]*\) .*/\1 \2/p' $T/err)
[ "${used% *}" -le 96 ] && [ "${used#* }" -gt 200 ] && ok || bad "slm-chat --keep: the sums ($used)"
printf "$story$story$story$story/stats\n" | $B/slm-chat --context 128 -n 60 --keep 0 >$T/a 2>$T/err
[ "$(wc -l <$T/a)" -ge 4 ] && ! grep -q 'is full' $T/err && [ -n "$(tail -n 1 $T/a)" ] && ok ||
    bad "slm-chat --keep: a message that does not fit makes room"
printf "$story/more\n/more\n" | $B/slm-chat --context 64 -n 20 --keep 0 >$T/a 2>$T/err
[ "$(wc -l <$T/a)" -ge 3 ] && ok || bad "slm-chat --keep and /more"
refused "slm-chat: --keep or --forget" 2 "exclude" $B/slm-chat --keep 1 --forget
refused "slm-chat: too much to keep" 1 "quarter" $B/slm-chat --keep 60 --context 64
