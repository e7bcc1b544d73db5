package api

import (
	"fmt"
	"maps"
	"net/http"
	"slices"
	"strings"
	"testing"
)

// everybody is the order of the columns below. The creator owns studio and hosts it.
var everybody = []string{"", "admin", "creator", "stranger", "moderator", "host", "guest", "elsewhere"}

// What each of everybody gets: . done, 1 must sign in, 3 may not.
const (
	forAll        = "........"
	forAccounts   = "1....333"
	forAdmins     = "1.333333"
	forMakers     = "1...3333" // make a session
	forOwners     = "1..33333"
	forDesks      = "1..33.33"
	forStages     = "13.33..3"
	forHouse      = "1..33..3"
	forCrew       = "1..3..33"
	forModerators = "1.33.333"
	forBackstage  = "1..3...3"
	forSpeakers   = "1......."
)

// permissions has a row for each route. Who may is written here a second time, on
// purpose: changing it takes two hands.
var permissions = map[string]struct{ who, body string }{
	"GET /api/openapi.json":                       {forAll, ""},
	"GET /api/v1/sessions":                        {forAll, ""},
	"GET /api/v1/sessions/{s}":                    {forAll, ""},
	"GET /api/v1/sessions/{s}/logo":               {forAll, ""},
	"POST /api/v1/beacon":                         {forAll, "{}"},
	"GET /api/v1/events":                          {forAll, ""}, // which asks who it is itself
	"GET /api/v1/setup":                           {forAll, ""},
	"POST /api/v1/setup":                          {forAll, `{"token":"t","name":"n","password":"p"}`},
	"POST /api/v1/signin":                         {forAll, `{"name":"n","password":"p"}`},
	"POST /api/v1/signout":                        {forAll, ""},
	"GET /api/v1/me":                              {forAll, ""},
	"GET /api/v1/invites/{token}":                 {forAll, ""},
	"POST /api/v1/join":                           {forAll, `{"invite":"i","name":"n"}`},
	"POST /api/v1/me/password":                    {forAccounts, `{"old":"o","new":"n"}`},
	"POST /api/v1/setup/passkey":                  {forAll, `{"token":"t","name":"n"}`},
	"POST /api/v1/signin/passkey/options":         {forAll, ""},
	"POST /api/v1/signin/passkey":                 {forAll, `{"credential":{}}`},
	"GET /api/v1/me/passkeys":                     {forAccounts, ""},
	"POST /api/v1/me/passkeys/options":            {forAccounts, `{"password":"p"}`},
	"POST /api/v1/me/passkeys":                    {forAccounts, `{"name":"n","credential":{}}`},
	"PATCH /api/v1/me/passkeys/{id}":              {forAccounts, `{"name":"n"}`},
	"DELETE /api/v1/me/passkeys/{id}":             {forAccounts, ""},
	"GET /api/v1/manage":                          {forAccounts, ""},
	"GET /api/v1/users":                           {forAdmins, ""},
	"POST /api/v1/users":                          {forAdmins, `{"name":"n","role":"creator"}`},
	"PATCH /api/v1/users/{id}":                    {forAdmins, `{"name":"n"}`},
	"DELETE /api/v1/users/{id}":                   {forAdmins, ""},
	"GET /api/v1/audit":                           {forAdmins, ""},
	"POST /api/v1/sessions":                       {forMakers, `{"title":"t","host_name":"h"}`},
	"PATCH /api/v1/sessions/{s}":                  {forOwners, `{"title":"t"}`},
	"DELETE /api/v1/sessions/{s}":                 {forOwners, ""},
	"GET /api/v1/event":                           {forAll, ""},
	"PUT /api/v1/event":                           {forAdmins, `{"name":"n","description":"","time_zone":"UTC","days":[]}`},
	"POST /api/v1/event/creators":                 {forAdmins, `{"name":"n"}`},
	"PATCH /api/v1/event/creators/{c}":            {forAdmins, `{"name":"n"}`},
	"DELETE /api/v1/event/creators/{c}":           {forAdmins, ""},
	"GET /api/v1/event/creators/{c}/picture":      {forAll, ""},
	"PUT /api/v1/event/creators/{c}/picture":      {forAdmins, "png"},
	"DELETE /api/v1/event/creators/{c}/picture":   {forAdmins, ""},
	"POST /api/v1/event/import":                   {forAdmins, "event: {name: n}"},
	"GET /api/v1/event/export":                    {forAdmins, ""},
	"PATCH /api/v1/sessions/{s}/slot":             {forOwners, `{"cancelled":true}`},
	"GET /api/v1/sessions/{s}/poster":             {forAll, ""},
	"PUT /api/v1/sessions/{s}/poster":             {forOwners, "png"},
	"DELETE /api/v1/sessions/{s}/poster":          {forOwners, ""},
	"GET /api/v1/sessions/{s}/manage":             {forDesks, ""},
	"PUT /api/v1/sessions/{s}/logo":               {forDesks, "png"},
	"DELETE /api/v1/sessions/{s}/logo":            {forDesks, ""},
	"GET /api/v1/sessions/{s}/keys":               {forDesks, ""},
	"POST /api/v1/sessions/{s}/keys":              {forDesks, `{"seat":"host"}`},
	"DELETE /api/v1/sessions/{s}/keys/{id}":       {forDesks, ""},
	"GET /api/v1/sessions/{s}/cameras":            {forOwners, ""},
	"POST /api/v1/sessions/{s}/cameras":           {forOwners, `{"name":"Roof","address":"rtsp://cam.example/1"}`},
	"DELETE /api/v1/sessions/{s}/cameras/{p}":     {forOwners, ""},
	"GET /api/v1/sessions/{s}/invites":            {forDesks, ""},
	"POST /api/v1/sessions/{s}/invites":           {forDesks, `{"seat":"guest"}`},
	"DELETE /api/v1/sessions/{s}/invites/{id}":    {forDesks, ""},
	"POST /api/v1/sessions/{s}/start":             {forDesks, ""},
	"POST /api/v1/sessions/{s}/end":               {forCrew, ""},
	"PATCH /api/v1/sessions/{s}/preview":          {forDesks, `{"layout":"grid"}`},
	"POST /api/v1/sessions/{s}/take":              {forDesks, `{"fade":true}`},
	"PUT /api/v1/sessions/{s}/slate":              {forCrew, `{"slate":"brb"}`},
	"PATCH /api/v1/sessions/{s}/overlays":         {forDesks, `{"logo":true}`},
	"PATCH /api/v1/sessions/{s}/people/{p}":       {forCrew, `{"muted":true}`},
	"POST /api/v1/sessions/{s}/people/{p}/remove": {forCrew, ""},
	"GET /api/v1/sessions/{s}/ingest":             {forDesks, ""},
	"GET /api/v1/sessions/{s}/refusals":           {forDesks, ""},
	"GET /api/v1/sessions/{s}/obs-profile.zip":    {forDesks, ""},
	"POST /api/v1/sessions/{s}/obs-profile.zip":   {forDesks, `{"key":"k"}`},
	"PATCH /api/v1/sessions/{s}/me":               {forStages, `{"hand":true}`},
	"POST /api/v1/sessions/{s}/me/publish":        {forStages, `{}`},
	"GET /api/v1/sessions/{s}/desk":               {forBackstage, ""},
	"GET /api/v1/products":                        {forAdmins, ""},
	"POST /api/v1/products":                       {forCrew, `{"session":"studio","title":"Cup","price":"1","currency":"EUR","url":"https://a.example/"}`},
	"PATCH /api/v1/products/{id}":                 {forCrew, `{"title":"Cup"}`},
	"DELETE /api/v1/products/{id}":                {forCrew, ""},
	"GET /api/v1/products/{id}/picture":           {forAll, ""},
	"PUT /api/v1/products/{id}/picture":           {forCrew, `{"picture_url":"https://a.example/"}`},
	"POST /api/v1/products/import":                {forAdmins, "title"},
	"GET /api/v1/products/export":                 {forAdmins, ""},
	"GET /api/v1/sessions/{s}/pins":               {forAll, ""},
	"POST /api/v1/sessions/{s}/pins":              {forCrew, `{"product":"p"}`},
	"DELETE /api/v1/sessions/{s}/pins/{id}":       {forCrew, ""},
	"GET /api/v1/sessions/{s}/pins.csv":           {forCrew, ""},
	"POST /api/v1/sessions/{s}/messages":          {forHouse, `{"to":"host","text":"hello"}`},
	"POST /api/v1/sessions/{s}/return":            {forHouse, "v=0"},
	"OPTIONS /api/v1/sessions/{s}/return":         {forHouse, ""},
	"PATCH /api/v1/sessions/{s}/return/{id}":      {forHouse, "a=ice"},
	"DELETE /api/v1/sessions/{s}/return/{id}":     {forHouse, ""},

	"GET /api/v1/webhooks":                 {forAdmins, ""},
	"POST /api/v1/webhooks":                {forAdmins, `{"url":"https://a.example/","events":["pin.shown"]}`},
	"PATCH /api/v1/webhooks/{id}":          {forAdmins, `{"enabled":false}`},
	"DELETE /api/v1/webhooks/{id}":         {forAdmins, ""},
	"POST /api/v1/webhooks/{id}/secret":    {forAdmins, ""},
	"POST /api/v1/webhooks/{id}/test":      {forAdmins, ""},
	"GET /api/v1/webhooks/{id}/deliveries": {forAdmins, ""},

	"GET /api/v1/sessions/{s}/room":                       {forAll, ""},
	"POST /api/v1/sessions/{s}/room/join":                 {forAll, `{"nickname":"Lou"}`},
	"POST /api/v1/sessions/{s}/room/messages":             {forSpeakers, `{"id":"0123456789abcdef","text":"hello"}`},
	"POST /api/v1/sessions/{s}/room/messages/{m}/report":  {forSpeakers, `{"reason":"spam"}`},
	"POST /api/v1/sessions/{s}/room/reactions":            {forSpeakers, `{"kind":"heart","n":1}`},
	"POST /api/v1/sessions/{s}/room/questions":            {forSpeakers, `{"id":"0123456789abcdef","text":"why?"}`},
	"PATCH /api/v1/sessions/{s}/room/questions/{q}":       {forCrew, `{"state":"next"}`},
	"PUT /api/v1/sessions/{s}/room/questions/{q}/vote":    {forSpeakers, ""},
	"DELETE /api/v1/sessions/{s}/room/questions/{q}/vote": {forSpeakers, ""},
	"POST /api/v1/sessions/{s}/room/polls":                {forCrew, `{"question":"?","options":["a","b"]}`},
	"PATCH /api/v1/sessions/{s}/room/polls/{p}":           {forCrew, `{"shown":true}`},
	"POST /api/v1/sessions/{s}/room/polls/{p}/vote":       {forSpeakers, `{"option":1}`},
	"POST /api/v1/sessions/{s}/room/hand":                 {forSpeakers, `{"up":true}`},
	"GET /api/v1/sessions/{s}/room/hands":                 {forCrew, ""},
	"POST /api/v1/sessions/{s}/room/hands/{v}":            {forCrew, `{"admit":true}`},

	"GET /api/v1/moderation":                               {forModerators, ""},
	"GET /api/v1/event/words":                              {forAdmins, ""},
	"PUT /api/v1/event/words":                              {forAdmins, `{"words":[],"lists":[],"review":null}`},
	"GET /api/v1/sessions/{s}/moderation":                  {forCrew, ""},
	"POST /api/v1/sessions/{s}/moderation/messages/{m}":    {forCrew, `{"act":"hide"}`},
	"POST /api/v1/sessions/{s}/moderation/clear":           {forCrew, `{}`},
	"GET /api/v1/sessions/{s}/moderation/people/{v}":       {forCrew, ""},
	"POST /api/v1/sessions/{s}/moderation/people/{v}":      {forCrew, `{"act":"ban"}`},
	"PUT /api/v1/sessions/{s}/moderation/levers/{name}":    {forCrew, `{"on":true}`},
	"PUT /api/v1/sessions/{s}/moderation/claims/{item}":    {forCrew, ""},
	"DELETE /api/v1/sessions/{s}/moderation/claims/{item}": {forCrew, ""},
}

