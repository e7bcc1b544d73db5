package webhooks

import (
	"context"
	"crypto/tls"
	"errors"
	"net"
	"net/http"
	"syscall"

	"github.com/regie-live/regie/gateway/internal/outside"
	"github.com/regie-live/regie/gateway/show"
)

// inWords says what went wrong on the way to a receiver: in words, and in one that
// pages translate.
func inWords(err error) (string, show.HookReason) {
	if errors.Is(err, outside.ErrTooLarge) {
		return "its answer is too long; a 204 without a body is enough", show.HookLong
	}
	return err.Error(), reasonOf(err)
}

func reasonOf(err error) show.HookReason {
	var refused *outside.RefusedError
	var name *net.DNSError
	var certificate *tls.CertificateVerificationError
	switch {
	case errors.As(err, &refused):
		return show.HookRefused
	case errors.Is(err, context.DeadlineExceeded):
		return show.HookSlow
	case errors.As(err, &name):
		return show.HookNoHost
	case errors.As(err, &certificate):
		return show.HookCertificate
	case errors.Is(err, syscall.ECONNREFUSED):
		return show.HookClosed
	}
	return show.HookUnreachable
}

// judged notes what an answer, or that there was none, makes of a delivery.
func judged(d *show.StoredDelivery, a *outside.Answer, err error) {
	d.Status, d.Error, d.Reason = 0, "", ""
	switch {
	case err != nil:
		d.Error, d.Reason = inWords(err)
	case a.OK():
		d.Status, d.Outcome = a.Status, show.Delivered
	case a.Status/100 == 3:
		d.Status, d.Error, d.Reason = a.Status, "it redirects; enter the address that it redirects to", show.HookRedirects
	case a.Status == http.StatusGone:
		d.Status, d.Reason = a.Status, show.HookGone
	default:
		d.Status, d.Reason = a.Status, show.HookStatus
	}
}
