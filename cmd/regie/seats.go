package main

import (
	"fmt"
	"time"

	"github.com/regie-live/regie/gateway/people"
	"github.com/regie-live/regie/gateway/show"
)

type sessionListCmd struct {
	operating `embed:""`
}

func (c sessionListCmd) Run() error {
	var all []show.Managed
	if printed, err := c.call("GET", "sessions", nil, &all); err != nil || printed {
		return err
	}
	table("ID PHASE STARTS ENDS HOST FROM TITLE", len(all), func(i int) []any {
		m, from := all[i], "made"
		if m.Declared {
			from = "file"
		}
		return []any{m.ID, m.Phase, m.Starts, m.Ends, m.HostName, from, m.Title}
	})
	return nil
}

// sessionFields are what of a session can be chosen.
type sessionFields struct {
	Host      string `help:"The host's name."`
	Starts    string `placeholder:"TIME" help:"When it is planned to start; none takes it away."`
	Ends      string `placeholder:"TIME" help:"When it is planned to end."`
	Autostart *bool  `negatable:"" help:"On air as soon as the host sends."`
}

type sessionAddCmd struct {
	operating     `embed:""`
	sessionFields `embed:""`
	Title         string `arg:"" help:"Its title."`
	ID            string `help:"Its id in addresses; made from the title unless given."`
}

func (c sessionAddCmd) Run() error {
	n := show.NewSession{ID: show.SessionID(c.ID), Title: c.Title, HostName: c.Host}
	if n.HostName == "" {
		n.HostName = "Host"
	}
	starts, err := moment("starts", c.Starts)
	if err != nil {
		return err
	}
	ends, err := moment("ends", c.Ends)
	if err != nil {
		return err
	}
	if starts != nil {
		n.Starts = *starts
	}
	if ends != nil {
		n.Ends = *ends
	}
	if c.Autostart != nil {
		n.Autostart = *c.Autostart
	}
	var made show.Managed
	printed, err := c.call("POST", "sessions", n, &made)
	if err == nil && !printed {
		fmt.Printf("%s\nnext: regie invite new %s --seat=host, or regie key new %s --seat=host\n", made.ID, made.ID, made.ID)
	}
	return err
}

type sessionChangeCmd struct {
	operating     `embed:""`
	sessionFields `embed:""`
	ID            string  `arg:"" help:"The session's id."`
	Title         *string `help:"Its title."`
}

func (c sessionChangeCmd) Run() error {
	p := show.SessionPatch{Title: c.Title, Autostart: c.Autostart}
	if c.Host != "" {
		p.HostName = &c.Host
	}
	var err error
	if p.Starts, err = moment("starts", c.Starts); err != nil {
		return err
	}
	if p.Ends, err = moment("ends", c.Ends); err != nil {
		return err
	}
	if p == (show.SessionPatch{}) {
		return fmt.Errorf("say what to change: --title, --host, --starts, --ends or --autostart")
	}
	return c.do("PATCH", under("sessions", c.ID), p, c.ID+" is changed")
}

type sessionRemoveCmd struct {
	operating `embed:""`
	ID        string `arg:"" help:"The session's id."`
}

func (c sessionRemoveCmd) Run() error {
	return c.do("DELETE", under("sessions", c.ID), nil, c.ID+" is removed, with its keys and invites")
}

// keyCmds is how encoders get in. (keyCmd is config key.)
type keyCmds struct {
	List   keyListCmd   `cmd:"" help:"List the stream keys of a session, without the keys."`
	New    keyNewCmd    `cmd:"" help:"Make a stream key beside those that are there, and print it, once."`
	Revoke keyRevokeCmd `cmd:"" help:"End a key and who publishes with it."`
}

type keyListCmd struct {
	operating `embed:""`
	Session   string `arg:"" help:"The session's id."`
}

