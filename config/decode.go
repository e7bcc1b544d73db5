package config

import (
	"errors"
	"fmt"
	"reflect"
	"slices"
	"strings"

	"github.com/goccy/go-yaml"
	"github.com/goccy/go-yaml/ast"
	"github.com/goccy/go-yaml/parser"
	"github.com/goccy/go-yaml/token"
)

// maxText bounds what is parsed: no honest configuration is near it.
const maxText = 1 << 20

// decoder reads YAML into a Config, node by node, so that it can go on after a
// mistake and remember where everything was written. Its own walk, not the
// library's, because that one stops at the first unknown key.
type decoder struct {
	name     string // of the file or variable
	schema   []setting
	origins  origins
	problems []*Problem
}

// parse reads text into v, which lies at path.
func (d *decoder) parse(path, text string, v reflect.Value) {
	if len(text) > maxText {
		d.add(path, nil, fmt.Sprintf("%d bytes are too long", len(text)), fmt.Sprintf("keep it under %d", maxText))
		return
	}
	file, err := parser.ParseBytes([]byte(text), 0)
	if err != nil {
		var where yaml.Error
		if errors.As(err, &where) {
			d.add(path, where.GetToken(), "this is not YAML: "+where.GetMessage(), "")
			return
		}
		d.add(path, nil, "this is not YAML: "+err.Error(), "")
		return
	}
	read := false
	for _, doc := range file.Docs {
		if doc.Body == nil {
			continue
		}
		if read {
			d.add(path, doc.Body.GetToken(), "a second document begins here", "keep one, and take the --- out")
			return
		}
		read = true
		d.node(path, doc.Body, v)
	}
}

func (d *decoder) add(path string, tk *token.Token, wrong, fix string) {
	d.problems = append(d.problems, &Problem{Path: path, Origin: d.at(tk), Wrong: wrong, Fix: fix})
}

func (d *decoder) at(tk *token.Token) Origin {
	o := Origin{Name: d.name}
	if tk != nil && tk.Position != nil {
		o.Line, o.Column = tk.Position.Line, tk.Position.Column
	}
	return o
}

func (d *decoder) node(path string, n ast.Node, v reflect.Value) {
	switch n := n.(type) {
	case *ast.AnchorNode, *ast.AliasNode, *ast.TagNode:
		d.add(path, n.GetToken(), "anchors, aliases and tags are not read here", "write the value itself")
		return
	case *ast.NullNode:
		if k := v.Kind(); k != reflect.Struct && k != reflect.Slice {
			d.add(path, n.GetToken(), "the value is missing", `write one, or "" for none`)
		}
		return
	}
	switch v.Kind() {
	case reflect.Struct:
		d.section(path, n, v)
	case reflect.Slice:
		d.list(path, n, v)
	default:
		d.scalar(path, n, v)
	}
}

func (d *decoder) section(path string, n ast.Node, v reflect.Value) {
	m, ok := n.(ast.MapNode)
	if !ok {
		d.add(path, n.GetToken(), "here belong keys with values, not "+kindOf(n),
			"write for example "+fieldsOf(v)[0].name+": …")
		return
	}
	fields := fieldsOf(v)
	for entry := m.MapRange(); entry.Next(); {
		name, tk := entry.Key().GetToken().Value, entry.Key().GetToken()
		i := slices.IndexFunc(fields, func(f field) bool { return f.name == name })
		if i < 0 {
			d.unknown(path, name, tk, fields)
			continue
		}
		below := under(path, name)
		d.origins[below] = d.at(tk)
		d.node(below, entry.Value(), fields[i].value)
	}
}

// unknown refuses a key and says which one was probably meant.
func (d *decoder) unknown(path, name string, tk *token.Token, fields []field) {
	names := make([]string, len(fields))
	for i, f := range fields {
		names[i] = f.name
	}
	fix := "the keys here are " + strings.Join(names, ", ")
	if near := nearest(name, names); near != "" {
		fix = "did you mean " + near + "?"
	} else if i := slices.IndexFunc(d.schema, func(s setting) bool { return strings.HasSuffix(s.path, "."+name) }); i >= 0 {
		fix = "did you mean " + d.schema[i].path + "?"
	}
	d.problems = append(d.problems, &Problem{Path: under(path, name), Origin: d.at(tk), Wrong: "unknown key, " + fix})
}

func (d *decoder) list(path string, n ast.Node, v reflect.Value) {
	seq, ok := n.(*ast.SequenceNode)
	if !ok {
		d.add(path, n.GetToken(), "here belongs a list, not "+kindOf(n), "write [] or begin each line with a dash")
		return
	}
	list := reflect.MakeSlice(v.Type(), len(seq.Values), len(seq.Values))
	for i, element := range seq.Values {
		below := fmt.Sprintf("%s[%d]", path, i)
		d.origins[below] = d.at(begin(element))
		if e, ok := list.Index(i).Addr().Interface().(interface{ setDefaults() }); ok {
			e.setDefaults()
		}
		d.node(below, element, list.Index(i))
	}
	v.Set(list)
}

func (d *decoder) scalar(path string, n ast.Node, v reflect.Value) {
	var text string
	switch n := n.(type) {
	case *ast.StringNode:
		text = n.Value
	case *ast.LiteralNode:
		text = n.Value.Value
	case *ast.IntegerNode, *ast.FloatNode, *ast.BoolNode, *ast.InfinityNode, *ast.NanNode:
		text = n.GetToken().Value // as written: a key of digits keeps its zeros
	default:
		d.add(path, n.GetToken(), "here belongs one value, not "+kindOf(n), "")
		return
	}
	if err := setText(v, text); err != nil {
		d.add(path, n.GetToken(), fmt.Sprintf("%q cannot be read", text), err.Error())
	}
}

// begin is where a list's element begins; of a block of keys the library gives
// the first colon instead.
func begin(n ast.Node) *token.Token {
	if m, ok := n.(*ast.MappingNode); ok && !m.IsFlowStyle && len(m.Values) > 0 {
		return m.Values[0].Key.GetToken()
	}
	return n.GetToken()
}

// kindOf names what was written instead of what belongs there.
func kindOf(n ast.Node) string {
	switch n.(type) {
	case ast.MapNode:
		return "keys with values"
	case *ast.SequenceNode:
		return "a list"
	}
	return "one value"
}

func under(path, name string) string {
	if path == "" {
		return name
	}
	return path + "." + name
}
