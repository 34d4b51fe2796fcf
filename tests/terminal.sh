# terminal.sh - slm-chat's editor in a terminal: tmux is it. run.sh, which counts, reads this file.
tmx() { LC_ALL=C.UTF-8 TERM=xterm tmux -u -L slm-$$ -f /dev/null "$@"; }
screen() { tmx capture-pane -p; }
press() { tmx send-keys "$@"; }
type() { tmx send-keys -l -- "$1"; }
# shows NAME PATTERN: within ten seconds the screen has a line like PATTERN
shows() {
    for tenth in $(seq 100); do
        if screen | grep -q -e "$2"; then ok; return 0; fi
        sleep 0.1
    done
    bad "terminal: $1: no line like '$2'"; screen
}
# typed NAME TEXT: the last line of the history's file, within ten seconds
typed() {
    for tenth in $(seq 100); do
        if [ "$(tail -n 1 $T/history 2>/dev/null)" = "$2" ]; then ok; return 0; fi
        sleep 0.1
    done
    bad "terminal: $1: '$(tail -n 1 $T/history | cut -c1-200)' instead of '$2'"
}
# paste TEXT: as a terminal pastes, between marks if the program wants them
paste() { printf "$1" | tmx load-buffer -; tmx paste-buffer -p -r; }
# chats: slm-chat with that history, then its exit status and the terminal's modes, in a shell that
# does not mend them
chats() {
    type "sh -c '$B/slm-chat -n 6 --temp 0 --history $T/history; echo ended \$?; stty -g >$T/after'"
    press Enter
}
fresh_screen() { type "clear"; press Enter; sleep 0.2; }

if ! command -v tmux >/dev/null || ! command -v bash >/dev/null || ! command -v pkill >/dev/null
then
    skip "slm-chat in a terminal (tmux, bash and pkill are needed)"
