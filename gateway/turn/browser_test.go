package turn

import (
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/regie-live/regie/gateway/ingest/ingesttest"
	"github.com/regie-live/regie/gateway/internal/rtctest"
	"github.com/regie-live/regie/transcode/media"
)

const publish = `(async (iceServers, key) => {
	const canvas = Object.assign(document.createElement('canvas'), { width: 320, height: 180 }), pen = canvas.getContext('2d');
	let n = 0;
	setInterval(() => { pen.fillStyle = 'hsl(' + n++ + ' 80% 50%)'; pen.fillRect(0, 0, 320, 180); }, 33);
	const pc = (window.pc = new RTCPeerConnection({ iceServers, iceTransportPolicy: 'relay' }));
	pc.addTransceiver(canvas.captureStream(30).getVideoTracks()[0], { direction: 'sendonly' });
	await pc.setLocalDescription();
	const answer = await fetch('/whip', { method: 'POST', body: pc.localDescription.sdp, headers: { 'Content-Type': 'application/sdp', Authorization: 'Bearer ' + key } });
	await pc.setRemoteDescription({ type: 'answer', sdp: await answer.text() });
	return answer.status;
})`

// TestBrowser: Chromium, which may use TURN alone, publishes; by what Link tells it in
// the form of its own RTCIceServer.
func TestBrowser(t *testing.T) {
	for _, transport := range []string{"udp", "tcp"} {
		t.Run(transport, func(t *testing.T) {
			s := newStand(t)
			mux := http.NewServeMux()
			mux.Handle("/whip", s.publishers)
			mux.Handle("/whip/", s.publishers)
			mux.HandleFunc("/", func(w http.ResponseWriter, _ *http.Request) {
				w.Header().Set("Content-Type", "text/html")
				_, _ = w.Write([]byte("<!doctype html><title>publisher</title>"))
			})
			web := httptest.NewServer(mux)
			defer web.Close()
			ice := s.ICEServers("studio/guest1")
			for i := range ice {
				var urls []string
				for _, url := range ice[i].URLs {
					if strings.HasSuffix(url, transport) {
						urls = append(urls, url)
					}
				}
				ice[i].URLs = urls
			}
			servers, err := json.Marshal(ice)
			if err != nil {
				t.Fatal(err)
			}
			page := rtctest.OpenPage(t, web.URL)
			key := string([]byte(ingesttest.Key))
			if status := rtctest.Evaluate[int](t, page, publish+"("+string(servers)+", '"+key+"')"); status != http.StatusCreated {
				t.Fatalf("WHIP: %d", status)
			}
			s.seats.Wait(0, "pictures", func(c ingesttest.Claim) bool { return len(c.Of(media.Video)) >= 30 })
		})
	}
}
