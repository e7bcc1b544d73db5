package config

import (
	"fmt"
	"io"
	"log/slog"
	"net/url"
)

// Redacted is how a secret prints.
const Redacted = "•••"

// Secret is a value that must not reach a log or a screen by accident: every
// way of formatting it gives dots. Reveal is the only way to the value.
type Secret string

// Reveal returns the value itself.
func (s Secret) Reveal() string { return string(s) }

// Format covers every verb of package fmt, also those that do not ask String.
func (s Secret) Format(f fmt.State, _ rune) { _, _ = io.WriteString(f, Redacted) }

func (s Secret) String() string               { return Redacted }
func (s Secret) GoString() string             { return Redacted }
func (s Secret) LogValue() slog.Value         { return slog.StringValue(Redacted) }
func (s Secret) MarshalText() ([]byte, error) { return []byte(Redacted), nil }
func (s Secret) MarshalYAML() (any, error)    { return Redacted, nil }

// SourceURL is the address of another server: a camera, Redis. It may hold a
// password, so it prints without.
type SourceURL string

// Reveal returns the address with its password.
func (u SourceURL) Reveal() string { return string(u) }

// String returns the address with dots for its password and for its query,
// where many cameras expect the password.
func (u SourceURL) String() string {
	if u == "" {
		return ""
	}
	p, err := url.Parse(string(u))
	if err != nil || p.Host == "" {
		return Redacted
	}
	shown := p.Scheme + "://"
	if p.User != nil {
		shown += Redacted + "@"
	}
	shown += p.Host + p.EscapedPath()
	if p.RawQuery != "" {
		shown += "?" + Redacted
	}
	return shown
}

// Format covers every verb of package fmt, also those that do not ask String.
func (u SourceURL) Format(f fmt.State, _ rune) { _, _ = io.WriteString(f, u.String()) }

func (u SourceURL) GoString() string             { return u.String() }
func (u SourceURL) LogValue() slog.Value         { return slog.StringValue(u.String()) }
func (u SourceURL) MarshalText() ([]byte, error) { return []byte(u.String()), nil }
func (u SourceURL) MarshalYAML() (any, error)    { return u.String(), nil }
