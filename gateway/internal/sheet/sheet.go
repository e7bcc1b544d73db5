// Package sheet reads and writes CSV as spreadsheets do.
//
// It guarantees that Reader takes what they save, whatever their language separates
// cells by, and that a text which went through Guard is not run as a formula by the
// program that opens the file (OWASP, CSV injection); Unguard gives it back as it was.
package sheet

import (
	"bytes"
	"encoding/csv"
	"strings"
)

// Reader reads a table whose first row names the columns. Cells are separated by what
// that row has most of: commas, semicolons or tabs. A byte order mark is passed over.
func Reader(file []byte) *csv.Reader {
	file = bytes.TrimPrefix(file, []byte("\ufeff"))
	head, _, _ := bytes.Cut(file, []byte("\n"))
	r := csv.NewReader(bytes.NewReader(file))
	r.FieldsPerRecord = -1
	for _, c := range ";\t" {
		if bytes.Count(head, []byte(string(c))) > bytes.Count(head, []byte(string(r.Comma))) {
			r.Comma = c
		}
	}
	return r
}

// formulas begin what a spreadsheet would run; the quote is what guards them.
const formulas = "=+-@\t\r'"

// Guard keeps a spreadsheet from running a text.
func Guard(text string) string {
	if text != "" && strings.ContainsRune(formulas, rune(text[0])) {
		return "'" + text
	}
	return text
}

// Unguard takes back what Guard did, or a person who knows the trick.
func Unguard(text string) string {
	if rest, ok := strings.CutPrefix(text, "'"); ok && rest != "" && strings.ContainsRune(formulas, rune(rest[0])) {
		return rest
	}
	return text
}
