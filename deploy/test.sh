#!/usr/bin/env bash
# Runs every test, in the order in which a failure is cheapest to find. Called by
# `make test`, which has built the binary and installed what the tests need.
set -euo pipefail

step() { printf '\n== %s\n' "$*"; }

# Many tests judge what happens in real time, with browsers and encoders, and a
# machine that others use too may starve them. What fails gets one more try, in the
# open; a data race, a panic or a leak does not.
tests() {
	local log names
	log=$(mktemp)
	if go test "$@" 2>&1 | tee "$log"; then
		rm "$log"
		return
	fi
	names=$(grep -oP '^--- FAIL: \K\S+' "$log" | sort -u | paste -sd'|') || true
	if [ -z "$names" ] || grep -qE '^WARNING: DATA RACE|^panic:|^fatal error:|^goleak:' "$log"; then
		rm "$log"
		return 1
	fi
	rm "$log"
	step "once more: ${names//|/, }"
	go test "$@" -run "^($names)\$"
}

step "format and vet"
unformatted=$(gofmt -l cmd config deploy gateway transcode)
if [ -n "$unformatted" ]; then
	echo "gofmt would change: $unformatted" >&2
	exit 1
fi
go vet ./...

step "pages: types and unit tests"
(cd gateway/web && npm run --silent check && npm test --silent)

step "unit tests, with the race detector"
# One at a time: two at once are late on a small machine.
live='/(gateway/web|gateway/hls|deploy|cmd/regie-load)$'
mapfile -t units < <(go list ./... | grep -v '/gateway/e2e$')
mapfile -t alone < <(printf '%s\n' "${units[@]}" | grep -E "$live")
mapfile -t together < <(printf '%s\n' "${units[@]}" | grep -vE "$live|/transcode/worker$")
tests -race -timeout 10m "${together[@]}"
tests -race -timeout 40m -p 1 "${alone[@]}"
# The mixer's tests have up to five encoders each.
tests -race -timeout 10m -parallel 1 ./transcode/worker

step "fuzzing, ${FUZZ_INPUTS:=10000x} each"
deploy/fuzz.sh "$FUZZ_INPUTS"

step "end to end"
tests -timeout 30m -count=1 ./gateway/e2e
