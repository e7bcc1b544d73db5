package web

import (
	"fmt"
	"strings"
	"testing"
)

func TestShopInABrowser(t *testing.T) {
	b := startBrowser(t)
	for name, test := range map[string]func(*testing.T, browser){
		"products":   productsAreKept,
		"words":      wordsAreKept,
		"webhooks":   webhooksAreKept,
		"accessible": shopAccessible,
	} {
		t.Run(name, func(t *testing.T) { test(t, b) })
	}
}

// give puts a file into a field, as a person who chooses one.
func (p *tab) give(selector, name, mediaType, text string) {
	p.t.Helper()
	p.eval(fmt.Sprintf(`(() => { const d = new DataTransfer(); d.items.add(new File([%q], %q, { type: %q })); const f = document.querySelector(%q); f.files = d.files; f.dispatchEvent(new Event("change", { bubbles: true })); return ""; })()`, text, name, mediaType, selector))
}

func (s *officeServer) did(t *testing.T, p *tab, what string) {
	t.Helper()
	for range 200 {
		if s.heard(what) {
			return
		}
		p.eval(`new Promise((r) => setTimeout(() => r(""), 50))`)
	}
	t.Fatalf("not asked: %s\nbut:\n%s", what, s.all())
}

func productsAreKept(t *testing.T, b browser) {
	s := newOfficeServer(t, admin).withShop()
	p := b.open(t, s.URL+"/admin#products")
	p.until("the products are listed", `document.querySelectorAll(".product").length === 2`)
	if text := p.eval(`document.querySelector(".product").innerText`); !strings.Contains(text, "€24.50") || !strings.Contains(text, "32 left") || !strings.Contains(text, "larger than 1 MiB") {
		t.Errorf("the first product says:\n%s", text)
	}
	p.clickOn("Add a product")
	p.until("the form is there", `document.querySelector("dialog[open] [name=title]") !== null`)
	p.fill("url", "http://shop.example")
	p.click("dialog .primary")
	p.until("errors stand beside their fields", errorsShown+` === "title,price,url"`)
	p.fill("title", "Tea bowl")
	p.fill("price", "31,00")
	p.fill("url", "https://shop.example/bowl")
	p.give("#picture", "bowl.png", "image/png", "PNG")
	p.click("dialog .primary")
	s.did(t, p, `POST products {"title":"Tea bowl","price":"31.00","currency":"EUR","url":"https://shop.example/bowl"}`)
	s.did(t, p, `PUT products/p9/picture PNG`)
	p.until("the dialog is gone", `!document.querySelector("dialog")`)

	p.clickOn("Import a list")
	p.give("#import-file", "list.csv", "application/vnd.ms-excel", "title,price")
	p.clickOn("Try it")
	p.until("it says what would happen", `document.querySelector("dialog").innerText.includes("add Tea bowl, 31.00 EUR")`)
	s.did(t, p, `POST products/import?dry_run=true title,price`)
	if s.heard("POST products/import?dry_run=false") {
		t.Error("trying imported")
	}
	p.eval(`([...document.querySelectorAll("dialog button")].find((b) => b.innerText === "Import").click(), "")`)
	p.until("it says what was done", `document.querySelector("dialog .done")?.innerText === "2 changes are made."`)
	s.did(t, p, `POST products/import?dry_run=false title,price`)
}

func wordsAreKept(t *testing.T, b browser) {
	s := newOfficeServer(t, admin).withShop()
	p := b.open(t, s.URL+"/admin#words")
	p.until("the words are there", `document.querySelector("[name=words]")?.value === "d*mn\ncasino" && document.querySelector("[name=url]").value === "https://review.example/"`)
	p.fill("words", "d*mn\n\n  roulette ")
	p.fill("timeout", "5000")
	p.click("[name=list-fr]")
	p.click(".form .primary")
	p.until("a wait has its bounds", errorsShown+` === "timeout"`)
	p.fill("timeout", "500")
	p.click(".form .primary")
	s.did(t, p, `PUT event/words {"words":["d*mn","roulette"],"lists":["en","fr"],"review":{"url":"https://review.example/","timeout_ms":500,"fallback":"hold"}}`)
	p.until("it says so", `document.querySelector(".done") !== null`)
	p.click("[name=review]")
	p.click(".form .primary")
	s.did(t, p, `PUT event/words {"words":["d*mn","roulette"],"lists":["en","fr"],"review":null}`)
}