func (c keyListCmd) Run() error {
	var keys []show.KeyInfo
	if printed, err := c.call("GET", under("sessions", c.Session, "keys"), nil, &keys); err != nil || printed {
		return err
	}
	table("ID PARTICIPANT NAME CREATED USED", len(keys), func(i int) []any {
		return []any{keys[i].ID, keys[i].Participant, keys[i].Name, keys[i].Created, keys[i].LastUsed}
	})
	return nil
}

// seatFields say for whom a key or an invite is.
type seatFields struct {
	Seat        string `enum:"host,guest," default:"" help:"host or guest; a guest is somebody new."`
	Name        string `help:"A new guest's name."`
	Participant string `help:"For somebody who is there already, such as guest1."`
}

func (f seatFields) check() error {
	if f.Seat == "" && f.Participant == "" {
		return fmt.Errorf("say for whom: --seat=host, --seat=guest, or --participant=guest1 for somebody who is there already")
	}
	return nil
}

type keyNewCmd struct {
	operating  `embed:""`
	seatFields `embed:""`
	Session    string `arg:"" help:"The session's id."`
}

func (c keyNewCmd) Run() error {
	if err := c.check(); err != nil {
		return err
	}
	var made people.MadeKey
	printed, err := c.call("POST", under("sessions", c.Session, "keys"), show.NewKey{
		Seat: show.Role(c.Seat), Name: c.Name, Participant: show.ParticipantID(c.Participant),
	}, &made)
	if err == nil && !printed {
		fmt.Println(made.Key)
	}
	return err
}

type keyRevokeCmd struct {
	operating `embed:""`
	Session   string `arg:"" help:"The session's id."`
	ID        string `arg:"" help:"The key's id, as regie key list says it."`
}

func (c keyRevokeCmd) Run() error {
	return c.do("DELETE", under("sessions", c.Session, "keys", c.ID), nil, "revoked")
}

// inviteCmd is how people get in by a link.
type inviteCmd struct {
	List   inviteListCmd   `cmd:"" help:"List the invites of a session, without their links."`
	New    inviteNewCmd    `cmd:"" help:"Make an invite and print its link, once."`
	Revoke inviteRevokeCmd `cmd:"" help:"End an invite and who came by it."`
}

type inviteListCmd struct {
	operating `embed:""`
	Session   string `arg:"" help:"The session's id."`
}

func (c inviteListCmd) Run() error {
	var all []show.InviteInfo
	if printed, err := c.call("GET", under("sessions", c.Session, "invites"), nil, &all); err != nil || printed {
		return err
	}
	table("ID PARTICIPANT NAME EXPIRES JOINED STATE", len(all), func(i int) []any {
		state := "good"
		switch {
		case all[i].Revoked:
			state = "revoked"
		case !time.Now().Before(all[i].Expires):
			state = "expired"
		}
		return []any{all[i].ID, all[i].Participant, dash(all[i].Name), all[i].Expires, all[i].Used, state}
	})
	return nil
}

type inviteNewCmd struct {
	operating  `embed:""`
	seatFields `embed:""`
	Session    string        `arg:"" help:"The session's id."`
	For        time.Duration `help:"How long it is good; default: until half an hour after the planned end, else a day."`
}

func (c inviteNewCmd) Run() error {
	if err := c.check(); err != nil {
		return err
	}
	if c.For != 0 && c.For < time.Second {
		return fmt.Errorf("--for %v is too short; write 2h, or leave it away", c.For)
	}
	var made people.MadeInvite
	printed, err := c.call("POST", under("sessions", c.Session, "invites"), show.NewInvite{
		Seat: show.Role(c.Seat), Name: c.Name, Participant: show.ParticipantID(c.Participant), ExpiresIn: int(c.For / time.Second),
	}, &made)
	if err == nil && !printed {
		fmt.Println(made.URL)
	}
	return err
}

type inviteRevokeCmd struct {
	operating `embed:""`
	Session   string `arg:"" help:"The session's id."`
	ID        string `arg:"" help:"The invite's id, as regie invite list says it."`
}

func (c inviteRevokeCmd) Run() error {
	return c.do("DELETE", under("sessions", c.Session, "invites", c.ID), nil, "revoked")
}
