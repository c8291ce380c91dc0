#!/bin/bash -eu
# Run by OSS-Fuzz in the root of the project. $OUT is where the fuzz targets go, each with its seeds and its dictionary.
cargo fuzz build --fuzz-dir fuzz -O --debug-assertions
for target in $(cargo fuzz list --fuzz-dir fuzz); do
    cp "fuzz/target/x86_64-unknown-linux-gnu/release/$target" "$OUT/"
    (cd "fuzz/corpus/$target" && zip -qr "$OUT/${target}_seed_corpus.zip" .)
    if [ -e "fuzz/$target.dict" ]; then cp "fuzz/$target.dict" "$OUT/"; fi
done
