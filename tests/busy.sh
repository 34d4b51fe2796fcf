#!/bin/sh
# busy.sh [ROUNDS [SECONDS]] - how fast the default number of threads is beside 0, 1 and 2 busy
# processes, with the pool and with OpenMP, in ratio to the better one of one and two threads of
# the pool. Every round runs each program once, in turn; a figure is the median of the rounds, a
# ratio the median of the rounds' ratios. Not part of `make test`: it takes minutes (ROUNDS 5 and
# SECONDS 0.15: three) and wants a machine that does nothing else. CC=clang measures clang's
# builds, with its OpenMP. BUSY_MODELS, BUSY_LOADS and BUSY_EXTRA ("NAME PROGRAM THREADS" lines)
# choose what is measured.
rounds=${1:-5}; seconds=${2:-0.15}
CC=${CC:-cc}
LC_ALL=C; export LC_ALL
B=build/busy; mkdir -p $B
flags="-O2 -std=c99 -Wall -Wextra -pedantic -pthread"
$CC $flags -DPOOL tests/busy.c -o $B/pool -lm || exit 1
programs="1 $B/pool 1
2 $B/pool 2
pool $B/pool 0"
if $CC $flags -fopenmp tests/busy.c -o $B/openmp -lm 2>/dev/null; then
    programs="$programs
openmp $B/openmp 0"
else echo "skipped: OpenMP ($CC has none)"; fi
[ -z "$BUSY_EXTRA" ] || programs="$programs
$BUSY_EXTRA"
[ -f $B/30m.slm ] || $B/pool --make $B/30m.slm 8192 12 448 1216 || exit 1
[ -f $B/400m.slm ] || $B/pool --make $B/400m.slm 32000 20 1216 3264 || exit 1

load= # the busy processes; they end by themselves too
calm() { [ -z "$load" ] || { kill $load; wait $load; } 2>/dev/null; load=; }
trap calm EXIT
trap 'exit 1' INT TERM
busy() { calm; for i in $(seq "$1"); do $B/pool --spin 300 & load="$load $!"; done; }

echo "$(getconf _NPROCESSORS_ONLN) processors, $(uptime | sed 's/.*load/load/'), $rounds rounds"
echo "| model | busy beside | what | 1 thread, tokens/s | 2 threads | time of the default in ratio to the better of these |"
echo "|---|---|---|---|---|---|"
for model in ${BUSY_MODELS:-examples/models/tiny-phi.slm $B/30m.slm $B/400m.slm}; do
    prompt=128; [ $model = $B/400m.slm ] && prompt=32
    for beside in ${BUSY_LOADS:-0 1 2}; do
        busy "$beside"
        for round in $(seq "$rounds"); do
            echo "$programs" | while read -r name program threads; do
                echo "$round $name $($program $model "$threads" $prompt "$seconds")"
            done
        done | awk -v model="$(basename $model .slm)" -v beside="$beside" '
            function median(list, count,    i, j, t) {
                for (i = 2; i <= count; i++)
                    for (j = i; j > 1 && list[j - 1] > list[j]; j--) {
                        t = list[j]; list[j] = list[j - 1]; list[j - 1] = t }
                return (list[int((count + 1) / 2)] + list[int(count / 2) + 1]) / 2 }
            function figure(name, what,    i, list) {
                for (i = 1; i <= rounds; i++) list[i] = speed[i, name, what]
                return median(list, rounds) }
            function slower(name, than, what,    i, list) {
                for (i = 1; i <= rounds; i++) list[i] = speed[i, than, what] / speed[i, name, what]
                return median(list, rounds) }
            NF == 4 { speed[$1, $2, "prompt"] = $3; speed[$1, $2, "generation"] = $4
                rounds = $1; if (!seen[$2]++) names[++n] = $2 }
            END { for (w = 1; w <= 2; w++) {
                what = w == 1 ? "prompt" : "generation"
                printf "| %s | %s | %s | %.1f | %.1f |", model, beside, what,
                    figure(1, what), figure(2, what)
                for (i = 3; i <= n; i++) {
                    a = slower(names[i], 1, what); b = slower(names[i], 2, what)
                    printf " %s %.2f%s", names[i], (a > b ? a : b), (i < n ? "," : " |\n") } } }'
        calm
    done
done
