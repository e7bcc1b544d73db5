// Package outside asks other servers on behalf of somebody who chose the address:
// over HTTP for a product's picture, a webhook, a review of messages, and by other
// protocols, for a camera. Such an address must not reach what only this machine can
// reach.
//
// It guarantees:
//   - A connection is made to addresses of the public internet only. What counts is
//     the address that is really dialled, after names are resolved and on each
//     redirect, so that neither a redirect nor a name that changes its mind
//     (rebinding) leads inside. Loopback, private, link-local, shared (CGNAT),
//     metadata, multicast, embedded IPv4 and reserved addresses are refused, and so
//     are those of this machine's own interfaces.
//   - With Options.Private, also to private networks (RFC 1918, unique local IPv6),
//     the addresses in them that clouds answer at excepted: for what an
//     administrator chose.
//   - Hosts that the operator named (Options.Allow) are excepted, whatever they
//     resolve to, and they alone may be asked without TLS.
//   - An exchange takes Options.Timeout and Options.MaxBytes at most, redirects and
//     the reading of the answer included; more is an error, never a part of an answer.
//   - No proxy from the environment, no cookie, no password in an address, and
//     nothing of the request's headers and body is sent on to another host.
//   - An error tells people what to do (RefusedError has the reason), and nothing of
//     what stands behind a refused address: it was not asked.
//
// A Client may be used from any goroutine; Close ends the connections it keeps.
package outside

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/netip"
	"net/url"
	"slices"
	"strings"
	"syscall"
	"time"
)

// Options configure New.
type Options struct {
	// Allow are hosts that may be asked though they are inside: a name or an
	// address, with or without a port.
	Allow     []string
	Private   bool          // private networks may be reached
	Timeout   time.Duration // of a whole exchange; default: 10 s
	MaxBytes  int64         // of an answer's body; default: 64 KiB
	Redirects int           // followed by Get and never by Post; default: none
	UserAgent string        // default: Regie
	Resolver  *net.Resolver // default: the system's
}

// Client asks.
type Client struct {
	o    Options
	http *http.Client
}

// Answer is what a server said.
type Answer struct {
	Status int
	Header http.Header
	Body   []byte
}

// OK reports whether the status is one of success.
func (a *Answer) OK() bool { return a.Status/100 == 2 }

// RefusedError says why an address is not asked.
type RefusedError struct {
	Host string
	Why  string
}

func (e *RefusedError) Error() string {
	return fmt.Sprintf("%s %s; choose another address, or have the operator name this host in outside.allow", e.Host, e.Why)
}

// ErrTooLarge says that an answer is longer than Options.MaxBytes.
var ErrTooLarge = errors.New("the answer is too long")

// New makes a Client.
func New(o Options) *Client {
	if o.Timeout == 0 {
		o.Timeout = 10 * time.Second
	}
	if o.MaxBytes == 0 {
		o.MaxBytes = 64 << 10
	}
	if o.UserAgent == "" {
		o.UserAgent = "Regie"
	}
	c := &Client{o: o}
	c.http = &http.Client{
		Transport: &http.Transport{
			DialContext:            c.Dial,
			ForceAttemptHTTP2:      true,
			DisableCompression:     true,
			MaxResponseHeaderBytes: 32 << 10,
			MaxIdleConnsPerHost:    2,
			MaxIdleConns:           32,
			MaxConnsPerHost:        16,
			IdleConnTimeout:        30 * time.Second,
		},
		CheckRedirect: c.redirect,
	}
	return c
}

// Close ends the connections that are kept for later.
func (c *Client) Close() { c.http.CloseIdleConnections() }

// Check tells early what Get and Post would refuse at once: an address that is not
// https, has a password in it or is written as an inside address. A name may turn
// out to be inside later.
func (c *Client) Check(address string) error {
	_, err := c.parse(address)
	return err
}

// Get fetches an address.
func (c *Client) Get(ctx context.Context, address string) (*Answer, error) {
	return c.do(ctx, http.MethodGet, address, nil, nil)
}

// Post sends a body. Its redirects are answers like any other.
func (c *Client) Post(ctx context.Context, address string, header http.Header, body []byte) (*Answer, error) {
	return c.do(ctx, http.MethodPost, address, header, body)
}