else
    tmx new-session -d -x 40 -y 12 "env PS1='% ' TERM=screen bash --norc --noprofile"
    type "stty -g >$T/modes"; press Enter
    chats
    shows "the prompt" '^>'

    # -- what is drawn, and where the cursor is
    wide=$(printf 'h\303\266 \344\275\240\345\245\275 \360\237\230\200'); mark=$(printf 'e\314\201')
    type "$wide ${mark}x and more than forty columns wide"
    shows "wide characters" "^> $wide ${mark}x and more than forty colu\$"
    shows "the rest of the line" "^mns wide\$"
    press Home; press Right Right Right Right Right Right Right Right; sleep 0.2
    [ "$(tmx display -p '#{cursor_x}')" = 13 ] && ok || bad "terminal: the cursor behind wide ones"
    press Right; press BSpace; press C-e
    press BSpace BSpace BSpace BSpace BSpace; type " tall"; press Enter
    typed "a character and its mark are one" "$wide x and more than forty columns tall"

    # -- keys
    type "one two three"; press M-b C-w; type "2 "; press C-e C-w C-a C-y; type " "
    press C-k C-y Enter
    typed "words, cut and put back" "three one 2 "
    type "abcdef"; press Left Left DC BSpace C-b C-d C-f Home Delete; type "X"
    press End; type "Y"; press Enter
    typed "left, right, delete, home, end" "XbfY"
    type "first"; press Enter; typed "a line" first
    type "draft"; press Up Up Down; press C-e; type "!"; press Enter
    typed "history: up and down" "first!"
    type "draft"; press Up Down; type "ed"; press Enter; typed "history: what was typed" "drafted"
    type "a/b c"; press M-BSpace M-BSpace; type "z"; press C-k Enter
    typed "whole words" "a/z"

    # -- messages of several lines, all the same
    type "/reset"; press Enter; shows "reset" "A new conversation"
    paste 'once\r\nupon\r\na time'; press Enter; typed "a pasted paragraph" 'once\nupon\na time'
    type "/stats"; press Enter; shows "stats" "^context [0-9]* of"
    pasted=$(screen | grep '^context' | tail -n 1 | cut -c1-18)
    for way in quotes backslash alt; do
        type "/reset"; press Enter; sleep 0.2; press C-l
        case $way in
        quotes)
            for line in '"""' once upon 'a time' '"""'; do type "$line"; press Enter; done ;;
        backslash) for line in 'once\' 'upon\' 'a time'; do type "$line"; press Enter; done ;;
        alt) type once; press M-Enter; type upon; press M-Enter; type 'a time'; press Enter ;;
        esac
        sleep 0.3; type "/stats"; press Enter; shows "$way: stats" "^context [0-9]* of"
        several=$(screen | grep '^context' | tail -n 1 | cut -c1-18)
        [ -n "$several" ] && [ "$several" = "$pasted" ] && ok ||
            bad "terminal: $way: $several, not $pasted"
    done
    paste 'tab\there\a\033[31m\003'; press Enter
    typed "control bytes in a paste are dropped" "$(printf 'tab\there')"
    long=$(printf '%09000d' 7); paste "/system $long"; press Enter
    typed "a line of 9,000 bytes" "/system $long"
    tmx send-keys -H 1b 5b 32 30 30 7e 61 1b 5b 32 30; sleep 0.1; tmx send-keys -H 31 7e
    type "b"; press Enter; typed "the end of a paste comes in two parts" ab
    tmx send-keys -H 1b 5b 32 30 30 7e 78 1b; sleep 0.1; tmx send-keys -H 1b 5b 32 30 31 7e
    type "y"; press Enter; typed "an ESC at the end of a paste" xy
    tmx send-keys -H 1b 5b 32 30 30 7e 7a; sleep 0.2; press C-c; type z; press Enter
    typed "Ctrl-C ends a paste whose end was lost" zz
    type "/x"; tmx send-keys -H 1b 5b 32 30 30 7e c2 9b 1b 5b 32 30 31 7e; press Enter
    shows "no control character is shown" 'unknown command /x.xc2'
    press C-l; paste '1\n2\n3\n4\n5\n6\n7\n8\n9\n10\n11\n12\n13\n14'
    shows "the end of a tall message" '^14$'
    [ "$(screen | head -n 1)" = 3 ] && ok || { bad "terminal: as much of it as fits"; screen; }
    screen | grep -q '^> *1$' && bad "terminal: a tall message" || ok
    press Up Up Up Up Up Up Up Up Up Up Up Up Up; shows "its beginning" '^> 1$'
    press C-c; sleep 0.2; press C-c; shows "Ctrl-C without a text" 'Ctrl-C again'

    # -- another width, a stop and a continuation, signals: the terminal is as it was
    type "resized"; tmx resize-window -x 30 -y 10; sleep 0.2; type " now"; press Enter
    typed "another width" "resized now"; tmx resize-window -x 40 -y 12
    type "kept"; press C-z; shows "Ctrl-Z stops the program" 'Stopped'
    type "stty -g | cmp - $T/modes && echo same as before"; press Enter
    shows "... and leaves the terminal as it was" '^same as before'
    type "clear; fg"; press Enter; shows "fg draws the message again" '^> kept'
    press Enter; typed "... and goes on" kept
    for way in C-d /exit TERM HUP INT; do
        case $way in
        C-d) press C-d ;;
        /exit) type /exit; press Enter ;;
        INT) type "never sent"; press C-c; type "nor this"; press C-c; sleep 0.2; press DC
            press C-c; shows "only Ctrl-C without a text counts" 'Ctrl-C again'; press C-c ;;
        *) type "never sent"; sleep 0.2
            pkill -$way -x -t "$(tmx display -p '#{pane_tty}' | cut -c 6-)" slm-chat ;;
        esac
        case $way in
        TERM | HUP) shows "$way ends it" '^ended 1[24]' ;;
        *) shows "$way ends it" '^ended 0' ;;
        esac
        sleep 0.2; cmp -s $T/after $T/modes && ok || bad "terminal: as it was, after $way"
        rm $T/after; fresh_screen; chats; shows "again" '^>'
    done
    [ "$(stat -c %a $T/history)" = 600 ] && ok || bad "terminal: the history is its owner's alone"
    grep -q "never sent" $T/history && bad "terminal: what was not sent is in the history" || ok
    press Up Up; shows "the history of an earlier run" '^> kept'
    press C-u C-d; shows "the end" '^ended 0'
    fresh_screen; chats; type "typed"; press Enter; type "ahead"; press Enter
    typed "what is typed before it is asked for" ahead
    [ "$(tail -n 2 $T/history | head -n 1)" = typed ] && ok || bad "terminal: two typed ahead"
    press C-d; shows "its end" '^ended 0'; fresh_screen
    type "TERM=dumb $B/slm-chat -n 6; echo ended \$?"; press Enter; shows "a dumb terminal" '^>'
    type "/reset"; press Enter; shows "... has lines as well" 'A new conversation'; press C-d
    shows "... and an end" '^ended 0'
    fresh_screen; type "$B/slm-chat --history $T/no/where; echo ended \$?"; press Enter
    shows "a history that cannot be" 'No such f'; shows "... is a failure" '^ended 1'
    tmx kill-server
fi
