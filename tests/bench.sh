#!/bin/sh
# bench.sh - whole-process time of writing 400 tokens with the bundled model, per thread count;
# what a parallel region costs.
for threads in 1 2; do
    echo "threads $threads"
    time -p build/slm-generate examples/models/tiny-phi.slm -p "Once upon a time" -n 400 \
        --ignore-eos --threads $threads >/dev/null
done
build/test-threads --measure
