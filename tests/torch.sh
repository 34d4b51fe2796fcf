# torch.sh - PyTorch checkpoints: every form gives what safetensors give, and every file that is
# wrong is refused by name. run.sh, which counts, reads this file after tools.sh.
G=tests/golden/torch

for type in f16 q8; do
    check "torch: safetensors" $B/slm-convert $G/safetensors $T/torch.$type.slm --type $type
    for name in $(cat $G/same.txt); do
        check "torch: $name" $B/slm-convert $G/$name $T/x.slm --type $type
        same "torch: $name gives the same $type bytes" $T/torch.$type.slm $T/x.slm
    done
done
[ "$(wc -l <$G/same.txt)" -ge 18 ] && ok || bad "torch: all forms are there"

# refused_file FILE PATTERN: as the only weights of a directory
refused_file() {
    cp $1 $T/torch/pytorch_model.bin
    reject "torch: $(basename $1 .bin)" "pytorch_model.bin: .*$2" $T/torch
}
mkdir -p $T/torch
cp $G/safetensors/config.json $T/torch
while IFS="$(printf '\t')" read -r name pattern; do
    refused_file $G/hostile/$name.bin "$pattern"
    [ ! -e PAYLOAD-RAN ] && ok || { bad "torch: $name runs its code"; rm PAYLOAD-RAN; }
done <$G/hostile/errors.txt
[ "$(wc -l <$G/hostile/errors.txt)" -ge 200 ] && ok || bad "torch: all hostile files are there"
for form in zip legacy; do
    for size in 3 40 400 3000 12000; do
        head -c $size $G/$form/pytorch_model.bin >$T/cut.bin
        refused_file $T/cut.bin ""
    done
done

# flipped FORM PLACE PATTERN: one bit of the file's byte PLACE
flipped() {
    size=$(wc -c <$G/$1/pytorch_model.bin)
    byte=$(tail -c +$(($2 + 1)) $G/$1/pytorch_model.bin | head -c 1 | od -An -tu1 | tr -d ' ')
    { head -c $2 $G/$1/pytorch_model.bin
      printf "\\$(printf %o $((byte ^ 16)))"
      tail -c $((size - $2 - 1)) $G/$1/pytorch_model.bin; } >$T/flipped.bin
    refused_file $T/flipped.bin "$3"
}
flipped zip 12000 "is damaged: its checksum"
flipped zip 100 "data.pkl is damaged: its checksum"
flipped legacy 30 ""

cp $G/safetensors/model.safetensors $T/torch
check "torch: safetensors come first" $B/slm-convert $T/torch $T/x.slm
same "torch: ... and nothing else is read" $T/torch.f16.slm $T/x.slm
rm -rf $T/torch; cp -r $G/zip_shards $T/torch; chmod -R u+w $T/torch
rm $T/torch/pytorch_model-00002-of-00003.bin
reject "torch: a missing shard" "pytorch_model-00002-of-00003.bin: No such file" $T/torch
cp $G/zip_shards/pytorch_model-00001-of-00003.bin $T/torch/pytorch_model-00002-of-00003.bin
reject "torch: a shard in another's place" "is missing from the checkpoint" $T/torch
