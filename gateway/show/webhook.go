package show

import "time"

// WebhookID names an address that is told what happens.
type WebhookID string

// HookEvent is something that happened, as other systems hear of it.
type HookEvent string

// What can be told.
const (
	HookStarted  HookEvent = "session.started"
	HookEnded    HookEvent = "session.ended"
	HookQuestion HookEvent = "question.on_air"
	HookPin      HookEvent = "pin.shown"
	HookTest     HookEvent = "webhook.test" // to one webhook, because somebody asked for it
)

// HookEvents are those that a webhook can choose from.
func HookEvents() []HookEvent {
	return []HookEvent{HookStarted, HookEnded, HookQuestion, HookPin}
}

// Webhook is an address that is told what happens.
type Webhook struct {
	ID      WebhookID   `json:"id"`
	URL     string      `json:"url"`
	Events  []HookEvent `json:"events" nullable:"false"`
	Created time.Time   `json:"created"`
	Enabled bool        `json:"enabled"`
	// Why it was switched off, in words; empty if a person did that.
	Why          string     `json:"why,omitempty"`
	Reason       HookReason `json:"reason,omitempty" doc:"Why, in a word that stays the same in every version"`
	FailingSince time.Time  `json:"failing_since,omitzero"`
	// OldSecretUntil is when the last of the secrets before its own stops to sign.
	OldSecretUntil time.Time `json:"old_secret_until,omitzero" doc:"Until then what is sent is signed with the secret before, too"`
}

// HookReason is why a delivery failed or a webhook was switched off, in a word.
type HookReason string

// The reasons.
const (
	HookRedirects    HookReason = "redirect"    // it answered with another address
	HookStatus       HookReason = "status"      // it answered with an error
	HookLong         HookReason = "long"        // its answer was too long
	HookSlow         HookReason = "slow"        // it did not answer in time
	HookRefused      HookReason = "refused"     // its address may not be asked
	HookNoHost       HookReason = "no_host"     // its name is not known
	HookClosed       HookReason = "closed"      // nothing listens there
	HookCertificate  HookReason = "certificate" // it cannot prove who it is
	HookUnreachable  HookReason = "unreachable" // the connection failed otherwise
	HookSwitchedOff  HookReason = "off"         // the webhook was switched off meanwhile
	HookTooManyWait  HookReason = "dropped"     // more waited than is kept
	HookGone         HookReason = "gone"        // it answered 410
	HookTakesNothing HookReason = "silent"      // it has taken nothing for days
)

// HookSecret signs what is sent to a webhook. It prints as dots.
type HookSecret string

func (HookSecret) String() string   { return Redacted }
func (HookSecret) GoString() string { return Redacted }

// StoredWebhook is a webhook with what signs.
type StoredWebhook struct {
	Webhook
	Secret HookSecret
	Old    []OldSecret // sign beside it, the oldest first
}

// OldSecret is a secret that was replaced, and signs until then.
type OldSecret struct {
	Secret string    `json:"secret"`
	Until  time.Time `json:"until"`
}

func (OldSecret) String() string   { return Redacted }
func (OldSecret) GoString() string { return Redacted }

// NewWebhook asks for one.
type NewWebhook struct {
	URL    string      `json:"url" doc:"https, of the public internet; the operator can except hosts (outside.allow)"`
	Events []HookEvent `json:"events" nullable:"false"`
}

// WebhookPatch changes what is set. What waits for a webhook that is switched off is
// dropped.
type WebhookPatch struct {
	URL     *string      `json:"url,omitempty"`
	Events  *[]HookEvent `json:"events,omitempty"`
	Enabled *bool        `json:"enabled,omitempty"`
}

// DeliveryOutcome is what became of a delivery.
type DeliveryOutcome string

// The outcomes.
const (
	DeliveryPending DeliveryOutcome = "pending"
	Delivered       DeliveryOutcome = "delivered"
	DeliveryFailed  DeliveryOutcome = "failed"
)

// Delivery is one event on its way to one webhook. ID is the message's: the same at
// every try, and to every webhook.
type Delivery struct {
	ID       string          `json:"id"`
	Event    HookEvent       `json:"event"`
	At       time.Time       `json:"at"` // of the event
	Outcome  DeliveryOutcome `json:"outcome"`
	Attempts int             `json:"attempts"`
	Status   int             `json:"status,omitempty"` // of the last answer
	Error    string          `json:"error,omitempty"`  // why there was none, or what else went wrong
	Reason   HookReason      `json:"reason,omitempty" doc:"What went wrong, in a word that stays the same in every version"`
	Next     time.Time       `json:"next,omitzero"` // of a pending one
}

// StoredDelivery is a delivery with what is sent.
type StoredDelivery struct {
	Delivery
	Webhook WebhookID
	Body    []byte
}

// ToldOnAir is a session that other systems were told has started, and not yet that it
// has ended.
type ToldOnAir struct {
	Session SessionID
	Title   string
	Since   time.Time
}
