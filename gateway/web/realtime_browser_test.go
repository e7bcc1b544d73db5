package web

import (
	"fmt"
	"io"
	"net/http"
	"testing"

	"github.com/regie-live/regie/gateway/show"
)

func realTimeFallsBack(t *testing.T, b browser) {
	for name, c := range map[string]struct {
		says string
		whep http.HandlerFunc
	}{
		"full": {"Real time is full", func(w http.ResponseWriter, r *http.Request) { http.Error(w, "full", http.StatusServiceUnavailable) }},
		"off":  {"Real time is not to be had here", http.NotFound},
		"silent": {"Real time did not get through", func(w http.ResponseWriter, r *http.Request) {
			_, _ = io.Copy(io.Discard, r.Body) // only then is a client that leaves noticed
			<-r.Context().Done()
		}},
		"broken": {"Real time did not get through", func(w http.ResponseWriter, r *http.Request) { http.Error(w, "oops", http.StatusInternalServerError) }},
	} {
		t.Run(name, func(t *testing.T) {
			server := newEventServer(t, show.Live)
			server.setWHEP(c.whep)
			p := b.open(t, server.URL+"/s/studio")
			p.until("the picture plays", playing+` && document.querySelector(".big-button") !== null`)
			p.eval(`(document.querySelector(".big-button").click(), document.querySelector("video").volume = 0.3, "")`)
			p.click(".real-time")
			p.until("the page says what happened", fmt.Sprintf(`document.querySelector(".notice").innerText.includes(%q)`, c.says))
			p.until("the picture is back", playing+` && document.querySelector(".real-time").getAttribute("aria-checked") === "false"`)
			p.until("the sound is as it was", `!document.querySelector("video").muted && document.querySelector("video").volume === 0.3`)
			p.click(".notice .link")
			p.until("it was tried again", `document.querySelector(".notice").innerText === ""`)
		})
	}
}

// Viewers behind firewalls need the servers that webrtc.ice_servers names, before
// they make an offer.
func realTimeAsksForICE(t *testing.T, b browser) {
	server := newEventServer(t, show.Live)
	server.setWHEP(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Link", `<turn:127.0.0.1:9?transport=udp>; rel="ice-server"; username="u"; credential="c"`)
		if r.Method == http.MethodOptions {
			w.WriteHeader(http.StatusNoContent)
			return
		}
		http.Error(w, "full", http.StatusServiceUnavailable)
	})
	p := b.open(t, server.URL+"/s/studio")
	p.until("the picture plays", playing+` && document.querySelector(".big-button") !== null`)
	p.eval(`(() => {
		window.seen = [];
		const offer = RTCPeerConnection.prototype.setLocalDescription;
		RTCPeerConnection.prototype.setLocalDescription = function (...of) { window.seen.push(this.getConfiguration().iceServers); return offer.apply(this, of); };
		return "";
	})()`)
	p.click(".real-time")
	p.until("the offer is made with them", `window.seen.length > 0 && window.seen[0].length === 1 && window.seen[0][0].username === "u" && String(window.seen[0][0].urls) === "turn:127.0.0.1:9?transport=udp"`)
}
