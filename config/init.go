package config

import (
	"bytes"
	"crypto/rand"
	_ "embed"
	"fmt"
	"strings"
)

// Reference is the annotated file with every key and its default.
//
//go:embed regie.yml
var Reference []byte

// NewKey makes a stream key: 26 characters, 130 random bits.
func NewKey() Secret { return Secret(rand.Text()) }

// Starter is the reference with one session that is ready to use, every seat
// with a fresh key.
func Starter() []byte {
	head, _, _ := bytes.Cut(Reference, []byte("sessions: []"))
	var b strings.Builder
	b.Write(head)
	b.WriteString("sessions:\n  - id: studio\n    title: First session\n")
	fmt.Fprintf(&b, "    host: {name: Ana, key: %s}\n    guests:\n", NewKey().Reveal())
	for _, name := range []string{"Théo", "Mei", "Lou"} {
		fmt.Fprintf(&b, "      - {name: %s, key: %s}\n", name, NewKey().Reveal())
	}
	b.WriteString("    autostart: true\n")
	return []byte(b.String())
}
