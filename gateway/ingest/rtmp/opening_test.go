package rtmp

import (
	"io"
	"net"
	"strings"
	"testing"

	"github.com/regie-live/regie/gateway/ingest"
)

// TestOtherProtocols: what came to the wrong port is told so, in the log too.
func TestOtherProtocols(t *testing.T) {
	for _, tc := range []struct{ name, send, reason, answer string }{
		{"HTTP", "POST /whip HTTP/1.1\r\nHost: x\r\n\r\n", "HTTP was sent to the port of RTMP", "HTTP/1.1 400 Bad Request"},
		{"TLS", "\x16\x03\x01\x00\xc4\x01" + strings.Repeat("x", 190), "TLS was sent to the port of RTMP", ""},
	} {
		t.Run(tc.name, func(t *testing.T) {
			st := newStudio(t, nil)
			nc, err := net.Dial("tcp", st.Addr().String())
			if err != nil {
				t.Fatal(err)
			}
			defer nc.Close()
			if _, err := io.WriteString(nc, tc.send); err != nil {
				t.Fatal(err)
			}
			said, _ := io.ReadAll(nc) // what we did not read resets the connection
			if !strings.HasPrefix(string(said), tc.answer) {
				t.Errorf("answered %q", said)
			}
			st.waitRefusal(t, ingest.BadRequest)
			if r := st.door.Refusals()[0].Refusal; r.Reason != tc.reason {
				t.Errorf("refused: %v", r)
			}
		})
	}
}
