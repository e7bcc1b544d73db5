package h1

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"math"
	"net/http"
	"strconv"
	"strings"
)

// parseHead reads a status line and fields, each with its CRLF.
func parseHead(b []byte) (head, error) {
	h := head{length: -1}
	line, rest, _ := bytes.Cut(b, []byte("\r\n"))
	version, status, ok := strings.Cut(string(line), " ")
	if !ok || version != "HTTP/1.1" && version != "HTTP/1.0" || len(status) < 3 {
		return h, fmt.Errorf("%w: %.40q", ErrMalformed, line)
	}
	n, err := strconv.ParseUint(status[:3], 10, 16)
	if err != nil || n < 100 || len(status) > 3 && status[3] != ' ' {
		return h, fmt.Errorf("%w: %.40q", ErrMalformed, line)
	}
	h.status, h.close = int(n), version == "HTTP/1.0"
	for len(rest) > 0 {
		line, rest, _ = bytes.Cut(rest, []byte("\r\n"))
		name, value, ok := bytes.Cut(line, []byte(":"))
		if !ok || len(name) == 0 {
			return h, fmt.Errorf("%w: %.40q", ErrMalformed, line)
		}
		if err := h.field(name, bytes.TrimSpace(value)); err != nil {
			return h, err
		}
	}
	if h.status < 200 || h.status == http.StatusNoContent || h.status == http.StatusNotModified {
		h.length, h.chunked = 0, false // RFC 9112 section 6.3
	}
	return h, nil
}

func (h *head) field(name, value []byte) error {
	is := func(s string) bool { return len(name) == len(s) && strings.EqualFold(string(name), s) }
	switch {
	case is("Content-Length"):
		n, err := strconv.ParseUint(string(value), 10, 63)
		if err != nil || h.length >= 0 && h.length != int64(n) {
			return fmt.Errorf("%w: length %.40q", ErrMalformed, value)
		}
		h.length = int64(n)
	case is("Transfer-Encoding"):
		if !strings.EqualFold(string(value), "chunked") {
			return fmt.Errorf("%w: transfer encoding %.40q", ErrMalformed, value)
		}
		h.chunked = true
	case is("Content-Encoding"):
		h.gzip = strings.EqualFold(string(value), "gzip")
	case is("Connection"):
		if strings.EqualFold(string(value), "close") {
			h.close = true
		} else if strings.EqualFold(string(value), "keep-alive") {
			h.close = false
		}
	case is("Location"):
		h.location = string(value)
	case is("Retry-After"):
		h.retryAfter = string(value)
	}
	return nil
}

// body takes the body: into c.text, or nowhere.
func (c *Conn) body(h head, keep bool, r *Response) error {
	switch {
	case h.chunked:
		return c.chunks(keep, r)
	case h.length >= 0:
		return c.take(h.length, keep, r)
	}
	if err := c.take(math.MaxInt64, keep, r); !errors.Is(err, ErrShort) {
		return err
	}
	c.reset()
	return nil
}

// take reads n bytes of body.
func (c *Conn) take(n int64, keep bool, r *Response) error {
	if keep && n > maxText && n != math.MaxInt64 {
		return ErrTooLarge
	}
	for n > 0 {
		if c.r == c.w && !keep && r.Bytes > 0 {
			return c.discard(n, r)
		}
		if c.r == c.w {
			if err := c.more(); errors.Is(err, io.EOF) {
				return ErrShort
			} else if err != nil {
				return err
			}
		}
		part := c.buf[c.r:c.w]
		if int64(len(part)) > n {
			part = part[:n]
		}
		if r.Bytes == 0 {
			r.Head = c.first[:copy(c.first[:], part)]
		}
		if keep {
			if c.text = append(c.text, part...); len(c.text) > maxText {
				return ErrTooLarge
			}
		}
		c.r += len(part)
		n -= int64(len(part))
		r.Bytes += int64(len(part))
	}
	return nil
}

func (c *Conn) discard(n int64, r *Response) error {
	c.left, c.dropped, c.dropErr = n, 0, nil
	err := c.raw.Read(c.drop)
	r.Bytes += c.dropped
	switch {
	case err != nil:
		return err
	case errors.Is(c.dropErr, io.EOF):
		return ErrShort
	}
	return c.dropErr
}

// chunks reads a chunked body (RFC 9112 section 7.1) with its trailers.
func (c *Conn) chunks(keep bool, r *Response) error {
	for {
		line, err := c.line()
		if err != nil {
			return err
		}
		digits, _, _ := strings.Cut(line, ";")
		n, err := strconv.ParseUint(strings.TrimSpace(digits), 16, 62)
		if err != nil {
			return fmt.Errorf("%w: chunk %.20q", ErrMalformed, line)
		}
		if n == 0 {
			break
		}
		if err := c.take(int64(n), keep, r); err != nil {
			return err
		}
		if end, err := c.line(); err != nil {
			return err
		} else if end != "" {
			return fmt.Errorf("%w: a chunk without end", ErrMalformed)
		}
	}
	for {
		if line, err := c.line(); err != nil || line == "" {
			return err
		}
	}
}

// line reads up to CRLF. It is short: a chunk's size, or a trailer.
func (c *Conn) line() (string, error) {
	for {
		if end := bytes.Index(c.buf[c.r:c.w], []byte("\r\n")); end >= 0 {
			s := string(c.buf[c.r : c.r+end])
			c.r += end + 2
			return s, nil
		}
		if err := c.more(); errors.Is(err, io.EOF) {
			return "", ErrShort
		} else if err != nil {
			return "", err
		}
	}
}