func (c *Client) do(ctx context.Context, method, address string, header http.Header, body []byte) (*Answer, error) {
	u, err := c.parse(address)
	if err != nil {
		return nil, err
	}
	ctx, cancel := context.WithTimeout(ctx, c.o.Timeout)
	defer cancel()
	r, err := http.NewRequestWithContext(ctx, method, u.String(), bytes.NewReader(body))
	if err != nil {
		return nil, err
	}
	if header != nil {
		r.Header = header.Clone()
	}
	r.Header.Set("User-Agent", c.o.UserAgent)
	res, err := c.http.Do(r)
	if err != nil {
		return nil, c.explain(u, err)
	}
	defer res.Body.Close()
	got, err := io.ReadAll(io.LimitReader(res.Body, c.o.MaxBytes+1))
	if err != nil {
		return nil, c.explain(u, err)
	}
	if int64(len(got)) > c.o.MaxBytes {
		return nil, fmt.Errorf("%w: %s sent more than %d bytes", ErrTooLarge, u.Host, c.o.MaxBytes)
	}
	return &Answer{Status: res.StatusCode, Header: res.Header, Body: got}, nil
}

// explain makes a sentence of what went wrong, without the query of the address:
// there may be a secret in it.
func (c *Client) explain(u *url.URL, err error) error {
	var refused *RefusedError
	var of *url.Error
	switch {
	case errors.As(err, &refused):
		return refused
	case errors.Is(err, context.DeadlineExceeded):
		return fmt.Errorf("%s did not answer within %v: %w", u.Host, c.o.Timeout, context.DeadlineExceeded)
	case errors.As(err, &of):
		err = of.Err
	}
	return fmt.Errorf("%s cannot be asked: %w", u.Host, err)
}

func (c *Client) parse(address string) (*url.URL, error) {
	u, err := url.Parse(address)
	if err != nil || u.Hostname() == "" || u.Opaque != "" {
		return nil, &RefusedError{"this address", "is no URL such as https://shop.example.org/cup.jpg"}
	}
	return u, c.check(u)
}

// check is what can be said of an address before it is dialled.
func (c *Client) check(u *url.URL) error {
	switch {
	case u.User != nil:
		return &RefusedError{u.Host, "has a name or a password in its address"}
	case u.Scheme != "https" && u.Scheme != "http":
		return &RefusedError{u.Host, "is not asked by https"}
	case c.allowed(u.Hostname(), portOf(u)):
		return nil
	case u.Scheme == "http":
		return &RefusedError{u.Host, "is not asked by https"}
	}
	if a, err := netip.ParseAddr(u.Hostname()); err == nil {
		return refuse(u.Host, a, c.o.Private)
	}
	return nil
}

// CheckHost is Check for an address of another protocol.
func (c *Client) CheckHost(host, port string) error {
	a, err := netip.ParseAddr(host)
	if err != nil || c.allowed(host, port) {
		return nil // a name is looked at when it is dialled
	}
	return refuse(host, a, c.o.Private)
}

func portOf(u *url.URL) string {
	if p := u.Port(); p != "" {
		return p
	}
	if u.Scheme == "http" {
		return "80"
	}
	return "443"
}

func (c *Client) redirect(r *http.Request, via []*http.Request) error {
	switch {
	case c.o.Redirects == 0 || via[0].Method != http.MethodGet:
		return http.ErrUseLastResponse
	case len(via) > c.o.Redirects:
		return fmt.Errorf("it redirects more than %d times", c.o.Redirects)
	}
	r.Header.Del("Referer")
	return c.check(r.URL)
}

// allowed reports whether the operator named a host.
func (c *Client) allowed(host, port string) bool {
	host = strings.TrimSuffix(strings.ToLower(host), ".")
	return slices.ContainsFunc(c.o.Allow, func(a string) bool {
		a = strings.ToLower(a)
		return strings.Trim(a, "[]") == host || a == net.JoinHostPort(host, port)
	})
}

// Dial connects, to speak another protocol. Its error may be a RefusedError.
func (c *Client) Dial(ctx context.Context, network, address string) (net.Conn, error) {
	host, port, err := net.SplitHostPort(address)
	if err != nil {
		return nil, err
	}
	d := net.Dialer{Timeout: c.o.Timeout, Resolver: c.o.Resolver}
	if !c.allowed(host, port) {
		// Asked of each address just before the socket connects to it.
		d.ControlContext = func(_ context.Context, _, to string, _ syscall.RawConn) error {
			a, err := netip.ParseAddrPort(to)
			if err != nil {
				return err
			}
			return refuse(host, a.Addr(), c.o.Private)
		}
	}
	return d.DialContext(ctx, network, address)
}
