package api

import (
	"bytes"
	"flag"
	"os"
	"testing"
)

var update = flag.Bool("update", false, "write openapi.json anew")

func TestDescriptionIsCommitted(t *testing.T) {
	made := newServer(Options{Sessions: shown{}, Logger: quiet}).doc
	if *update {
		if err := os.WriteFile("openapi.json", made, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	committed, err := os.ReadFile("openapi.json")
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(made, committed) {
		t.Error("openapi.json is not what the routes are; write it anew with: go test ./gateway/api -run TestDescriptionIsCommitted -update")
	}
}
