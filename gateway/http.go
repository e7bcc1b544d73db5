package gateway

import (
	"context"
	"crypto/tls"
	"errors"
	"log/slog"
	"net"
	"net/http"
	"net/http/pprof"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/promhttp"

	"github.com/regie-live/regie/gateway/internal/problem"
	"github.com/regie-live/regie/gateway/show"
	"github.com/regie-live/regie/gateway/stage"
)

// routes is everything that viewers, creators and pages ask for.
func (w *wiring) routes(pages, api, whip http.Handler) http.Handler {
	mux := http.NewServeMux()
	mux.Handle("/", w.withCalendars(pages))
	mux.Handle("/api/", api)
	mux.Handle("/whip", whip)
	mux.Handle("/whip/", whip)
	mux.HandleFunc("/live/{session}/{rest...}", w.serveLive)
	mux.HandleFunc("GET /p/{pin}", w.servePin)
	mux.HandleFunc("GET /healthz", func(w http.ResponseWriter, _ *http.Request) { answer(w, http.StatusOK, "ok\n") })
	mux.HandleFunc("GET /readyz", w.serveReady)
	return mux
}

func (g *Gateway) serveLive(w http.ResponseWriter, r *http.Request) {
	h := g.houses.get(show.SessionID(r.PathValue("session")))
	if h == nil {
		problem.Write(w, problem.Problem{
			Status: http.StatusNotFound,
			Title:  "There is no such session",
			Detail: "/ lists the sessions of this appliance.",
		})
		return
	}
	h.serve(w, r, r.PathValue("rest"))
}

func (g *Gateway) serveReady(w http.ResponseWriter, _ *http.Request) {
	if !g.ready.Load() {
		w.Header().Set("Retry-After", "1")
		answer(w, http.StatusServiceUnavailable, "starting or stopping\n")
		return
	}
	answer(w, http.StatusOK, "ready\n")
}

func answer(w http.ResponseWriter, status int, text string) {
	w.Header().Set("Content-Type", "text/plain; charset=utf-8")
	w.Header().Set("Cache-Control", "no-store")
	w.WriteHeader(status)
	_, _ = w.Write([]byte(text))
}

// operatorRoutes is what only the machine's operator reaches: the metrics port
// listens on loopback unless the configuration says otherwise.
func (g *Gateway) operatorRoutes(reg *prometheus.Registry) http.Handler {
	mux := http.NewServeMux()
	mux.Handle("GET /metrics", promhttp.HandlerFor(reg, promhttp.HandlerOpts{EnableOpenMetrics: true}))
	mux.HandleFunc("GET /debug/pprof/", pprof.Index)
	mux.HandleFunc("GET /debug/pprof/cmdline", pprof.Cmdline)
	mux.HandleFunc("GET /debug/pprof/profile", pprof.Profile)
	mux.HandleFunc("GET /debug/pprof/symbol", pprof.Symbol)
	mux.HandleFunc("GET /debug/pprof/trace", pprof.Trace)
	mux.HandleFunc("POST /sessions/{session}/start", g.control("live", func(s *stage.Stage) error { return s.Start("operator") }))
	mux.HandleFunc("POST /sessions/{session}/end", g.control("ending: the closing slate is on air for a few seconds", func(s *stage.Stage) error { return s.End("operator") }))
	mux.HandleFunc("POST /sessions/{session}/cues", g.serveCue)
	g.people.OperatorRoutes(mux)
	g.schedule.OperatorRoutes(mux)
	g.webhooks.OperatorRoutes(mux)
	// A web page that the operator looks at must not be able to end a session.
	return http.NewCrossOriginProtection().Handler(mux)
}

// control does something with a session; done is what can be said of the session
// when it worked.
func (g *Gateway) control(done string, do func(*stage.Stage) error) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		h := g.houses.get(show.SessionID(r.PathValue("session")))
		if h == nil {
			answer(w, http.StatusNotFound, "there is no such session; the configuration lists them\n")
			return
		}
		if err := do(h.stage); errors.Is(err, stage.ErrNotLive) {
			answer(w, http.StatusConflict, err.Error()+"\n")
		} else if err != nil {
			answer(w, http.StatusInternalServerError, err.Error()+"\n")
		} else {
			answer(w, http.StatusOK, done+"\n")
		}
	}
}

// webServer serves on l until ctx ends; then it lets answers under way finish,
// but not for longer than grace.
func webServer(l net.Listener, h http.Handler, cert *tls.Config, log *slog.Logger) func(context.Context) error {
	const grace = 1500 * time.Millisecond
	return func(ctx context.Context) error {
		s := &http.Server{
			Handler:           h,
			TLSConfig:         cert,
			ReadHeaderTimeout: 5 * time.Second,
			ReadTimeout:       15 * time.Second,
			WriteTimeout:      30 * time.Second, // more than the longest blocked reload and a segment on a slow line
			IdleTimeout:       75 * time.Second,
			MaxHeaderBytes:    16 << 10,
			ErrorLog:          slog.NewLogLogger(log.Handler(), slog.LevelDebug),
		}
		stopped := make(chan struct{})
		go func() {
			defer close(stopped)
			<-ctx.Done()
			timeout, cancel := context.WithTimeout(context.WithoutCancel(ctx), grace)
			defer cancel()
			if s.Shutdown(timeout) != nil {
				_ = s.Close()
			}
		}()
		var err error
		if cert != nil {
			err = s.ServeTLS(l, "", "")
		} else {
			err = s.Serve(l)
		}
		if errors.Is(err, http.ErrServerClosed) {
			<-stopped
			return nil
		}
		return err
	}
}
