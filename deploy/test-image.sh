#!/usr/bin/env bash
# Builds the container image and runs it for real: a stream goes in, a playlist
# comes out, SIGTERM ends it cleanly. No registry is needed: the base images are
# made here, from this machine's own Debian mirror, Go and Node. That proves the
# Dockerfile's steps, not what the official base images contain.
#
# Everything lives in a scratch folder and in processes that end with this
# script. Says SKIP, and why, only where a tool is missing that cannot be had.
set -euo pipefail
cd "$(dirname "$0")/.."

say() { printf '== %s\n' "$*"; }
skip() {
	printf 'SKIP test-image: %s\n' "$1"
	exit 0
}
die() {
	printf 'FAIL test-image: %s\n' "$1" >&2
	exit 1
}

# --- what this needs ---------------------------------------------------------

[ "$(id -u)" -eq 0 ] || skip "a container engine of our own needs root: sudo make test-image"
missing=()
command -v dockerd >/dev/null || missing+=(docker.io)
command -v mmdebstrap >/dev/null || missing+=(mmdebstrap)
command -v ffmpeg >/dev/null || missing+=(ffmpeg)
command -v curl >/dev/null || missing+=(curl)
command -v node >/dev/null || missing+=(nodejs)
command -v npm >/dev/null || missing+=(npm)
if [ ${#missing[@]} -gt 0 ]; then
	command -v apt-get >/dev/null || skip "packages are missing, and apt-get is not here to install them: ${missing[*]}"
	say "installing ${missing[*]}"
	DEBIAN_FRONTEND=noninteractive apt-get update -q >/dev/null &&
		DEBIAN_FRONTEND=noninteractive apt-get install -q -y --no-install-recommends "${missing[@]}" >/dev/null ||
		skip "apt-get could not install ${missing[*]}"
fi
command -v go >/dev/null || skip "Go is missing: the image that builds is made with this machine's"
goroot=$(go env GOROOT)

# Debian's client goes with Debian's engine, whatever else is on the PATH.
docker=/usr/bin/docker
[ -x "$docker" ] || docker=$(command -v docker)

work=$(mktemp -d "${TMPDIR:-/tmp}/regie-image.XXXXXX")
dockerd_pid='' ffmpeg_pid=''
cleanup() {
	status=$?
	if [ -n "$ffmpeg_pid" ]; then kill "$ffmpeg_pid" 2>/dev/null || true; fi
	if [ -n "$dockerd_pid" ]; then
		"$docker" rm -f regie >/dev/null 2>&1 || true
		kill "$dockerd_pid" 2>/dev/null || true
		wait "$dockerd_pid" 2>/dev/null || true
	fi
	umount "$work/exec/netns/default" 2>/dev/null || true
	if [ "$status" -ne 0 ]; then
		tail -n 25 "$work"/*.log 2>/dev/null || true
	fi
	rm -rf "$work"
	exit "$status"
}
trap cleanup EXIT
trap 'exit 130' INT TERM

# wait_for SECONDS WHAT COMMAND…: until the command succeeds.
wait_for() {
	local seconds=$1 what=$2
	shift 2
	local end=$((SECONDS + seconds))
	until "$@" >/dev/null 2>&1; do
		[ "$SECONDS" -lt "$end" ] || die "$what: not within $seconds s"
		sleep 0.2
	done
}

free_port() {
	local port
	for _ in $(seq 50); do
		port=$((20000 + RANDOM % 20000))
		if [ -z "$(ss -Hltun "sport = :$port")" ]; then
			echo "$port"
			return
		fi
	done
	die "no free port found"
}

# --- an engine of our own ----------------------------------------------------

say "starting a container engine in $work"
export DOCKER_HOST="unix://$work/sock"
dockerd --data-root "$work/data" --exec-root "$work/exec" --pidfile "$work/pid" -H "$DOCKER_HOST" \
	--iptables=false --ip6tables=false --ip-forward=false --ip-masq=false --bridge=none >"$work/dockerd.log" 2>&1 &
dockerd_pid=$!
engine_up() { kill -0 "$dockerd_pid" && "$docker" version; }
wait_for 30 "the container engine" engine_up

# --- base images -------------------------------------------------------------

say "making the base images"
sources=/etc/apt/sources.list.d/debian.sources
[ -f "$sources" ] || sources=/etc/apt/sources.list
mmdebstrap --quiet --variant=minbase --aptopt='APT::Install-Recommends "false"' \
	--customize-hook='rm -f "$1"/var/cache/apt/*.bin' \
	bookworm "$work/root.tar" "$sources" >"$work/mmdebstrap.log" 2>&1 || die "mmdebstrap failed"
"$docker" import "$work/root.tar" debian:bookworm-slim >/dev/null

# Those that build get Go, or Node, and what this machine trusts and asks.
bundle=/etc/ssl/certs/ca-certificates.crt
trust=(--change "ENV SSL_CERT_FILE=$bundle" --change "ENV NODE_EXTRA_CA_CERTS=$bundle"
	--change "ENV GOPROXY=$(go env GOPROXY)" --change "ENV GOSUMDB=$(go env GOSUMDB)" --change "ENV GOTOOLCHAIN=local")

cp "$work/root.tar" "$work/go.tar"
mkdir -p "$work/add/usr/local" "$work/add/etc/ssl/certs"
cp -L "$bundle" "$work/add/etc/ssl/certs/"
cp -a "$goroot" "$work/add/usr/local/go"
tar -C "$work/add" --owner=0 --group=0 -rf "$work/go.tar" usr/local/go etc/ssl/certs/ca-certificates.crt
"$docker" import "${trust[@]}" --change 'ENV PATH=/usr/local/go/bin:/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin' \
	"$work/go.tar" golang:1.26-bookworm >/dev/null
rm -rf "$work/add/usr" "$work/go.tar"

# Node and npm as they lie here, with the libraries that node is linked to.
cp "$work/root.tar" "$work/node.tar"
node=$(readlink -f "$(command -v node)")
npm=$(readlink -f "$(command -v npm)")
npm_root=${npm%/bin/npm-cli.js}
mkdir -p "$work/add/usr/local/bin" "$work/add$npm_root"
cp "$node" "$work/add/usr/local/bin/node"
cp -a "$npm_root/." "$work/add$npm_root/"
ln -s "$npm" "$work/add/usr/local/bin/npm"
tar -tf "$work/root.tar" >"$work/root.list"
ldd "$node" | awk '$3 ~ /^\// {print $3}' | while read -r lib; do
	lib=/usr${lib#/usr}
	if grep -qxF ".$lib" "$work/root.list"; then continue; fi # never mix two versions of the C library
	mkdir -p "$work/add$(dirname "$lib")"
	cp -L "$lib" "$work/add$lib"
done
# Debian's npm keeps its modules apart.
if [ -d /usr/share/nodejs ]; then
	mkdir -p "$work/add/usr/share"
	cp -a /usr/share/nodejs "$work/add/usr/share/"
fi
(cd "$work/add" && find . -mindepth 1 ! -type d -print0 | tar --null --no-recursion --owner=0 --group=0 -rf "$work/node.tar" -T -)
"$docker" import "${trust[@]}" --change 'ENV PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin' \
	"$work/node.tar" node:20-bookworm >/dev/null
rm -rf "$work/add" "$work"/*.tar

# --- the image ---------------------------------------------------------------

say "building the image"
began=$SECONDS
DOCKER_BUILDKIT=1 "$docker" build --network host --progress plain --build-arg VERSION=test-image -t regie . >"$work/build.log" 2>&1 ||
	die "docker build failed"
say "built in $((SECONDS - began)) s, $("$docker" image inspect -f '{{.Size}}' regie | awk '{printf "%.0f MB", $1 / 1e6}')"
user=$("$docker" image inspect -f '{{.Config.User}}' regie)
case "$user" in '' | 0 | 0:* | root*) die "the image runs as root" ;; esac
"$docker" run --rm --network none --read-only --cap-drop ALL regie version | grep -q '^regie test-image ' || die "regie version does not tell the version it was built with"

locked=(--read-only --cap-drop ALL --security-opt no-new-privileges)
"$docker" run --rm --network none "${locked[@]}" -v regie:/data regie config init >/dev/null || die "config init cannot write into the volume"
"$docker" run --rm --network none "${locked[@]}" -v regie:/data regie config check | grep -q '^OK: regie.yml, sessions: 1$' || die "the configuration in the volume is not found"

# --- run it: read-only, without capabilities ---------------------------------

http=$(free_port) rtmp=$(free_port) rtc=$(free_port)
key=$(head -c 16 /dev/urandom | od -An -tx1 | tr -d ' \n')
say "running it"
"$docker" run -d --name regie --network host "${locked[@]}" \
	-e REGIE_HTTP_ADDRESS="127.0.0.1:$http" -e REGIE_RTMP_ADDRESS="127.0.0.1:$rtmp" -e REGIE_WEBRTC_ADDRESS="127.0.0.1:$rtc" \
	-e REGIE_RTMPS_ADDRESS=off -e REGIE_RTSP_ADDRESS=off -e REGIE_RTSPS_ADDRESS=off -e REGIE_METRICS_ADDRESS=off \
	-e REGIE_SESSIONS="[{id: studio, title: Image, host: {name: Ana, key: $key}}]" \
	regie >/dev/null
healthy() { [ "$("$docker" inspect -f '{{.State.Health.Status}}' regie)" = healthy ]; }
wait_for 40 "HEALTHCHECK healthy" healthy
curl -fsS "http://127.0.0.1:$http/" >"$work/page.html"
grep -q '<script' "$work/page.html" || die "the page has no script: the web assets are not in the image"

say "a stream goes in"
ffmpeg -nostdin -loglevel error -re -f lavfi -i testsrc2=size=640x360:rate=30 -f lavfi -i sine=frequency=440:sample_rate=48000 \
	-c:v libx264 -preset ultrafast -tune zerolatency -pix_fmt yuv420p -g 60 -b:v 800k -c:a aac -b:a 96k \
	-f flv "rtmp://127.0.0.1:$rtmp/live/$key" >"$work/ffmpeg.log" 2>&1 &
ffmpeg_pid=$!

live="http://127.0.0.1:$http/live/studio"
wait_for 30 "a playlist" curl -fsS -o "$work/index.m3u8" "$live/index.m3u8"
media=$(grep -v '^#' "$work/index.m3u8" | head -n 1)
has_segment() { curl -fsS -o "$work/media.m3u8" "$live/$media" && grep -q '^#EXTINF' "$work/media.m3u8" && grep -q '^#EXT-X-PART:' "$work/media.m3u8"; }
wait_for 30 "a segment with parts" has_segment
ffprobe -v error -select_streams v -show_entries stream=codec_name,width,height -of csv=p=0 "$live/index.m3u8" | tee "$work/probe.log" |
	grep -q '^h264,1280,720' || die "the program is not H.264 in 1280×720"
say "a playlist comes out"

# --- stop it -----------------------------------------------------------------

began=$(date +%s%N)
"$docker" stop -t 20 regie >/dev/null
took=$((($(date +%s%N) - began) / 1000000))
"$docker" logs regie >"$work/regie.log" 2>&1
code=$("$docker" inspect -f '{{.State.ExitCode}}' regie)
[ "$code" -eq 0 ] || die "SIGTERM ended it with exit code $code"
[ "$took" -lt 5500 ] || die "SIGTERM took $took ms"
if grep -qE '^panic:|fatal error:|SIGSEGV' "$work/regie.log"; then die "there was a crash"; fi
if grep -q "$key" "$work/regie.log"; then die "the stream key is in the log"; fi
say "SIGTERM ended it cleanly after $took ms"
say "ok"
