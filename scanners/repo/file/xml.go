package file

import (
	"encoding/xml"
	"io"
	"strings"
)

// An element is a place in an XML document.
type element struct {
	name   string
	attrs  []attribute
	text   string
	line   int // where its text begins; that of the tag if it has none
	tag    int
	within []*element
}

// maxAttributes bounds the attributes of one element.
const maxAttributes = 64

type attribute struct {
	name, value string
	line        int
}

// readXML returns the root of a document; an empty place if it is none. What
// comes before damage counts.
func readXML(text string) *element {
	// The decoder refuses other versions than 1.0, which do not differ here.
	text = strings.Replace(text, `<?xml version='1.1'`, `<?xml version='1.0'`, 1)
	text = strings.Replace(text, `<?xml version="1.1"`, `<?xml version="1.0"`, 1)
	d := xml.NewDecoder(strings.NewReader(text))
	d.CharsetReader = func(_ string, in io.Reader) (io.Reader, error) { return in, nil }
	root := &element{}
	stack := []*element{root}
	at, line, nodes := 0, 1, 0
	for nodes < maxNodes {
		start := int(d.InputOffset())
		token, err := d.Token()
		if err != nil {
			return root
		}
		line += strings.Count(text[at:start], "\n")
		at = start
		top := stack[len(stack)-1]
		switch t := token.(type) {
		case xml.StartElement:
			nodes++
			if len(stack) > maxDepth {
				return root
			}
			one := &element{name: t.Name.Local, line: line, tag: line}
			raw := text[start:int(d.InputOffset())]
			for _, a := range t.Attr[:min(len(t.Attr), maxAttributes)] {
				one.attrs = append(one.attrs, attribute{a.Name.Local, a.Value, line + attributeLine(raw, a.Name.Local)})
			}
			top.within = append(top.within, one)
			stack = append(stack, one)
		case xml.EndElement:
			if len(stack) > 1 {
				stack = stack[:len(stack)-1]
			}
		case xml.CharData:
			if trimmed := strings.TrimSpace(string(t)); trimmed != "" && top.text == "" {
				raw := text[start:int(d.InputOffset())]
				top.text = trimmed
				top.line = line + strings.Count(raw[:len(raw)-len(strings.TrimLeft(raw, " \t\r\n"))], "\n")
			}
		}
	}
	return root
}

// attributeLine returns how many lines below the beginning of a tag the value of
// an attribute stands.
func attributeLine(tag, name string) int {
	for at := 0; ; {
		next := strings.Index(tag[at:], name)
		if next < 0 {
			return 0
		}
		at += next + len(name)
		if rest := strings.TrimLeft(tag[at:], " \t\r\n"); strings.HasPrefix(rest, "=") {
			return strings.Count(tag[:len(tag)-len(strings.TrimLeft(rest[1:], " \t\r\n"))], "\n")
		}
	}
}

// attr returns an attribute; an empty one if there is none. Case does not count.
func (e *element) attr(name string) attribute {
	for _, a := range e.attrs {
		if strings.EqualFold(a.name, name) {
			return a
		}
	}
	return attribute{line: e.tag}
}

// child returns the first element inside of a name, whatever its case; an empty
// one if there is none.
func (e *element) child(names ...string) *element {
	for _, name := range names {
		for _, one := range e.within {
			if strings.EqualFold(one.name, name) {
				return one
			}
		}
	}
	return &element{line: e.line, tag: e.tag}
}

// each calls for an element and all below it.
func (e *element) each(call func(*element)) {
	call(e)
	for _, one := range e.within {
		one.each(call)
	}
}
