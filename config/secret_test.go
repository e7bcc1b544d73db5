package config

import (
	"bytes"
	"encoding/json"
	"fmt"
	"log/slog"
	"strings"
	"testing"

	"github.com/goccy/go-yaml"
)

func TestSecretsNeverPrint(t *testing.T) {
	p := Participant{Name: "Ana", Key: "hunter2-hunter2", Source: "rtsp://me:hunter2@cam/live"}
	var out bytes.Buffer
	for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%q", "%x", "%X", "%d", "%t", "%08b", "%U"} {
		fmt.Fprintf(&out, verb+"\n", p)
		fmt.Fprintf(&out, verb+"\n", &p)
		fmt.Fprintf(&out, verb+verb+"\n", p.Key, p.Source)
	}
	log := slog.New(slog.NewJSONHandler(&out, nil))
	log.Info("x", "key", p.Key, "source", p.Source, "all", p)
	slog.New(slog.NewTextHandler(&out, nil)).Info("x", "key", p.Key, "source", p.Source, "all", p)
	j, err := json.Marshal(p)
	if err != nil {
		t.Fatal(err)
	}
	y, err := yaml.Marshal(p)
	if err != nil {
		t.Fatal(err)
	}
	out.Write(j)
	out.Write(y)
	for _, leak := range []string{"hunter2", "68756e74657232", "68756E74657232"} {
		if strings.Contains(out.String(), leak) {
			t.Errorf("the secret is in clear:\n%s", out.String())
		}
	}
	if p.Key.Reveal() != "hunter2-hunter2" || p.Source.Reveal() != "rtsp://me:hunter2@cam/live" {
		t.Error("Reveal does not reveal")
	}
}

func TestSourceURLString(t *testing.T) {
	for in, want := range map[SourceURL]string{
		"":                              "",
		"rtsp://cam:554/a%20b":          "rtsp://cam:554/a%20b",
		"rtsp://u:p@cam/a":              "rtsp://•••@cam/a",
		"rtsp://u@cam/a?user=u&pw=p#pw": "rtsp://•••@cam/a?•••",
		"rtsp://u:p%zz@cam/a":           Redacted,
		"u:p@cam/a":                     Redacted,
	} {
		if got := in.String(); got != want {
			t.Errorf("%q prints as %q, want %q", string(in), got, want)
		}
	}
}
