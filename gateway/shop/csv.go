package shop

import (
	"bytes"
	"context"
	"crypto/rand"
	"encoding/csv"
	"errors"
	"fmt"
	"io"
	"maps"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/regie-live/regie/gateway/internal/sheet"
	"github.com/regie-live/regie/gateway/show"
)

// columns of an import and an export. Those that are not needed may be missing.
var columns = []string{"id", "title", "price", "currency", "url", "stock", "offer_ends", "picture_url"}

var needed = []string{"title", "price", "currency", "url"}

const (
	maxRows   = 1000
	maxWrongs = 10 // that are told at once
)

var productID = regexp.MustCompile(`^[A-Za-z0-9_-]{1,64}$`)

// Import adds the products of a CSV file to a session, or to the whole event, and
// changes those that are there: with the same id or, without one, the same url. It
// takes all rows or none. A dry run only says what it would do.
func (s *Service) Import(ctx context.Context, by show.Principal, of show.SessionID, file []byte, dry bool) (show.Imported, error) {
	done := show.Imported{Changes: []string{}, Warnings: []string{}}
	rows, err := readRows(file)
	if err != nil {
		return done, err
	}
	s.turn.Lock()
	defer s.turn.Unlock()
	known := map[string]show.Product{} // by ID, and by URL where a session has it
	for _, p := range s.AllProducts() {
		known[string(p.ID)] = p
		if p.Session == of {
			known[p.URL] = p
		}
	}
	var all []show.Product
	var wrong []string
	pictures, lines := map[show.ProductID]string{}, map[show.ProductID]int{}
	for _, r := range rows {
		p, was, err := r.product(of, known)
		from := r.cells["picture_url"]
		if err == nil && from != "" {
			err = s.o.Fetch.Check(from)
		}
		if err == nil && lines[p.ID] != 0 {
			err = fmt.Errorf("it is the product of line %d again", lines[p.ID])
		}
		if err != nil {
			wrong = append(wrong, fmt.Sprintf("line %d: %v", r.line, err))
			continue
		}
		lines[p.ID], known[p.URL] = r.line, p
		if from != "" {
			pictures[p.ID] = from
		}
		if was == nil {
			done.Changes = append(done.Changes, fmt.Sprintf("add %s, %s %s", p.Title, p.Price, p.Currency))
		} else if d := difference(*was, p); d != "" {
			done.Changes = append(done.Changes, fmt.Sprintf("change %s: %s", p.Title, d))
		} else if pictures[p.ID] == "" {
			continue
		} else {
			done.Changes = append(done.Changes, "fetch the picture of "+p.Title)
		}
		all = append(all, p)
	}
	if n := len(wrong); n > 0 {
		if n > maxWrongs {
			wrong = append(wrong[:maxWrongs], fmt.Sprintf("and %d more lines", n-maxWrongs))
		}
		return done, no(show.Invalid, "nothing was imported; %s", strings.Join(wrong, "; "))
	}
	if n := len(pictures); n > 0 {
		done.Warnings = append(done.Warnings, fmt.Sprintf("%d pictures are fetched afterwards; the list of products says if one cannot be had", n))
	}
	if dry || len(all) == 0 {
		return done, nil
	}
	return done, s.put(ctx, all, pictures, s.entry(by, "product.import", of, fmt.Sprintf("%d products", len(all))))
}

// difference says in which columns two products differ; nil stocks differ from none.
func difference(a, b show.Product) string {
	was, is := record(a), record(b)
	var d []string
	for i, c := range columns {
		if was[i] != is[i] {
			d = append(d, fmt.Sprintf("%s %q becomes %q", c, was[i], is[i]))
		}
	}
	return strings.Join(d, ", ")
}

// record is a product as a row, in the order of columns.
func record(p show.Product) []string {
	stock, ends := "", ""
	if p.Stock != nil {
		stock = strconv.Itoa(*p.Stock)
	}
	if !p.OfferEnds.IsZero() {
		ends = p.OfferEnds.Format(time.RFC3339)
	}
	return []string{string(p.ID), p.Title, p.Price, p.Currency, p.URL, stock, ends, ""}
}

