# project.sh - what the Makefile and the README promise. run.sh, which counts, reads this file.

# -- the tests: every file that says that run.sh reads it is read
for file in tests/*.sh; do
    head -n 5 $file | tr -d '#\n' | tr -s ' ' | grep -q 'run\.sh, which counts, reads this file' || continue
    grep -q "^\. $file" tests/run.sh && ok || bad "$file is never read"
done

# -- the Makefile
again -q && ok || bad "building twice does something the second time"
again -nB test | grep -e ' -std=c99' >$T/a
[ "$(wc -l <$T/a)" -ge 10 ] && ! grep -q -e -Werror $T/a && ok || bad "make stops at a warning"
again -nB check | grep -e ' -std=c99' >$T/a
[ "$(wc -l <$T/a)" -ge 10 ] && ! grep -v -e -Werror $T/a && ok || bad "make check: a warning passes"
# a compiler whose programs do not run, as where libgomp is for another machine
cat >$T/no-run <<'END'
#!/bin/sh
gcc=$(command -v gcc || command -v cc); "$gcc" "$@" || exit
for word in "$@"; do
    [ "$before" = -o ] && printf '#!/bin/sh\nexit 127\n' >"$word"
    before=$word
done
END
chmod +x $T/no-run
again -n -W tests/test_main.c build/test CC=$T/no-run >$T/a
grep -q no-run $T/a && ! grep -q -e -fopenmp $T/a && ok || bad "make takes an OpenMP that does not run"
again help >$T/help
for target in $(sed -n 's/^\.PHONY: all //p' Makefile); do
    grep -q "^make $target " $T/help && ok || bad "make help says nothing of make $target"
done
again -s run >$T/out 2>$T/err
[ "$(wc -w <$T/out)" -ge 100 ] && ok || bad "make run writes $(wc -w <$T/out) words"
again -s run-encode >$T/out 2>$T/err
grep -q '^ 1.000  positive$' $T/out && grep -q '^ 0.99[0-9]  time$' $T/out &&
    grep -q '^{"label": "negative"' $T/out && ok || { bad "make run-encode"; cat $T/out $T/err; }

# -- the README: its program compiles as it stands there, and writes what stands there
block() { awk -v kind="$1" -v word="$2" '
    inside && /^```/ { if (text ~ word) { printf "%s", text; exit } inside = 0; next }
    /^```/ { inside = $0 == "```" kind; text = ""; next }
    inside { text = text $0 "\n" }' README.md; }
words() { (cat $1; echo) | tr -s ' \n' '\n\n' | sed '/^$/d'; } # lines may be broken elsewhere
block c 'int main' >$T/program.c
check "README: its program compiles" ${CC:-cc} -Wall -Wextra -O2 -I. $T/program.c -o $T/program -lm
check "README: its program runs" $T/program
cp $T/out $T/program.out
block text '' >$T/shown
$B/hello >$T/hello.out
words $T/shown >$T/a; words $T/hello.out >$T/b; words $T/program.out >$T/c
[ "$(wc -l <$T/a)" -ge 50 ] && ok || bad "README shows what the program writes"
same "README: the text that it shows is what build/hello writes" $T/a $T/b
same "README: its program writes what hello.c does" $T/c $T/b
here=$PWD
refused "hello without its model" 1 "cannot read examples/models/tiny-phi.slm" \
    sh -c "cd $T && exec $here/$B/hello"
said="README.md tools/BENCHMARKS.md"
for path in $(grep -oh '`\(examples\|tools\|tests\|build\)/[A-Za-z0-9_./-]*`' $said | tr -d '`') \
    $(grep -o '](\(examples\|tools\|tests\)/[^)]*)' README.md | tr -d '()]'); do
    [ -e "$path" ] && ok || bad "README: $path is not there"
done
for tool in convert generate chat eval tokenize encode info verify bench; do
    grep -q "slm-$tool" README.md && ok || bad "README: says nothing of slm-$tool"
done
for file in $said; do
    awk '!/^\|/ && length > 100 { exit 1 }' $file && ok || bad "$file has prose beyond 100 columns"
done
if python3 -c '' 2>/dev/null; then
    python3 tools/picture.py tools/speed.json | cmp -s - tools/speed.svg && ok ||
        bad "tools/speed.svg is not what tools/picture.py draws of tools/speed.json"
else skip "the picture of speeds (no python3)"; fi
