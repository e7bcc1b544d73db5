package viewers

import (
	"fmt"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/testutil"
	"go.uber.org/goleak"

	"github.com/regie-live/regie/gateway/show"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// stand is a counter with one session that is on air, and the log's lines.
type stand struct {
	*Counter
	t      *testing.T
	reg    *prometheus.Registry
	log    strings.Builder
	peers  int
	offAir bool
	studio *Audience
}

func newStand(t *testing.T) *stand {
	s := &stand{t: t, reg: prometheus.NewRegistry()}
	s.Counter = New(Options{Renditions: []string{"720p", "360p"}, Registerer: s.reg, Logger: slog.New(slog.NewTextHandler(&s.log, nil))})
	s.studio = s.Open(Session{ID: show.SessionID("studio"), PartsPerSecond: 3, Peers: func() (int, bool) { return s.peers, !s.offAir }})
	return s
}

// send sends a beacon as a browser does, and gives the answer.
func (s *stand) send(from, body string, header ...string) *httptest.ResponseRecorder {
	s.t.Helper()
	r := httptest.NewRequest(http.MethodPost, "/api/v1/beacon", strings.NewReader(body))
	r.RemoteAddr = from
	r.Header.Set("Content-Type", "application/json")
	for i := 0; i < len(header); i += 2 {
		r.Header.Set(header[i], header[i+1])
	}
	w := httptest.NewRecorder()
	s.ServeHTTP(w, r)
	return w
}

// beaconOf is a beacon of page n with more members.
func beaconOf(n int, more string) string {
	return fmt.Sprintf(`{"sid":"page-%06d","cid":"studio","e":"t","com.regie-delivery":"llhls"%s}`, n, more)
}

func (s *stand) accept(from, body string) {
	s.t.Helper()
	if w := s.send(from, body); w.Code != http.StatusNoContent {
		s.t.Fatalf("%s was answered %d %s", body, w.Code, w.Body)
	}
}

func (s *stand) counts(want int) {
	s.t.Helper()
	if n := s.studio.Count(); n != want {
		s.t.Errorf("%d are counted, want %d", n, want)
	}
}

// exposes compares families with their exposition.
func (s *stand) exposes(want string, families ...string) {
	s.t.Helper()
	if err := testutil.GatherAndCompare(s.reg, strings.NewReader(want), families...); err != nil {
		s.t.Error(err)
	}
}