var fill = strings.NewReplacer("{s}", "studio", "{p}", "guest1", "{id}", "x1", "{token}", "tok", "{c}", "ana")

func TestPermissions(t *testing.T) {
	routes := slices.Sorted(maps.Keys(newServer(Options{Sessions: shown{}, Logger: quiet}).rules))
	rows := slices.Sorted(maps.Keys(permissions))
	for _, route := range routes {
		if _, ok := permissions[route]; !ok {
			t.Errorf("%s has no row: say who may use it", route)
		}
	}
	for _, row := range rows {
		if !slices.Contains(routes, row) {
			t.Errorf("%s is no route any more", row)
		}
	}
	c := &company{}
	url := serve(t, c) // one for all: a thousand of them take minutes
	for _, route := range rows {
		row := permissions[route]
		method, path, _ := strings.Cut(route, " ")
		for i, who := range everybody {
			t.Run(fmt.Sprintf("%s as %q", route, who), func(t *testing.T) {
				c.forget()
				body := row.body
				if who == "creator" || who == "host" { // who would be writing to themselves
					body = strings.Replace(body, `"to":"host"`, `"to":"guest1"`, 1)
				}
				var header []string
				if path == base+"/event/import" {
					header = []string{"Content-Type", "application/yaml"}
				}
				res := ask(t, url, who, method, fill.Replace(path), body, header...)
				switch row.who[i] {
				case '1', '3':
					want := map[byte]int{'1': http.StatusUnauthorized, '3': http.StatusForbidden}[row.who[i]]
					if res.StatusCode != want || res.Header.Get("Content-Type") != "application/problem+json" {
						t.Errorf("%d %s, want %d as a problem", res.StatusCode, res.text, want)
					}
					if c.last() != "" {
						t.Errorf("refused, and yet %q was done", c.last())
					}
				default:
					if path == base+"/events" && res.StatusCode == http.StatusUpgradeRequired {
						return
					}
					if res.StatusCode/100 != 2 {
						t.Errorf("%d %s, want it done", res.StatusCode, res.text)
					}
				}
			})
		}
	}
}

