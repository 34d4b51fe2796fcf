# install.sh - make install, make uninstall, the pkg-config files and the shared library.
# run.sh, which counts, reads this file after project.sh.
root=$PWD/$T/root
case $(uname -s) in Darwin) library=libslm.dylib ;; *) library=libslm.so ;; esac
check "make install" again -s install DESTDIR=$root PREFIX=/usr
[ ! -s $T/out ] && [ ! -s $T/err ] && ok || bad "make install: silent with -s; nothing is rebuilt"
for file in include/slm.h include/slm_threads.h lib/$library lib/pkgconfig/slm.pc \
    lib/pkgconfig/slm-shared.pc; do
    [ -s $root/usr/$file ] && ok || bad "make install: usr/$file"
done
for tool in convert generate chat eval tokenize info verify bench; do
    check "make install: slm-$tool runs" $root/usr/bin/slm-$tool --help
done
grep -q "^Version: $(sed -n 's/^SLM_API const char \*slm_version.*"\(.*\)".*/\1/p' slm.h)$" \
    $root/usr/lib/pkgconfig/slm.pc && ok || bad "slm.pc has the version of slm_version"
if grep -q "$root" $root/usr/lib/pkgconfig/*.pc; then bad "slm.pc names DESTDIR"; else ok; fi

# -- programs that know only what is installed. flags NAME: what pkg-config says, by hand
flags() {
    sed -n 's/^Cflags: //p; s/^Libs: //p' $root/usr/lib/pkgconfig/$1.pc | tr '\n' ' ' |
        sed "s,\${includedir},$root/usr/include,; s,\${libdir},$root/usr/lib,; s/ *\$//"
}
if command -v pkg-config >/dev/null; then
    for name in slm slm-shared; do
        found=$(PKG_CONFIG_PATH=$root/usr/lib/pkgconfig \
            pkg-config --define-variable=prefix=$root/usr --cflags --libs $name | sed 's/ *$//')
        [ "$found" = "$(flags $name)" ] && ok || bad "pkg-config $name: '$found'"
    done
else skip "pkg-config is not there; its files are read by hand"; fi
outside=$(mktemp -d)
cat >$outside/app.c <<'END'
#ifdef HEADER_ONLY
#define _GNU_SOURCE 1
#define SLM_IMPLEMENTATION
#include <slm.h>
#include <slm_threads.h>
#else
#include <slm.h>
#endif
#include <stdio.h>
int main(int count, char **args) {
    slm_session_desc desc = {0};
    slm_model *model; slm_session *session; slm_piece piece; int i;
#ifdef HEADER_ONLY
    slm_threads *pool = slm_threads_open(2);
    desc.parallel.run = slm_threads_run; desc.parallel.user = pool;
    desc.threads = slm_threads_count(pool);
#endif
    if (count < 2 || slm_model_open(&model, args[1], NULL, NULL) != SLM_OK ||
        slm_session_open(&session, model, &desc, NULL) != SLM_OK ||
        slm_prompt(session, "Once upon a time", SLM_NUL, 0) != SLM_OK ||
        slm_generate(session, NULL) != SLM_OK) return 1;
    for (i = 0; i < 5 && slm_next(session, &piece) == SLM_OK; i++)
        printf("%d %.*s\n", (int)piece.token, (int)piece.size, piece.text);
    slm_session_close(session); slm_model_close(model);
#ifdef HEADER_ONLY
    slm_threads_close(pool);
#endif
    return 0;
}
END
model=$PWD/$tiny
check "a program with the flags of slm.pc compiles" sh -c "cd $outside &&
    ${CC:-cc} -DHEADER_ONLY app.c -o header-only $(flags slm) -pthread"
check "a program with the flags of slm.pc runs" $outside/header-only $model
cp $T/out $T/five; [ "$(wc -l <$T/five)" = 5 ] && ok || bad "... and writes five tokens"
check "a program with the flags of slm-shared.pc compiles" sh -c "cd $outside &&
    ${CC:-cc} app.c -o shared $(flags slm-shared)"
check "a program with the flags of slm-shared.pc runs" \
    env LD_LIBRARY_PATH=$root/usr/lib DYLD_LIBRARY_PATH=$root/usr/lib $outside/shared $model
same "the shared library writes what the header alone does" $T/five $T/out
rm -r $outside

# -- the shared library: what it exports, and a language that calls C
if [ $library = libslm.so ] && nm -D --defined-only $B/$library >$T/symbols 2>$T/err; then
    sed 's/.* //' $T/symbols | sort >$T/a
    grep '^SLM_API .*slm_[a-z_]*(' slm.h | sed 's/^[^(]*\(slm_[a-z_]*\)(.*/\1/' | sort -u >$T/b
    [ -s $T/b ] && cmp $T/a $T/b && ok || bad "$library exports the functions of slm.h and no others"
else skip "the symbols of $library (no nm -D)"; fi
if command -v python3 >/dev/null && python3 -c 'import ctypes' 2>/dev/null; then
    cat >$T/five.py <<'END'
import ctypes, sys
class Piece(ctypes.Structure):
    _fields_ = [("text", ctypes.c_void_p), ("size", ctypes.c_size_t), ("token", ctypes.c_int32),
                ("reason", ctypes.c_int), ("logprob", ctypes.c_float)]
slm = ctypes.CDLL(sys.argv[1])
model, session, piece = ctypes.c_void_p(), ctypes.c_void_p(), Piece()
def ok(result): assert result == 0, result
ok(slm.slm_model_open(ctypes.byref(model), sys.argv[2].encode(), None, None))
ok(slm.slm_session_open(ctypes.byref(session), model, None, None))
ok(slm.slm_prompt(session, b"Once upon a time", ctypes.c_size_t(16), 0))
ok(slm.slm_generate(session, None))
for i in range(5):
    ok(slm.slm_next(session, ctypes.byref(piece)))
    sys.stdout.buffer.write(b"%d %s\n" % (piece.token, ctypes.string_at(piece.text, piece.size)))
slm.slm_session_close(session)
slm.slm_model_close(model)
END
    check "ctypes of Python opens the shared library" python3 $T/five.py $PWD/$B/$library $model
    same "ctypes: five tokens, the same as from C" $T/five $T/out
else skip "the shared library with ctypes (no python3)"; fi

check "make uninstall" again -s uninstall DESTDIR=$root PREFIX=/usr
[ -z "$(find $root ! -type d)" ] && ok || bad "make uninstall leaves $(find $root ! -type d)"
