package main

import (
	"encoding/json"
	"net"
	"net/http"
	"os"
	"testing"
	"time"

	"github.com/rogpeppe/go-internal/testscript"

	"github.com/regie-live/regie/gateway"
)

func TestMain(m *testing.M) {
	testscript.Main(m, map[string]func(){"regie": main})
}

// TestScript runs testdata/script: the command line as its users see it.
func TestScript(t *testing.T) {
	testscript.Run(t, testscript.Params{
		Dir:                 "testdata/script",
		RequireExplicitExec: true,
		Cmds: map[string]func(*testscript.TestScript, bool, []string){
			"waitfor": waitFor,
			"healthy": healthy,
			"listen":  listen,
		},
	})
}

// waitFor FILE waits until FILE is there.
func waitFor(ts *testscript.TestScript, _ bool, args []string) {
	file := ts.MkAbs(args[0])
	for deadline := time.Now().Add(20 * time.Second); ; time.Sleep(20 * time.Millisecond) {
		if _, err := os.Stat(file); err == nil {
			return
		}
		if time.Now().After(deadline) {
			ts.Fatalf("%s did not appear", args[0])
		}
	}
}

// healthy FILE asks the appliance whose addresses FILE holds for /healthz and
// the start page.
func healthy(ts *testscript.TestScript, _ bool, args []string) {
	var at gateway.Addrs
	ts.Check(json.Unmarshal([]byte(ts.ReadFile(args[0])), &at))
	client := http.Client{Timeout: 10 * time.Second}
	for _, path := range []string{"/healthz", "/"} {
		answer, err := client.Get("http://" + at.HTTP + path)
		ts.Check(err)
		ts.Check(answer.Body.Close())
		if answer.StatusCode != http.StatusOK {
			ts.Fatalf("%s: %s", path, answer.Status)
		}
	}
}

// listen VAR takes a free port until the script ends and puts it into VAR.
func listen(ts *testscript.TestScript, _ bool, args []string) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	ts.Check(err)
	ts.Defer(func() { _ = l.Close() })
	_, port, _ := net.SplitHostPort(l.Addr().String())
	ts.Setenv(args[0], port)
}
