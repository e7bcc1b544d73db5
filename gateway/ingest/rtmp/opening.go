package rtmp

import (
	"io"

	"github.com/regie-live/regie/gateway/ingest"
)

// opening remembers the first byte of a connection: of RTMP it is the version, 3,
// and of what came to the wrong port it tells which protocol that is.
type opening struct {
	io.ReadWriter
	first byte
	some  bool
}

func (o *opening) Read(p []byte) (int, error) {
	n, err := o.ReadWriter.Read(p)
	if n > 0 && !o.some {
		o.first, o.some = p[0], true
	}
	return n, err
}

// http: it began with a method.
func (o *opening) http() bool { return o.some && o.first >= 'A' && o.first <= 'Z' }

// otherProtocol is the refusal of what is no RTMP, nil if that cannot be told.
func (o *opening) otherProtocol() *ingest.Refusal {
	const tlsHandshake = 0x16
	switch {
	case o.http():
		return &ingest.Refusal{
			Outcome: ingest.BadRequest,
			Reason:  "HTTP was sent to the port of RTMP",
			Hint:    "pages and WHIP are at the port of HTTP (http.address); send to this one with rtmp://HOST/live",
		}
	case o.some && o.first == tlsHandshake:
		return &ingest.Refusal{
			Outcome: ingest.BadRequest,
			Reason:  "TLS was sent to the port of RTMP",
			Hint:    "write rtmp:// in the encoder, or the port of RTMPS (rtmps.address) with rtmps://",
		}
	}
	return nil
}
