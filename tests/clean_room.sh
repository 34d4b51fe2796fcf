#!/bin/sh
# clean_room.sh - `make run` and `make test` on a Debian with build-essential and nothing else,
# without a network. Needs root and mmdebstrap.
set -e
command -v mmdebstrap >/dev/null || { echo "skipped: clean room (no mmdebstrap)"; exit 0; }
room=$(mktemp -d)
trap 'rm -rf "$room"' EXIT
mmdebstrap --variant=minbase --include=build-essential \
    --aptopt='Acquire::Check-Valid-Until "false"' bookworm "$room" >"$room.log" 2>&1 ||
    { tail -5 "$room.log"; rm -f "$room.log"; exit 1; }
rm -f "$room.log"
mkdir "$room/slm"
git ls-files | tar -c -T - | tar -x -C "$room/slm"
unshare -n chroot "$room" sh -c "cd /slm && timeout 600 make run >/tmp/story && wc -w </tmp/story && timeout 3000 make test" |
    tee "$room/out" | grep -E '^(FAILED|skipped|[0-9]+ passed)|^[0-9]+$' || true
tail -n 1 "$room/out" | grep -Eq '^[0-9]+ passed, 0 failed$'
