#!/usr/bin/env bash
# Runs every fuzz target of the project, one after another, on so many inputs each:
#   deploy/fuzz.sh 10000x
# A duration works too, but until Go 1.27 a target whose time is up can fail with
# "context deadline exceeded" though no input did (go.dev/issue/75804).
set -euo pipefail

inputs=${1:-10000x}
out=$(mktemp)
trap 'rm -f "$out"' EXIT
go list -f '{{if or .TestGoFiles .XTestGoFiles}}{{.Dir}}{{end}}' ./... | while read -r dir; do
	[ -n "$dir" ] || continue
	for target in $(grep -hoE '^func (Fuzz[A-Za-z0-9_]+)' "$dir"/*_test.go 2>/dev/null | awk '{print $2}'); do
		printf '%s %s\n' "${dir#"$PWD"/}" "$target"
		go test -run '^$' -fuzz "^$target\$" -fuzztime "$inputs" -fuzzminimizetime 1x "$dir" </dev/null >"$out" 2>&1 || {
			cat "$out"
			exit 1
		}
	done
done
