#!/bin/sh
# check.sh - beyond `make test`: sanitizers, C++, other flags, the Unicode tables.
set -e
CC=${CC:-cc}
printf '#define SLM_IMPLEMENTATION\n#include "../slm.h"\nint main(void) { return 0; }\n' >build/one.c
# Builds that only have to compile, beside the sanitizers, which take one processor.
compile_all() {
    set -e
    for flags in "-std=c99 -O0" "-std=c99 -O3" "-std=c11 -O2 -DSLM_NO_SIMD" "-O2 -DSLM_STATIC" \
        "-O2 -DSLM_NO_STDIO" "-O2 -DSLM_NO_MALLOC -DSLM_NO_STDIO" "-O2 -DSLM_NO_MMAP" \
        "-O2 -DSLM_NO_AVXVNNI" "-O2 -DSLM_NO_AVX512" "-O2 -DSLM_NO_AMX" "-O2 -DSLM_NO_AVX2"; do
        echo "$CC $flags"
        $CC $flags -Wall -Wextra -pedantic -Werror build/one.c -o build/one -lm
    done
    if command -v g++ >/dev/null; then
        echo "g++ -std=c++11"
        g++ -x c++ -std=c++11 -O2 -Wall -Wextra -pedantic -Werror build/one.c -o build/one -lm
    fi
    if command -v clang >/dev/null; then
        echo "clang"
        clang -std=c99 -O2 -Wall -Wextra -pedantic -Werror build/one.c -o build/one -lm
        clang -x c++ -std=c++11 -O2 -Wall -Wextra -pedantic -Werror build/one.c -o build/one -lm
        echo "clang, multiplications and additions fused wherever they can be"
        mkdir -p build/tmp
        clang -O3 -march=native -ffp-contract=fast tests/test_main.c -o build/test-fused -lm
        build/test-fused --kernels >build/tmp/fused || { cat build/tmp/fused; exit 1; }
        tail -n 1 build/tmp/fused
    fi
    echo "no warnings, also in what make built before"
    for compiler in $CC clang; do
        command -v $compiler >/dev/null || continue
        for file in examples/*.c tools/*.c tools/convert/*.c tests/test_main.c tests/test_threads.c \
            tests/helper.c tests/make_checkpoint.c; do
            $compiler -std=c99 -Wall -Wextra -pedantic -Wno-psabi -Werror -fsyntax-only $file
        done
    done
}
(compile_all) >build/compiled.txt 2>&1 &
compiling=$!
echo "address and undefined-behaviour sanitizers"
$CC -std=c99 -O1 -g -fsanitize=address,undefined,float-cast-overflow -fno-sanitize-recover=all \
    tests/test_main.c -o build/test-sanitized -lm
cases=$(ls -d tests/golden/*/config.json tests/golden/encoders/*_fill/config.json \
    tests/golden/encoders/*_classify/config.json tests/golden/encoders/mobile_1*n/config.json |
    sed "s,tests/golden/,,; s,/config.json,,") # of encoders a few, in which all of them is used
build/test-sanitized damage >build/damaged.txt & # the longest one has the other processor
damaging=$!
IDS_EVERY=50 build/test-sanitized $(build/test --list | sed '/^damage /d; s/ .*//') \
    --golden $cases >build/sanitized.txt || { cat build/sanitized.txt; exit 1; }
tail -n 1 build/sanitized.txt
wait $damaging || { cat build/damaged.txt; exit 1; }
tail -n 1 build/damaged.txt
wait $compiling || { cat build/compiled.txt; exit 1; }
cat build/compiled.txt
echo "peak memory of slm-convert: at most 256 MB and twice the largest tensor (4.2 MB)"
mkdir -p build/memory
sh tests/large_checkpoint.sh build/memory 32
for type in f32 f16 q8 q4; do
    peak=$(build/helper rss build/slm-convert build/memory build/memory/m.slm --type $type \
        2>/dev/null)
    echo "$type: $peak KB of a checkpoint of 400 MB"
    [ "$peak" -lt $((262144 + 2 * 4128)) ] || { echo "too much"; exit 1; }
done
rm -r build/memory
echo "fuzzing the parsers of PyTorch files and SentencePiece models, 20 s each"
echo "(sh tests/fuzz/run.sh: 10 million runs)"
sh tests/fuzz/run.sh 10000000 20
echo "the converter under the address and undefined-behaviour sanitizers"
converter=$CC; command -v clang >/dev/null && converter=clang # gcc has no check of NULL + 0
$converter -std=c99 -O1 -g -fsanitize=address,undefined -fno-sanitize-recover=all \
    tools/convert/*.c -o build/convert-sanitized -lm
mkdir -p build/tmp/empty # a checkpoint of no tensor at all
cp tests/golden/llama_three/config.json build/tmp/empty
printf '\002\000\000\000\000\000\000\000{}' >build/tmp/empty/model.safetensors
for source in tests/golden/*/config.json tests/golden/encoders/*/config.json \
    tests/golden/torch/*/config.json build/tmp/empty/; do
    type=q4
    case $source in *mobile*) type=bf16 ;; esac # MobileBERT has no integers, and is wide
    ASAN_OPTIONS=detect_leaks=0 build/convert-sanitized ${source%config.json} build/tmp/s.slm \
        --type $type 2>build/tmp/s.err && continue
    [ $source = build/tmp/empty/ ] && grep -q "is missing from the checkpoint" build/tmp/s.err ||
        { cat build/tmp/s.err; exit 1; }
