#!/usr/bin/env bash
# Installs what this machine lacks for building and running (build) or testing (test)
# Regie: Debian packages, and Node where there is none. Says what it does; installs
# nothing that is there.
set -euo pipefail

# The fonts write names in every script into the picture.
build_packages=(build-essential pkg-config libavcodec-dev libavutil-dev libswscale-dev libswresample-dev fonts-noto-core fonts-wqy-microhei)
test_packages=(ffmpeg chromium prometheus procps systemd varnish varnish-vmod-digest hitch nginx redis-server)

case "${1:-}" in
build) wanted=("${build_packages[@]}") ;;
test) wanted=("${test_packages[@]}") ;;
*)
	echo "usage: deploy/setup.sh build|test" >&2
	exit 2
	;;
esac

die() {
	echo "setup: $1" >&2
	exit 1
}

if ! command -v go >/dev/null; then
	die "Go is missing: install Go 1.26 or later and put it on the PATH"
fi
need=$(sed -n 's/^go //p' go.mod)
have=$(GOTOOLCHAIN=local go env GOVERSION | sed 's/^go//')
if [ "$(printf '%s\n%s\n' "$need" "$have" | sort -V | head -n 1)" != "$need" ]; then
	die "Go $have is too old: Regie needs Go $need or later"
fi

if [ "$1" = build ]; then
	# Any Node from 18 on builds the pages; Debian's own will do.
	node_major=$(node --version 2>/dev/null | sed 's/^v\([0-9]*\).*/\1/' || true)
	if [ "${node_major:-0}" -lt 18 ]; then wanted+=(nodejs); fi
	command -v npm >/dev/null || wanted+=(npm)
fi

missing=()
for package in "${wanted[@]}"; do
	status=$(dpkg-query --show --showformat='${db:Status-Status}' "$package" 2>/dev/null || true)
	[ "$status" = installed ] || missing+=("$package")
done
[ ${#missing[@]} -gt 0 ] || exit 0

command -v apt-get >/dev/null || die "these packages are missing, and apt-get is not here to install them: ${missing[*]}"
as_root=()
if [ "$(id -u)" -ne 0 ]; then
	command -v sudo >/dev/null || die "run this as root: apt-get install ${missing[*]}"
	as_root=(sudo)
fi

echo "setup: installing ${missing[*]}"
log=$(mktemp)
trap 'rm -f "$log"' EXIT

# The tests run these programs themselves: their services are not to take ports,
# now or after the next start of this machine.
policy=/usr/sbin/policy-rc.d
if [ "$1" = test ] && [ ! -e "$policy" ]; then
	printf '#!/bin/sh\nexit 101\n' | "${as_root[@]}" install -m 755 /dev/stdin "$policy"
	trap '"${as_root[@]}" rm -f "$policy"; rm -f "$log"' EXIT
fi
export DEBIAN_FRONTEND=noninteractive
if ! { "${as_root[@]}" apt-get update -q && "${as_root[@]}" apt-get install -q -y --no-install-recommends "${missing[@]}"; } >"$log" 2>&1; then
	tail -n 20 "$log" >&2
	die "apt-get could not install ${missing[*]}; its last lines are above"
fi
for package in "${missing[@]}"; do
	case $package in
	prometheus | hitch | nginx) services=("$package") ;;
	varnish) services=(varnish varnishncsa) ;;
	*) continue ;;
	esac
	"${as_root[@]}" systemctl --quiet disable "${services[@]}" 2>/dev/null || true
done
