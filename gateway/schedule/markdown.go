package schedule

import (
	"bytes"
	"sync"

	"github.com/microcosm-cc/bluemonday"
	"github.com/yuin/goldmark"
	"github.com/yuin/goldmark/ast"
	"github.com/yuin/goldmark/extension"
	"github.com/yuin/goldmark/parser"
	"github.com/yuin/goldmark/text"
	"github.com/yuin/goldmark/util"
)

// headings begin two levels down: the page has its own first two.
type headings struct{}

func (headings) Transform(doc *ast.Document, _ text.Reader, _ parser.Context) {
	for n := doc.FirstChild(); n != nil; n = n.NextSibling() {
		if h, ok := n.(*ast.Heading); ok {
			h.Level = min(h.Level+2, 6)
		}
	}
}

// markdown makes HTML of what people write. It leaves raw HTML out, and what passes
// is what the policy names: text, lists and links to http, https and mailto.
var markdown = sync.OnceValue(func() func(string) string {
	md := goldmark.New(
		goldmark.WithExtensions(extension.Linkify, extension.Strikethrough),
		goldmark.WithParserOptions(parser.WithASTTransformers(util.Prioritized(headings{}, 100))),
	)
	policy := bluemonday.NewPolicy()
	policy.AllowElements("p", "br", "em", "strong", "del", "ul", "ol", "li", "blockquote", "code", "pre", "hr", "h3", "h4", "h5", "h6")
	policy.AllowAttrs("href").OnElements("a")
	policy.AllowURLSchemes("http", "https", "mailto")
	policy.RequireParseableURLs(true)
	policy.RequireNoFollowOnLinks(true)
	policy.RequireNoReferrerOnLinks(true)
	return func(source string) string {
		var b bytes.Buffer
		if md.Convert([]byte(source), &b) != nil { // a buffer takes everything
			return ""
		}
		return policy.Sanitize(b.String())
	}
})

func html(source string) string {
	if source == "" {
		return ""
	}
	return markdown()(source)
}