done
echo "thread sanitizer"
if $CC -fsanitize=thread build/one.c -o build/one -lm 2>/dev/null; then
    $CC -std=c99 -O1 -g -fsanitize=thread tests/test_threads.c -o build/test-races -lm -pthread
    build/test-races >build/tmp/races || { cat build/tmp/races; exit 1; }
    tail -n 1 build/tmp/races
else
    echo "skipped: thread sanitizer ($CC has none)"
fi
echo "the tests of the threads with other compilers"
for compiler in tcc musl-gcc x86_64-w64-mingw32-gcc "clang -fopenmp" "g++ -x c++ -std=c++11 -fopenmp"; do
    command -v ${compiler%% *} >/dev/null || { echo "skipped: $compiler"; continue; }
    flags="-O2 -Wall -Wextra -pedantic -Werror"; run=
    case $compiler in
    tcc) flags=-Wall ;;
    *mingw*) flags="$flags -static"; run=wine
        WINEPREFIX=$PWD/build/wine WINEDEBUG=-all; export WINEPREFIX WINEDEBUG ;;
    esac
    $compiler $flags tests/test_threads.c -o build/test-other.exe -lm -pthread
    [ -z "$run" ] || command -v $run >/dev/null || { echo "skipped: $compiler: no $run"; continue; }
    $run build/test-other.exe >build/tmp/other 2>build/tmp/err || { cat build/tmp/other; exit 1; }
    echo "$compiler: $(tail -n 1 build/tmp/other)"
done
echo "without a thread of the system's the pool is one of one"
if [ "$(id -u)" = 0 ] && command -v su >/dev/null; then # the limit does not bind root
    open=$(mktemp -d) && chmod 755 "$open"
    cp build/slm-generate examples/models/tiny-phi.slm "$open"
    su -s /bin/sh nobody -c "ulimit -u 1 2>/dev/null || ulimit -p 1
        exec $open/slm-generate $open/tiny-phi.slm -p Once -n 20 --threads 4" >build/tmp/none
    rm -r "$open"
    build/slm-generate examples/models/tiny-phi.slm -p Once -n 20 --threads 4 | cmp - build/tmp/none
else
    echo "skipped: a user who may have one process (root sets it up)"
fi
echo "plain builds of the examples use threads.h and write the same"
for compiler in "$CC -std=c99" "g++ -x c++ -std=c++11" "clang -std=c99"; do
    command -v ${compiler%% *} >/dev/null || { echo "skipped: $compiler"; continue; }
    for example in chat generate; do
        $compiler -O2 -Wall -Wextra -pedantic -Werror examples/$example.c -o build/plain-$example \
            -lm -pthread
    done
    for threads in 1 5; do
        head -c 500 README.md | build/plain-generate examples/models/tiny-phi.slm -p - -n 20 \
            --threads $threads >build/tmp/plain-$threads
    done
    cmp build/tmp/plain-1 build/tmp/plain-5
done
python=${PYTHON:-python3}
if $python -c 'import tokenizers' 2>/dev/null; then
    $python tests/make_unicode.py --check slm.h
else
    echo "skipped: Unicode tables (Python tokenizers is not installed)"
fi
sh tests/read_slm.sh
echo "check passed"
