package main

import (
	"cmp"
	"fmt"
	"net/http"
	"strings"

	"github.com/regie-live/regie/gateway/show"
	"github.com/regie-live/regie/gateway/webhooks"
)

// webhookCmd says which other systems are told what happens.
type webhookCmd struct {
	List       webhookListCmd       `cmd:"" help:"List the addresses that are told."`
	Add        webhookAddCmd        `cmd:"" help:"Tell an address what happens, and print the secret that signs."`
	Enable     webhookEnableCmd     `cmd:"" help:"Switch a webhook on again."`
	Disable    webhookDisableCmd    `cmd:"" help:"Switch a webhook off; what waits for it is dropped."`
	Rotate     webhookRotateCmd     `cmd:"" help:"Give a webhook another secret and print it; the one before signs too for 24 hours."`
	Remove     webhookRemoveCmd     `cmd:"" help:"Delete a webhook."`
	Test       webhookTestCmd       `cmd:"" help:"Send a webhook something that did not happen."`
	Deliveries webhookDeliveriesCmd `cmd:"" help:"Print what was sent to a webhook, and what waits for it."`
}

type webhookListCmd struct {
	operating `embed:""`
}

func (c webhookListCmd) Run() error {
	var list []show.Webhook
	if printed, err := c.ask(http.MethodGet, "", nil, &list); err != nil || printed {
		return err
	}
	table("ID ADDRESS EVENTS STATE", len(list), func(i int) []any {
		h := list[i]
		state := "on"
		switch {
		case !h.Enabled:
			state = "off: " + cmp.Or(h.Why, "a person switched it off")
		case !h.FailingSince.IsZero():
			state = "failing since " + day(h.FailingSince)
		}
		return []any{h.ID, h.URL, eventNames(h.Events), state}
	})
	return nil
}

func eventNames(list []show.HookEvent) string {
	var names []string
	for _, e := range list {
		names = append(names, string(e))
	}
	return strings.Join(names, ",")
}

type webhookAddCmd struct {
	operating `embed:""`
	URL       string   `arg:"" help:"Where to send to: https, of the public internet, or a host that outside.allow names."`
	Events    []string `help:"What it is told; default: all that happens." placeholder:"EVENT,…"`
}

func (c webhookAddCmd) Run() error {
	n := show.NewWebhook{URL: c.URL, Events: show.HookEvents()}
	if len(c.Events) > 0 {
		n.Events = nil
	}
	for _, e := range c.Events {
		n.Events = append(n.Events, show.HookEvent(e))
	}
	var made webhooks.Made
	if printed, err := c.ask(http.MethodPost, "", n, &made); err != nil || printed {
		return err
	}
	fmt.Printf("%s is told of %s\nThe secret that signs, which is not shown again: %s\n", made.ID, eventNames(made.Events), made.Secret)
	return nil
}

// ofWebhook is a command about one webhook.
type ofWebhook struct {
	operating `embed:""`
	ID        string `arg:"" help:"The webhook's id."`
}

// tell asks for something to be done, and says that it was.
func (c ofWebhook) tell(method, below string, in any, done string) error {
	printed, err := c.ask(method, "/"+under(c.ID)+below, in, nil)
	if err == nil && !printed {
		fmt.Println(done)
	}
	return err
}

type (
	webhookEnableCmd struct {
		ofWebhook `embed:""`
	}
	webhookDisableCmd struct {
		ofWebhook `embed:""`
	}
	webhookRotateCmd struct {
		ofWebhook `embed:""`
	}
	webhookRemoveCmd struct {
		ofWebhook `embed:""`
	}
	webhookTestCmd struct {
		ofWebhook `embed:""`
	}
	webhookDeliveriesCmd struct {
		ofWebhook `embed:""`
	}
)

func (c webhookEnableCmd) Run() error {
	return c.tell(http.MethodPatch, "", map[string]bool{"enabled": true}, c.ID+" is on")
}

func (c webhookDisableCmd) Run() error {
	return c.tell(http.MethodPatch, "", map[string]bool{"enabled": false}, c.ID+" is off")
}

func (c webhookRotateCmd) Run() error {
	var made webhooks.Made
	if printed, err := c.ask(http.MethodPost, "/"+under(c.ID)+"/secret", nil, &made); err != nil || printed {
		return err
	}
	fmt.Printf("The secret that signs, which is not shown again: %s\nThe one before signs too until %s\n", made.Secret, made.OldSecretUntil.Local().Format("2006-01-02 15:04"))
	return nil
}

func (c webhookRemoveCmd) Run() error {
	return c.tell(http.MethodDelete, "", nil, c.ID+" is deleted")
}

func (c webhookTestCmd) Run() error {
	return c.tell(http.MethodPost, "/test", nil, "A test is on its way; regie webhook deliveries "+c.ID+" says what became of it")
}

func (c webhookDeliveriesCmd) Run() error {
	var list []show.Delivery
	if printed, err := c.ask(http.MethodGet, "/"+under(c.ID)+"/deliveries", nil, &list); err != nil || printed {
		return err
	}
	table("AT EVENT OUTCOME TRIES ANSWER NEXT MESSAGE", len(list), func(i int) []any {
		d := list[i]
		answer := dash(d.Error)
		if d.Status != 0 {
			answer = strings.TrimSpace(fmt.Sprint(d.Status, " ", d.Error))
		}
		return []any{d.At, d.Event, d.Outcome, d.Attempts, answer, d.Next, d.ID}
	})
	return nil
}