func webhooksAreKept(t *testing.T, b browser) {
	s := newOfficeServer(t, admin).withShop()
	p := b.open(t, s.URL+"/admin#webhooks")
	p.until("the webhooks are listed", `document.querySelectorAll(".webhook").length === 2`)
	p.until("one says why it is off", `document.querySelector(".webhook .off")?.innerText.includes("410")`)
	p.clickOn("Send a test")
	s.did(t, p, `POST webhooks/w1/test`)
	p.until("what became of it is shown", `document.querySelector(".deliveries .line")?.innerText.includes("2 tries · 200")`)
	p.until("and why", `document.querySelector(".deliveries")?.innerText.includes("nothing listens at that address")`)
	p.clickOn("Switch on")
	s.did(t, p, `PATCH webhooks/w3 {"enabled":true}`)
	p.clickOn("Switch off")
	s.did(t, p, `PATCH webhooks/w1 {"enabled":false}`)
	p.clickOn("Add a webhook")
	p.until("the form is there", `document.querySelector("dialog[open] [name=url]") !== null`)
	p.fill("url", "https://hooks.example/new")
	p.eval(`(document.querySelectorAll("dialog [type=checkbox]").forEach((c, i) => i > 0 && c.click()), "")`)
	p.click("dialog .primary")
	s.did(t, p, `POST webhooks {"url":"https://hooks.example/new","events":["session.started"]}`)
	p.until("the secret is there, and can be revealed", `document.querySelector(".secret input") !== null && (document.querySelector(".secret [aria-pressed=false]")?.click(), document.querySelector(".secret input").value === "whsec_SECRET")`)
	p.clickOn("New secret")
	p.until("it asks", `document.querySelector("dialog[open]")?.innerText.includes("signed with both")`)
	p.click("dialog .danger, dialog .primary")
	s.did(t, p, `POST webhooks/w1/secret`)
	p.until("the other secret is there", `document.querySelector(".secret input")?.value === "whsec_OTHER" || (document.querySelector(".secret [aria-pressed=false]")?.click(), false)`)
	p.click(".webhook .danger")
	p.until("it asks", `document.querySelector("dialog[open]")?.innerText.includes("Delete this webhook?")`)
	p.click("dialog .danger")
	s.did(t, p, `DELETE webhooks/w1`)
}

func shopAccessible(t *testing.T, b browser) {
	button := func(words, then string) string {
		return fmt.Sprintf(`document.querySelector(%q) !== null || ([...document.querySelectorAll("main button")].find((b) => b.innerText === %q)?.click(), false)`, then, words)
	}
	for _, page := range []struct{ name, path, ready string }{
		{"products", "/admin#products", `document.querySelectorAll(".product").length === 2`},
		{"product-new", "/admin?lang=fr#products", button("Ajouter un produit", "dialog[open]")},
		{"words", "/admin#words", `document.querySelector("[name=fallback]") !== null`},
		{"webhooks", "/admin?lang=fr#webhooks", button("Envois", ".deliveries .line") + ` && document.body.innerText.includes("rien n’écoute à cette adresse") && document.body.innerText.includes("il ne veut plus rien recevoir")`},
		{"webhook-new", "/admin#webhooks", button("Add a webhook", "dialog[open]")},
	} {
		for _, look := range []struct {
			theme string
			width int64
		}{{"dark", 1360}, {"light", 1360}, {"dark", 390}, {"light", 390}} {
			name := fmt.Sprintf("%s-%s-%d", page.name, look.theme, look.width)
			t.Run(name, func(t *testing.T) {
				p := b.open(t, newOfficeServer(t, admin).withShop().URL+page.path)
				p.look(look.theme, look.width, 860)
				p.until("the page is ready", page.ready)
				if wider := p.eval(`String(document.documentElement.scrollWidth - innerWidth)`); wider != "0" && !strings.HasPrefix(wider, "-") {
					t.Errorf("the page is %s pixels wider than the window", wider)
				}
				if found := p.axe(); found != "" {
					t.Error(found)
				}
				p.picture(name)
			})
		}
	}
}
