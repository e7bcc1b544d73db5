package gateway

import (
	"io"
	"net/http"
	"strings"
	"sync"
	"time"

	"github.com/prometheus/client_golang/prometheus"
)

// httpMetrics counts requests by what they ask for. It reads the path itself,
// so that a request costs one look at a string and no allocation.
type httpMetrics struct {
	requests *prometheus.CounterVec
	duration *prometheus.HistogramVec
	sent     *prometheus.CounterVec
	pool     sync.Pool
}

func newHTTPMetrics(reg prometheus.Registerer) *httpMetrics {
	m := &httpMetrics{
		requests: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "regie_http_requests_total", Help: "HTTP requests by handler, method and status class.",
		}, []string{"handler", "method", "code"}),
		duration: prometheus.NewHistogramVec(prometheus.HistogramOpts{
			Name: "regie_http_request_duration_seconds", Help: "HTTP handling time, blocking playlist reloads excluded.",
			Buckets: []float64{.0005, .001, .0025, .005, .01, .025, .05, .1, .25, .5, 1, 2.5},
		}, []string{"handler"}),
		sent: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "regie_http_sent_bytes_total", Help: "Response body bytes sent.",
		}, []string{"handler"}),
	}
	m.pool.New = func() any { return new(countingWriter) }
	reg.MustRegister(m.requests, m.duration, m.sent)
	return m
}

func (m *httpMetrics) wrap(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		c := m.pool.Get().(*countingWriter)
		*c = countingWriter{ResponseWriter: w, status: http.StatusOK}
		began := time.Now()
		next.ServeHTTP(c, r)
		handler := handlerOf(r.URL.Path)
		m.requests.WithLabelValues(handler, methodOf(r.Method), classOf(c.status)).Inc()
		m.sent.WithLabelValues(handler).Add(float64(c.n))
		if !isReload(r) {
			m.duration.WithLabelValues(handler).Observe(time.Since(began).Seconds())
		}
		c.ResponseWriter = nil
		m.pool.Put(c)
	})
}

// countingWriter notes the status and the bytes of an answer.
type countingWriter struct {
	http.ResponseWriter
	status int
	n      int64
}

func (c *countingWriter) WriteHeader(status int) {
	c.status = status
	c.ResponseWriter.WriteHeader(status)
}

func (c *countingWriter) Write(b []byte) (int, error) {
	n, err := c.ResponseWriter.Write(b)
	c.n += int64(n)
	return n, err
}

// ReadFrom leaves files to the kernel, where the connection can.
func (c *countingWriter) ReadFrom(r io.Reader) (int64, error) {
	n, err := io.Copy(c.ResponseWriter, r)
	c.n += n
	return n, err
}

// Unwrap lets http.ResponseController reach the connection.
func (c *countingWriter) Unwrap() http.ResponseWriter { return c.ResponseWriter }

// handlerOf names what a path leads to; the set is fixed, whatever peers ask.
func handlerOf(path string) string {
	switch {
	case strings.HasPrefix(path, "/live/"):
		switch {
		case strings.HasSuffix(path, ".m3u8"):
			return "hls_playlist"
		case strings.HasSuffix(path, ".m4s"):
			return "hls_part"
		case strings.HasSuffix(path, ".mp4"):
			return "hls_init"
		case strings.Contains(path, "/whep"):
			return "whep"
		}
		return "live"
	case strings.HasPrefix(path, "/whip"):
		return "whip"
	case strings.HasPrefix(path, "/api/"):
		return "api"
	case strings.HasPrefix(path, "/assets/"):
		return "asset"
	case path == "/healthz" || path == "/readyz":
		return "health"
	}
	return "page"
}

func methodOf(method string) string {
	switch method {
	case http.MethodGet:
		return "get"
	case http.MethodHead:
		return "head"
	case http.MethodPost:
		return "post"
	case http.MethodPut:
		return "put"
	case http.MethodPatch:
		return "patch"
	case http.MethodDelete:
		return "delete"
	case http.MethodOptions:
		return "options"
	}
	return "other"
}

func classOf(status int) string {
	switch {
	case status < 200:
		return "1xx"
	case status < 300:
		return "2xx"
	case status < 400:
		return "3xx"
	case status < 500:
		return "4xx"
	}
	return "5xx"
}