// Export is the products of a session, or of the event, as Import reads them.
func (s *Service) Export(of show.SessionID) ([]byte, error) {
	rows := [][]string{columns}
	for _, p := range s.AllProducts() {
		if p.Session == of {
			r := record(p)
			r[1] = sheet.Guard(r[1])
			rows = append(rows, r)
		}
	}
	var b bytes.Buffer
	err := csv.NewWriter(&b).WriteAll(rows)
	return b.Bytes(), err
}

// csvRow is one product by its columns' names.
type csvRow struct {
	line  int
	cells map[string]string
}

// readRows reads CSV as spreadsheets write it: with a byte order mark or without,
// with commas, semicolons or tabs.
func readRows(file []byte) ([]csvRow, error) {
	if !utf8.Valid(file) {
		return nil, no(show.Invalid, "the file is not in UTF-8; save it as CSV UTF-8")
	}
	r := sheet.Reader(file)
	r.TrimLeadingSpace = true
	head, err := r.Read()
	if err != nil {
		return nil, no(show.Invalid, "the file is empty; its first line names the columns: %s", strings.Join(columns, ", "))
	}
	for i, h := range head {
		head[i] = strings.ToLower(strings.TrimSpace(h))
		if !slices.Contains(columns, head[i]) {
			return nil, no(show.Invalid, "the column %.40q is not known; the first line names the columns: %s", h, strings.Join(columns, ", "))
		}
	}
	for _, n := range needed {
		if !slices.Contains(head, n) {
			return nil, no(show.Invalid, "the column %s is missing; the first line names the columns: %s", n, strings.Join(columns, ", "))
		}
	}
	var rows []csvRow
	for {
		cells, err := r.Read()
		if errors.Is(err, io.EOF) {
			return rows, nil
		}
		if err != nil {
			return nil, no(show.Invalid, "the file is no CSV: %v", err)
		}
		line, _ := r.FieldPos(0)
		if len(cells) > len(head) {
			return nil, no(show.Invalid, "line %d has %d cells and the first line %d; put quotes around text with commas", line, len(cells), len(head))
		}
		if len(rows) == maxRows {
			return nil, no(show.Invalid, "the file has more than %d products; import it in parts", maxRows)
		}
		row := csvRow{line, map[string]string{}}
		for i, c := range cells {
			row.cells[head[i]] = strings.TrimSpace(c)
		}
		if len(slices.DeleteFunc(slices.Collect(maps.Values(row.cells)), func(c string) bool { return c == "" })) > 0 {
			rows = append(rows, row)
		}
	}
}

// product makes one of a row: a new one, or a known one as it shall be and was.
func (r csvRow) product(of show.SessionID, known map[string]show.Product) (p show.Product, was *show.Product, err error) {
	id, url := r.cells["id"], r.cells["url"]
	old, ok := known[id]
	if id == "" {
		old, ok = known[url]
	}
	switch {
	case ok && old.Session != of:
		return p, nil, fmt.Errorf("the id %s belongs to another session's product", id)
	case ok:
		p, was = old, &old
	case id != "" && !productID.MatchString(id):
		return p, nil, errors.New("an id has up to 64 letters, digits, dashes and underscores")
	case id == "":
		id = rand.Text()
		fallthrough
	default:
		p = show.Product{ID: show.ProductID(id), Session: of}
	}
	p.Title, p.URL, p.Currency = sheet.Unguard(r.cells["title"]), url, r.cells["currency"]
	p.Price = strings.Replace(r.cells["price"], ",", ".", 1) // as French spreadsheets write it
	if stock, there := r.cells["stock"]; there {
		p.Stock = nil
		if n, err := strconv.Atoi(stock); err == nil {
			p.Stock = &n
		} else if stock != "" {
			return p, nil, errors.New("a stock is a whole number")
		}
	}
	if ends, there := r.cells["offer_ends"]; there {
		p.OfferEnds = time.Time{}
		if ends != "" {
			if p.OfferEnds, err = time.Parse(time.RFC3339, ends); err != nil {
				return p, nil, errors.New("offer_ends is a time such as 2026-11-27T18:00:00Z")
			}
		}
	}
	return p, was, check(&p)
}