// What moderators may do to people on a stage, and the desk besides.
func TestModeratorsQuieten(t *testing.T) {
	for body, does := range map[string]bool{
		`{"muted":true}`: true, `{"camera_off":true}`: true, `{"muted":true,"camera_off":true}`: true,
		`{"muted":false}`: false, `{"place":"back"}`: false, `{"muted":true,"volume":0}`: false, `{"hand":false}`: false, `{}`: false,
	} {
		c := &company{}
		url := serve(t, c)
		if res := ask(t, url, "moderator", "PATCH", "/api/v1/sessions/studio/people/guest1", body); (res.StatusCode == 204) != does || !does && (res.StatusCode != 403 || c.last() != "") {
			t.Errorf("%s: %d %s, did %q", body, res.StatusCode, res.text, c.last())
		}
		if res := ask(t, url, "host", "PATCH", "/api/v1/sessions/studio/people/guest1", body); res.StatusCode != 204 {
			t.Errorf("%s as the host: %d %s", body, res.StatusCode, res.text)
		}
	}
}

// The rule is asked before the body is read, and holds for a session that is not
// there too.
func TestUnknownSession(t *testing.T) {
	for _, who := range everybody {
		c := &company{}
		if res := ask(t, serve(t, c), who, "POST", "/api/v1/sessions/nowhere/keys", "{bad"); res.StatusCode != 404 || c.last() != "" {
			t.Errorf("as %q: %d %s, want 404", who, res.StatusCode, res.text)
		}
	}
	if res := ask(t, serve(t, &company{}), "guest", "POST", "/api/v1/sessions/studio/keys", "{bad"); res.StatusCode != 403 {
		t.Errorf("%d %s, want 403 before the body is looked at", res.StatusCode, res.text)
	}
}
