#!/bin/sh
# real_tokenizers.sh DIR - published tokenizers, and some that were learnt with published rules, give
# Hugging Face's ids: DIR/NAME has the tokenizer's files, tests/golden/ids/real/NAME.txt the hashes
# of make_splits.py --real. Another vocabulary than the one they are of is skipped.
set -e
[ -n "$1" ] || { echo "skipped: real tokenizers (real_tokenizers.sh DIR)"; exit 0; }
directory=$(cd "$1" && pwd); T=build/real_tokenizers
rm -rf $T; mkdir -p $T
make -s build/test build/make-checkpoint build/slm-convert
failed=0
for golden in tests/golden/ids/real/*.txt; do
    name=$(basename $golden .txt)
    if [ ! -f "$directory/$name/tokenizer.json" ]; then
        echo "skipped: $name (it is not in $1)"
        continue
    fi
    mkdir $T/$name
    for file in tokenizer.json tokenizer_config.json special_tokens_map.json added_tokens.json; do
        [ ! -f "$directory/$name/$file" ] || ln -s "$directory/$name/$file" $T/$name/
    done
    build/make-checkpoint $T/$name $(awk '$1 == "vocabulary" {print $3}' $golden)
    if ! build/slm-convert $T/$name $T/$name.slm --type f16 2>$T/$name.log; then
        echo "FAILED: $name is not converted"; cat $T/$name.log; failed=1
    fi
done
FAMILIES=$T build/test families
exit $failed
