#!/usr/bin/env bash
# Runs every test, in the order in which a failure is cheapest to find. Called by
# `make test`, which has built the binary and installed what the tests need.
set -euo pipefail

step() { printf '\n== %s\n' "$*"; }

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
# These judge what happens in real time, with browsers and encoders: one at a time,
# for two at once are late on a small machine.
live='/(gateway/web|gateway/hls|deploy|cmd/regie-load)$'
mapfile -t units < <(go list ./... | grep -v '/gateway/e2e$')
mapfile -t alone < <(printf '%s\n' "${units[@]}" | grep -E "$live")
mapfile -t together < <(printf '%s\n' "${units[@]}" | grep -vE "$live|/transcode/worker$")
go test -race -timeout 10m "${together[@]}"
go test -race -timeout 10m -p 1 "${alone[@]}"
# The mixer's tests have up to five encoders each.
go test -race -timeout 10m -parallel 1 ./transcode/worker

step "fuzzing, ${FUZZ_INPUTS:=10000x} each"
deploy/fuzz.sh "$FUZZ_INPUTS"

step "end to end"
go test -timeout 15m -count=1 ./gateway/e2e
