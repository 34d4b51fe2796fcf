# snippets.sh - the code of the manual's front and of the README compiles and runs as it stands
# there. run.sh, which counts, reads this file.
# In the manual a snippet begins behind an empty line with nine spaces or more, and goes on to the
# next empty line. Fragments get what the manual says that they have, a model and so on.
S=$T/snippets; rm -rf $S; mkdir -p $S
tiny=examples/models/tiny-phi.slm
# snippets NAME FILE: $S/NAME-1.c and so on
snippets() {
    awk -v out="$S/$1-" '
        /^\*\// { exit }
        /^$/ { inside = 0; empty = 1; next }
        /^         / && empty { inside = 1; file = out sprintf("%02d", ++count) ".c" }
        inside { print substr($0, 10) >file }
        { empty = 0 }' "$2"
}
snippets manual slm.h
awk -v out="$S/readme-" '
    /^```/ { inside = $0 == "```c"; if (inside) file = out (++count) ".c"; next }
    inside { print >file }' README.md
[ "$(ls $S/manual-*.c | wc -l)" = 11 ] && ok || bad "the manual has 11 snippets"
[ "$(ls $S/readme-*.c | wc -l)" = "$(grep -c '^```c$' README.md)" ] && ok || bad "the README's snippets"

# The frame of a fragment: "fragment" is where it goes. It has a prompt unless it is a conversation.
cat >$S/frame <<'END'
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "slm.h"
#include "examples/threads.h"
static int recipe(slm_model *model, slm_session *session, const unsigned char *flash,
                  size_t flash_size, unsigned char *ram, size_t ram_size) {
    slm_session_desc desc;
    slm_generation generation;
    slm_piece piece;
    slm_result result = SLM_OK;
    slm_error error;
    size_t i = 0, j = 0;
    memset(&desc, 0, sizeof desc);
    memset(&generation, 0, sizeof generation);
    memset(&piece, 0, sizeof piece);
    memset(&error, 0, sizeof error);
    (void)model, (void)session, (void)flash, (void)flash_size, (void)ram, (void)ram_size;
    (void)i, (void)j, (void)result, (void)piece, (void)error, (void)desc, (void)generation;
    {
fragment
    }
    return 0;
}
static void *take(void *user, size_t size) { return (void)user, malloc(size); }
static void give(void *user, void *memory) { (void)user, free(memory); }
static unsigned char room[2][(4u << 20) + 64];
int main(int count, char **args) {
    unsigned char *flash = room[0] + 64 - (size_t)room[0] % 64;
    unsigned char *ram = room[1] + 64 - (size_t)room[1] % 64;
    FILE *file = fopen(args[1], "rb");
    size_t size = file ? fread(flash, 1, 4u << 20, file) : 0;
    slm_model_desc weights;
    slm_session_desc desc;
    slm_model *model;
    slm_session *session;
    int failed;
    memset(&weights, 0, sizeof weights);
    memset(&desc, 0, sizeof desc);
    desc.allocator.alloc = weights.allocator.alloc = take;
    desc.allocator.free = weights.allocator.free = give;
    if (file) fclose(file);
    if (slm_model_open_memory(&model, flash, size, &weights, NULL) != SLM_OK ||
        slm_session_open(&session, model, &desc, NULL) != SLM_OK ||
        (count > 2 && slm_prompt(session, args[2], SLM_NUL, 0) != SLM_OK)) return 2;
    failed = recipe(model, session, flash, size, ram, 4u << 20);
    if (failed) printf("%s\n", slm_session_error(session));
    slm_session_close(session);
    slm_model_close(model);
    return failed;
}
END
# The implementation that fragments are linked with, and one without files and malloc
printf '#define SLM_IMPLEMENTATION\n#include "slm.h"\n' >$S/implementation
make_object() { check "the object $1" ${CC:-cc} -std=c99 -O1 -DSLM_NO_SIMD -I. "$@"; }
make_object -x c -c $S/implementation -o $S/whole.o
make_object -DSLM_NO_STDIO -DSLM_NO_MALLOC -x c -c $S/implementation -o $S/small.o

# run_snippet COMPILER...: compiles $S/$snippet.c with $flags, and runs it
run_snippet() {
    check "$snippet compiles: $*" "$@" -Wall -Wextra -pedantic -Werror -I. $S/$snippet.c \
        -x none $flags -o $S/$snippet -lm -pthread
    set -- $S/$snippet $tiny
    grep -q 'slm_chat(session' $S/$snippet.c ||
        set -- "$@" "Once upon a time there was a cat that liked to sleep in the sun and"
    check "$snippet runs" timeout 60 "$@"
    cp $T/out $S/$snippet.out
}
for file in $S/*.c; do
    snippet=$(basename $file .c)
    if grep -q 'int main' $file; then
        flags="-O1 -DSLM_NO_SIMD" # the least to compile and run
    elif grep -q SLM_IMPLEMENTATION $file; then
        flags=-DSLM_NO_SIMD
        echo 'int main(void) { return 0; }' >>$file
    else
        flags=$S/whole.o
        grep -q place.memory $file && flags=$S/small.o
        cp $file $S/$snippet.text
        sed -e "/^fragment\$/{r $S/$snippet.text" -e 'd;}' $S/frame >$file
    fi
    run_snippet ${CC:-cc} -std=c99 -x c
    cp $S/$snippet.out $S/$snippet.c99
    command -v ${CXX:-c++} >/dev/null || continue
    run_snippet ${CXX:-c++} -std=c++11 -x c++
    same "$snippet: C99 and C++11 write the same" $S/$snippet.c99 $S/$snippet.out
done

# -- what they write
# of TEXT: the output of the one fragment of the manual that has it
of_snippet() { cat "$(grep -lF "$1" $S/manual-*.text | sed 's/text$/out/')"; }
[ "$(of_snippet 'Tell me a story' | wc -w)" -ge 20 ] && ok || bad "manual: the chat writes an answer"
of_snippet 'slm_rewind(session, start)' | sed '/^$/d' >$S/answers
[ "$(sort -u $S/answers | wc -l)" = "$(wc -l <$S/answers)" ] && [ "$(wc -w <$S/answers)" -ge 20 ] && ok ||
    bad "manual: three answers to one prompt"
of_snippet 'slm_top(session' >$S/best
[ "$(wc -l <$S/best)" = 5 ] && sort -c -rn $S/best && ok || bad "manual: five tokens, the likeliest first"
of_snippet 'slm_score' >$S/scores
[ "$(wc -l <$S/scores)" = 2 ] && sort -c -rn $S/scores && ok || bad "manual: the sky is blue"
[ "$(wc -w <$S/manual-02.out)" -ge 100 ] && ok || bad "manual: the program writes a story"
$B/hello >$T/hello.out
echo | cat $S/manual-02.out - | cmp -s - $T/hello.out && ok || bad "manual: the program writes what hello.c does"
# every macro that a user may define is in the table, and nothing else
sed -n '/^   OPTIONS/,/^$/p' slm.h | grep -o 'SLM_[A-Z0-9_]*' | sort -u >$S/told
sed '/^\*\//,$!d' slm.h | sed -n 's/^ *# *\(if\|elif\).*/&/p' |
    grep -o '\bSLM_[A-Z][A-Z0-9_]*' | grep -v '^SLM_H$' | sort -u >$S/asked
same "manual: the table has all options" $S/told $S/asked
