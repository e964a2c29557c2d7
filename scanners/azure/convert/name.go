package convert

import (
	"strings"
	"sync"

	"github.com/muster-nhi/muster/scanners/azure/object"
)

// Names keeps one copy of texts that come again and again. It grows with the texts
// that differ, and may be used by several goroutines at once. A nil Names keeps none:
// texts stay as they are.
type Names struct {
	mu    sync.Mutex
	known map[string]string
}

// NewNames returns names that know no text.
func NewNames() *Names { return &Names{known: map[string]string{}} }

// maxText is how long a text is at most of which one copy is kept.
const maxText = 400

// Text returns the copy of a text.
func (n *Names) Text(s string) string {
	if n == nil || s == "" || len(s) > maxText {
		return s
	}
	n.mu.Lock()
	defer n.mu.Unlock()
	if known, ok := n.known[s]; ok {
		return known
	}
	s = strings.Clone(s)
	n.known[s] = s
	return s
}

// Texts replaces each text of a list by its copy. An empty list is none.
func (n *Names) Texts(list []string) []string {
	if len(list) == 0 {
		return nil
	}
	for i := range list {
		list[i] = n.Text(list[i])
	}
	return list
}

// ID writes a GUID as package object has it.
func (n *Names) ID(s string) string { return n.Text(strings.ToLower(s)) }

// Tags replaces each text of tags by its copy.
func (n *Names) Tags(list Tags) []object.Tag {
	for i := range list {
		list[i] = object.Tag{Key: n.Text(list[i].Key), Value: n.Text(list[i].Value)}
	}
	return list
}

// A Ref is a related object, as far as its id.
type Ref struct {
	ID   string `json:"id"`
	Type string `json:"@odata.type"`
}

// IDs returns the ids of related objects, one for each.
func (n *Names) IDs(list []Ref) []string {
	var out []string
	for _, r := range list {
		out = append(out, n.ID(r.ID))
	}
	return out
}

// KindOf returns the last word of an OData type, in lower case.
func KindOf(odata string) string {
	return strings.ToLower(odata[strings.LastIndex(odata, ".")+1:])
}
