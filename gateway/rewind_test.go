package gateway

import (
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/testutil"
)

// TestFilesAreSentByTheKernel: what counts bytes does not stand between a file and
// its connection, and still counts them.
func TestFilesAreSentByTheKernel(t *testing.T) {
	const size = 1 << 20
	file := filepath.Join(t.TempDir(), "1.m4s")
	if err := os.WriteFile(file, make([]byte, size), 0o644); err != nil {
		t.Fatal(err)
	}
	m := newHTTPMetrics(prometheus.NewRegistry())
	s := httptest.NewServer(m.wrap(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		f, err := os.Open(file)
		if err != nil {
			t.Error(err)
			return
		}
		defer f.Close()
		if n, err := io.Copy(sending{w, t}, f); n != size || err != nil {
			t.Errorf("%d bytes, %v", n, err)
		}
	})))
	defer s.Close()
	res, err := s.Client().Get(s.URL + "/live/studio/360p/e/1.m4s")
	if err != nil {
		t.Fatal(err)
	}
	defer res.Body.Close()
	if n, err := io.Copy(io.Discard, res.Body); n != size || err != nil {
		t.Errorf("%d bytes came, %v", n, err)
	}
	s.Close()
	if n := testutil.ToFloat64(m.sent.WithLabelValues("hls_part")); n != size {
		t.Errorf("%v bytes were counted", n)
	}
}

// sending is a ResponseWriter that must be asked to read from the file itself.
type sending struct {
	http.ResponseWriter
	t *testing.T
}

func (s sending) Write(b []byte) (int, error) {
	s.t.Errorf("%d bytes were copied", len(b))
	return s.ResponseWriter.Write(b)
}

func (s sending) ReadFrom(r io.Reader) (int64, error) {
	return s.ResponseWriter.(io.ReaderFrom).ReadFrom(r)
}

// TestRewindDirectory: a window longer than memory keeps needs data.dir/rewind,
// and a start that fails for it says what to do.
func TestRewindDirectory(t *testing.T) {
	c := testConfig(t)
	c.HLS.Window = time.Hour
	rewind := filepath.Join(c.Data.Dir, "rewind")
	start(t, c)
	if at, err := os.Stat(rewind); err != nil || !at.IsDir() {
		t.Errorf("%v, %v", at, err)
	}
	c = testConfig(t)
	start(t, c)
	if _, err := os.Stat(filepath.Join(c.Data.Dir, "rewind")); err == nil {
		t.Error("a window that memory keeps made a directory")
	}
	c = testConfig(t)
	c.HLS.Window = time.Hour
	if err := os.WriteFile(filepath.Join(c.Data.Dir, "rewind"), nil, 0o644); err != nil {
		t.Fatal(err)
	}
	_, err := New(Options{Config: c, Logger: slog.New(slog.DiscardHandler)})
	if err == nil || !strings.Contains(err.Error(), "hls.window") || !strings.Contains(err.Error(), "data.dir") {
		t.Errorf("a directory that cannot be: %v", err)
	}
}
