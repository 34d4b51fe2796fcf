# lib.sh - how the tests in shell count and compare. run.sh reads this file before the others. $B is
# build, $T a directory for their files; check and refuse leave what was written in $T/out, $T/err.
passed=0; failed=0; skipped=0
ok() { passed=$((passed + 1)); }
bad() { failed=$((failed + 1)); echo "FAILED: $1"; }
# check NAME COMMAND...: the command must succeed
check() { name=$1; shift; if "$@" >$T/out 2>$T/err; then ok; else bad "$name"; cat $T/err; fi; }
# refuse NAME STATUS COMMAND...: exit status STATUS, something on stderr, nothing on stdout
refuse() {
    name=$1; want=$2; shift 2
    "$@" >$T/out 2>$T/err </dev/null; got=$?
    if [ $got = "$want" ] && [ -s $T/err ] && [ ! -s $T/out ]; then ok
    else bad "$name (status $got, wanted $want)"; cat $T/err; fi
}
# same NAME FILE FILE
same() { if cmp "$2" "$3" >/dev/null 2>&1; then ok; else bad "$1"; fi; }
# skip WHAT: it cannot be tested here, and why
skip() { skipped=$((skipped + 1)); echo "skipped: $1"; }
# refused NAME STATUS PATTERN COMMAND...: as refuse, and stderr has a line like PATTERN
refused() {
    name=$1; want=$2; pattern=$3; shift 3
    refuse "$name" "$want" "$@"
    if grep -q -e "$pattern" $T/err; then ok; else bad "$name: says '$pattern'"; cat $T/err; fi
}
# said NAME PATTERN: the last check's stderr has a line like PATTERN
said() { if grep -q -e "$2" $T/err; then ok; else bad "$1"; cat $T/err; fi; }
# quiet NAME: it wrote nothing on stderr
quiet() { if [ -s $T/err ]; then bad "$1: nothing on stderr"; cat $T/err; else ok; fi; }
# reject NAME PATTERN SRC [OPTION...]: slm-convert refuses SRC and leaves no file in $T/never
reject() {
    name=$1; pattern=$2; shift 2
    refused "convert: $name" 1 "$pattern" $B/slm-convert "$1" $T/never/m.slm $2 $3
    if [ -z "$(ls -A $T/never)" ]; then ok
    else bad "convert: $name: left a file"; rm -rf $T/never; mkdir $T/never; fi
}
# again TARGET...: make without the flags of the make that runs this
again() { (unset MAKEFLAGS MFLAGS MAKELEVEL; make "$@") }

# count NAME COMMAND...: a runner whose last line has its sums
count() {
    name=$1; shift
    "$@" >$T/c; status=$?
    sed '$d' $T/c
    line=$(tail -n 1 $T/c)
    case "$line" in
    *" passed, "*) passed=$((passed + ${line%% passed*})); rest=${line#* passed, }
        failed=$((failed + ${rest%% failed*})); rest=${rest#* failed, }
        skipped=$((skipped + ${rest%% skipped*})) ;;
    *) bad "$name ended with status $status" ;;
    esac
}
