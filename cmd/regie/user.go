package main

import (
	"bufio"
	"crypto/rand"
	"errors"
	"fmt"
	"os"
	"strings"

	"github.com/regie-live/regie/gateway/people"
	"github.com/regie-live/regie/gateway/show"
)

// userCmd is who may sign in.
type userCmd struct {
	List     userListCmd     `cmd:"" help:"List the accounts."`
	Add      userAddCmd      `cmd:"" help:"Make an account and print its password, once."`
	Role     userRoleCmd     `cmd:"" help:"Change what somebody may do."`
	Password userPasswordCmd `cmd:"" help:"Give somebody a new password and print it, once."`
	Disable  userDisableCmd  `cmd:"" help:"Sign somebody out and keep them out."`
	Enable   userEnableCmd   `cmd:"" help:"Let somebody in again."`
	Remove   userRemoveCmd   `cmd:"" help:"Delete an account; its sessions stay."`
	Passkeys userPasskeysCmd `cmd:"" help:"List somebody's passkeys, or remove one that was lost."`
}

type userListCmd struct {
	operating `embed:""`
}

func (c userListCmd) Run() error {
	var users []show.User
	if printed, err := c.call("GET", "users", nil, &users); err != nil || printed {
		return err
	}
	table("NAME ROLE CREATED SEEN STATE", len(users), func(i int) []any {
		u, state := users[i], "enabled"
		if u.Disabled {
			state = "disabled"
		}
		return []any{u.Name, u.Role, u.Created, u.LastSeen, state}
	})
	return nil
}

// fromStdin is for passwords, which have no place on a command line.
type fromStdin struct {
	Stdin bool `help:"Read the password from the first line of standard input instead of making one."`
}

func (f fromStdin) password() (string, error) {
	if !f.Stdin {
		return "", nil
	}
	line, err := bufio.NewReader(os.Stdin).ReadString('\n')
	if password := strings.TrimRight(line, "\r\n"); password != "" {
		return password, nil
	}
	return "", errors.Join(errors.New("standard input has no password on its first line"), err)
}

type userAddCmd struct {
	operating `embed:""`
	fromStdin `embed:""`
	Name      string `arg:"" help:"What they sign in with."`
	Role      string `default:"creator" help:"admin, creator or moderator; default ${default}."`
}

func (c userAddCmd) Run() error {
	password, err := c.password()
	if err != nil {
		return err
	}
	var made people.MadeUser
	printed, err := c.call("POST", "users", show.NewUser{Name: c.Name, Role: show.Role(c.Role), Password: password}, &made)
	if err != nil || printed {
		return err
	}
	fmt.Printf("%s is %s\n", made.Name, made.Role)
	if made.Password != "" {
		fmt.Printf("password: %s\n", made.Password)
	}
	return nil
}

type userRoleCmd struct {
	operating `embed:""`
	Name      string `arg:"" help:"The account."`
	Role      string `arg:"" help:"admin, creator or moderator."`
}

func (c userRoleCmd) Run() error {
	role := show.Role(c.Role)
	return c.do("PATCH", under("users", c.Name), show.UserPatch{Role: &role}, c.Name+" is "+c.Role)
}

type userPasswordCmd struct {
	operating `embed:""`
	fromStdin `embed:""`
	Name      string `arg:"" help:"The account."`
}

func (c userPasswordCmd) Run() error {
	password, err := c.password()
	if err != nil {
		return err
	}
	done := c.Name + " has the new password"
	if password == "" {
		password = rand.Text()
		done = "password: " + password
	}
	printed, err := c.call("PATCH", under("users", c.Name), show.UserPatch{Password: &password}, nil)
	if err == nil && (!printed || !c.Stdin) {
		fmt.Println(done)
	}
	return err
}

type userDisableCmd struct {
	operating `embed:""`
	Name      string `arg:"" help:"The account."`
}

func (c userDisableCmd) Run() error {
	disabled := true
	return c.do("PATCH", under("users", c.Name), show.UserPatch{Disabled: &disabled}, c.Name+" is disabled")
}

type userEnableCmd struct {
	operating `embed:""`
	Name      string `arg:"" help:"The account."`
}

func (c userEnableCmd) Run() error {
	disabled := false
	return c.do("PATCH", under("users", c.Name), show.UserPatch{Disabled: &disabled}, c.Name+" is enabled")
}

type userRemoveCmd struct {
	operating `embed:""`
	Name      string `arg:"" help:"The account."`
}

func (c userRemoveCmd) Run() error {
	return c.do("DELETE", under("users", c.Name), nil, c.Name+" is removed")
}

type userPasskeysCmd struct {
	operating `embed:""`
	Name      string         `arg:"" help:"The account."`
	Remove    show.PasskeyID `placeholder:"ID" help:"Remove this one, and sign the account out everywhere."`
}

func (c userPasskeysCmd) Run() error {
	if c.Remove != "" {
		return c.do("DELETE", under("users", c.Name, "passkeys", string(c.Remove)), nil, "the passkey is removed")
	}
	var list []show.Passkey
	if printed, err := c.call("GET", under("users", c.Name, "passkeys"), nil, &list); err != nil || printed {
		return err
	}
	table("ID NAME SITE CREATED USED", len(list), func(i int) []any {
		return []any{list[i].ID, list[i].Name, list[i].Site, list[i].Created, list[i].LastUsed}
	})
	return nil
}

type setupLinkCmd struct {
	operating `embed:""`
}

func (c setupLinkCmd) Run() error {
	var link people.SetupLinkIs
	printed, err := c.call("GET", "setup-link", nil, &link)
	if err == nil && !printed {
		fmt.Println(link.URL)
	}
	return err
}

type auditCmd struct {
	operating `embed:""`
}

func (c auditCmd) Run() error {
	var log []show.AuditEntry
	if printed, err := c.call("GET", "audit", nil, &log); err != nil || printed {
		return err
	}
	table("WHEN WHO WHAT SESSION WHOM", len(log), func(i int) []any {
		return []any{log[i].At, log[i].By, log[i].Act, dash(log[i].Session), dash(log[i].Of)}
	})
	return nil
}
