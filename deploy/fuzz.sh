#!/usr/bin/env bash
# Runs every fuzz target of the project for a while, one after another:
#   deploy/fuzz.sh 3s
set -euo pipefail

time=${1:-3s}
go list -f '{{if or .TestGoFiles .XTestGoFiles}}{{.Dir}}{{end}}' ./... | while read -r dir; do
	[ -n "$dir" ] || continue
	for target in $(grep -hoE '^func (Fuzz[A-Za-z0-9_]+)' "$dir"/*_test.go 2>/dev/null | awk '{print $2}'); do
		printf '%s %s\n' "${dir#"$PWD"/}" "$target"
		go test -run '^$' -fuzz "^$target\$" -fuzztime "$time" -fuzzminimizetime 1x "$dir" </dev/null >/tmp/regie-fuzz.$$ 2>&1 || {
			cat /tmp/regie-fuzz.$$
			exit 1
		}
	done
done
rm -f /tmp/regie-fuzz.$$
