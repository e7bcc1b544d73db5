# Regie as a container image. It runs as an ordinary user, needs no capability
# and writes nowhere but /data:
#
#   docker build -t regie .
#   docker run --network host --read-only --cap-drop ALL -v regie:/data regie
#
# deploy/compose.yaml has the rest; deploy/test-image.sh builds and tries it.

FROM node:20-bookworm AS web
WORKDIR /src/gateway/web
COPY gateway/web/package.json gateway/web/package-lock.json ./
RUN npm ci --ignore-scripts --no-audit --no-fund
COPY gateway/web ./
RUN npm run build

FROM golang:1.26-bookworm AS build
RUN apt-get update \
 && apt-get install -y --no-install-recommends \
    gcc libc6-dev pkg-config libavcodec-dev libavutil-dev libswscale-dev libswresample-dev \
 && rm -rf /var/lib/apt/lists/*
WORKDIR /src
COPY go.mod go.sum ./
RUN go mod download
COPY . .
COPY --from=web /src/gateway/web/dist gateway/web/dist
ARG VERSION=
RUN CGO_ENABLED=1 go build -trimpath -ldflags "-s -w -X main.release=$VERSION" -o /regie ./cmd/regie

FROM debian:bookworm-slim
# The fonts write names in every script into the picture; without cuts that are never
# used they take 31 MB. fonts-noto-cjk, where it is installed too, is preferred to
# WenQuanYi's, which writes Chinese, Japanese and Korean in 5 MB instead of 91.
RUN printf 'path-exclude=/usr/share/fonts/truetype/noto/%s\n' '*Italic*' '*Display*' 'NotoSerif-*' '*SignWriting*' '*Tangut*' >/etc/dpkg/dpkg.cfg.d/fonts \
 && apt-get update \
 && apt-get install -y --no-install-recommends \
    ca-certificates libavcodec59 libavutil57 libswscale6 libswresample4 fonts-noto-core fonts-wqy-microhei \
 && apt-get clean \
 && rm -rf /var/lib/apt/lists/* \
 && useradd --uid 10001 --user-group --no-create-home --home-dir /data --shell /usr/sbin/nologin regie \
 && install -d -o regie -g regie -m 700 /data
COPY --from=build /regie /usr/local/bin/regie
COPY LICENSE deploy/LICENSING.md /usr/share/doc/regie/
USER 10001:10001
# ./regie.yml is looked for here, so a configuration can live in the volume.
WORKDIR /data
VOLUME /data
ENV REGIE_DATA_DIR=/data
# HTTP; RTMP, RTMPS; RTSP, RTSPS; WebRTC. Metrics stay on the loopback.
EXPOSE 8080 1935 1936 8554 8322 8189/tcp 8189/udp
HEALTHCHECK --interval=10s --timeout=5s --start-period=10s --retries=3 CMD ["regie", "healthcheck"]
ENTRYPOINT ["regie"]
CMD ["serve"]
