package findings

import (
	"bytes"
	"encoding/json"
	"reflect"
	"strings"
	"time"

	"go.yaml.in/yaml/v3"

	"github.com/muster-nhi/muster/internal/inventory"
)

// readTests reads the rule's own tests and reports which kinds of test are
// missing: one that fails, one that passes and, if the condition reads a fact
// that may be unknown, one that is unknown.
func (r *ruleReader) readTests(n *yaml.Node) {
	if n == nil {
		r.addf(r.root, "rule: tests is missing")
		return
	}
	names, wants := map[string]bool{}, map[Verdict]bool{}
	for _, item := range r.items(n, "tests") {
		t, ok := r.readTest(item)
		if names[t.Name] {
			r.addf(item, "tests: the name %q is there twice", t.Name)
		}
		names[t.Name], wants[t.Want] = true, true
		if ok {
			r.rule.Tests = append(r.rule.Tests, t)
		}
	}
	if n.Kind != yaml.SequenceNode {
		return
	}
	for _, v := range []Verdict{VerdictFail, VerdictPass} {
		if !wants[v] {
			r.addf(n, "tests: no test wants %s; want at least one", v)
		}
	}
	if r.rule.Applies != "" && !wants[VerdictNotApplicable] {
		r.addf(n, "tests: no test wants %s, although the rule says to what it applies", VerdictNotApplicable)
	}
	if optional := r.rule.checked.optional(); len(optional) > 0 && !wants[VerdictUnknown] {
		r.addf(n, "tests: no test wants unknown, although the condition reads %s, which may be unknown", strings.Join(optional, ", "))
	}
}

// readTest reads one test. It reports false if its records cannot be used.
func (r *ruleReader) readTest(n *yaml.Node) (RuleTest, bool) {
	e := r.mapping(n, "test", []string{"name", "now", "given", "subject", "want", "severity", "baseline"})
	if e == nil {
		return RuleTest{}, false
	}
	before := len(r.found.list)
	t := RuleTest{
		Name:    r.required(n, e, "name", "test"),
		Subject: r.required(n, e, "subject", "test"),
	}
	r.required(n, e, "want", "test")
	t.Want = Verdict(r.oneOf(e["want"], "want", []string{string(VerdictFail), string(VerdictPass), string(VerdictUnknown), string(VerdictNotApplicable)}))
	if e["severity"] != nil {
		t.Severity = r.severity(e["severity"])
	}
	if e["now"] == nil {
		r.addf(n, "test: now is missing")
	}
	t.Now = r.time(e["now"], "now")
	if e["baseline"] != nil {
		t.Baseline = append([]string{}, r.texts(e["baseline"], "baseline")...)
	}
	var subject *inventory.Record
	for _, item := range r.items(e["given"], "given") {
		record, ok := r.record(item)
		if !ok {
			continue
		}
		t.Given = append(t.Given, record)
		if record.ID() == t.Subject {
			subject = &record
		}
	}
	if len(r.found.list) == before {
		r.checkSubject(e["subject"], t, subject)
	}
	return t, len(r.found.list) == before
}

func (r *ruleReader) checkSubject(n *yaml.Node, t RuleTest, subject *inventory.Record) {
	var ids []string
	for _, g := range t.Given {
		ids = append(ids, g.ID())
	}
	switch {
	case subject == nil:
		r.addf(n, "subject: no record of this test has the id %q%s", t.Subject, meant(t.Subject, ids))
	case r.rule.For != "" && subject.Kind() != r.rule.For:
		r.addf(n, "subject: the kind of %q is %s, the rule is for %s", t.Subject, subject.Kind(), r.rule.For)
	}
}

// record reads one record, written as in a JSON line.
func (r *ruleReader) record(n *yaml.Node) (inventory.Record, bool) {
	before := len(r.found.list)
	r.checkFields(n, reflect.TypeFor[inventory.Record](), "given")
	if len(r.found.list) != before {
		return inventory.Record{}, false
	}
	text, err := json.Marshal(r.lang.plainValue(n, reflect.TypeFor[inventory.Record]()))
	if err != nil {
		r.addf(n, "given: %s", err)
		return inventory.Record{}, false
	}
	var record inventory.Record
	dec := json.NewDecoder(bytes.NewReader(text))
	dec.DisallowUnknownFields()
	if err := dec.Decode(&record); err != nil {
		r.addf(n, "given: %s", strings.TrimPrefix(err.Error(), "json: "))
		return inventory.Record{}, false
	}
	if err := record.Validate(); err != nil {
		r.addf(n, "given: %s", err)
		return inventory.Record{}, false
	}
	return record, true
}

// checkFields reports keys that the struct has no JSON field for, at their
// lines. The JSON decoder would find them too, but knows no lines.
func (r *ruleReader) checkFields(n *yaml.Node, t reflect.Type, what string) {
	for t.Kind() == reflect.Pointer {
		t = t.Elem()
	}
	switch {
	case t.Kind() == reflect.Slice:
		for _, item := range n.Content {
			r.checkFields(item, t.Elem(), what)
		}
	case t.Kind() == reflect.Struct && t != reflect.TypeFor[time.Time]():
		fields := r.lang.jsonFields(t)
		for name, value := range r.mapping(n, what, sortedKeys(fields)) {
			r.checkFields(value, fields[name], name)
		}
	}
}

// plainValue is a node as encoding/json writes a value of that type; nil is any
// type. A date that stands for a time is its first second.
func (l *language) plainValue(n *yaml.Node, t reflect.Type) any {
	for t != nil && t.Kind() == reflect.Pointer {
		t = t.Elem()
	}
	switch n.Kind {
	case yaml.MappingNode:
		out := make(map[string]any, len(n.Content)/2)
		fields := l.jsonFields(t)
		for i := 0; i+1 < len(n.Content); i += 2 {
			out[n.Content[i].Value] = l.plainValue(n.Content[i+1], fields[n.Content[i].Value])
		}
		return out
	case yaml.SequenceNode:
		var of reflect.Type
		if t != nil && t.Kind() == reflect.Slice {
			of = t.Elem()
		}
		out := make([]any, len(n.Content))
		for i, c := range n.Content {
			out[i] = l.plainValue(c, of)
		}
		return out
	case yaml.ScalarNode:
		return plainScalar(n, t)
	default:
		return nil
	}
}

func plainScalar(n *yaml.Node, t reflect.Type) any {
	if t == reflect.TypeFor[time.Time]() && n.Tag != "!!null" {
		if at, err := parseTime(n.Value); err == nil {
			return at.Format(time.RFC3339Nano)
		}
	}
	switch n.Tag {
	case "!!null":
		return nil
	case "!!bool":
		return strings.EqualFold(n.Value, "true")
	case "!!int":
		var i int64
		if n.Decode(&i) == nil {
			return i
		}
	}
	return n.Value
}

// jsonFields are the types of a struct's fields by their JSON names; nil for
// what is not a struct. They are kept, for every record of every test asks.
func (l *language) jsonFields(t reflect.Type) map[string]reflect.Type {
	if t == nil || t.Kind() != reflect.Struct {
		return nil
	}
	if kept, ok := l.fields.Load(t); ok {
		if fields, ok := kept.(map[string]reflect.Type); ok {
			return fields
		}
	}
	fields := make(map[string]reflect.Type, t.NumField())
	for f := range t.Fields() {
		name, _, _ := strings.Cut(f.Tag.Get("json"), ",")
		fields[name] = f.Type
	}
	l.fields.Store(t, fields)
	return fields
}
