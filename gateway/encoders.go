package gateway

import (
	"net"

	"github.com/regie-live/regie/gateway/web"
)

// encoders says where encoders may send. Ports that the system chose are known
// once everything is bound, which is before anybody asks.
func (w *wiring) encoders() web.Encoders {
	port := func(addr string) string {
		_, port, _ := net.SplitHostPort(addr) // empty when it is off
		return port
	}
	p := w.config.Program
	return web.Encoders{
		RTMP: port(w.addrs.RTMP), RTMPS: port(w.addrs.RTMPS),
		RTSP: port(w.addrs.RTSP), RTSPS: port(w.addrs.RTSPS),
		WHIP:       w.net != nil,
		SelfSigned: w.config.TLS.Cert == "",
		Width:      p.Width, Height: p.Height, FPS: p.FPS, Kbps: p.Kbps,
	}
}
