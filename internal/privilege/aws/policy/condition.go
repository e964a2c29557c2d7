package policy

import (
	"cmp"
	"net/netip"
	"strconv"
	"strings"
	"time"

	"github.com/muster-nhi/muster/internal/inventory"
)

// A test is a condition with its values compiled.
type test struct {
	*Condition
	operator operator
	odd      bool // an operator that is not known: so is what it says
	values   []wanted
}

// wanted is one value of a condition in the form that its operator compares. Of
// one that has not the operator's form, ok is false: nothing equals it.
type wanted struct {
	template template
	ok       bool
	number   float64
	date     time.Time
	network  netip.Prefix
	truth    bool
	bytes    string
}

func newTest(c *Condition, variables bool) test {
	t := test{Condition: c}
	op, ok := operatorNamed(c.Operator)
	t.operator, t.odd = op, !ok
	for _, v := range c.Values {
		w := wanted{ok: true}
		switch op.compare {
		case byText, byARN:
			if op.fold {
				v = strings.ToLower(v)
			}
			w.template = newTemplate(v, variables, op.wildcards)
		case byNumber:
			n, err := strconv.ParseFloat(v, 64)
			w.number, w.ok = n, err == nil
		case byDate:
			w.date, w.ok = moment(v)
		case byAddress:
			w.network, w.ok = network(v)
		case byBool, byNull:
			w.truth, w.ok = strings.EqualFold(v, "true"), strings.EqualFold(v, "true") || strings.EqualFold(v, "false")
		case byBinary:
			w.bytes, w.ok = binary(v)
		}
		t.values = append(t.values, w)
	}
	return t
}

// holds evaluates a condition on a request. A key that is not known may be
// absent or have any value: only if both give the same is the answer known.
func (t *test) holds(q *Request) inventory.Tri {
	if t.odd {
		return inventory.Unknown
	}
	v := q.lookup(t.Key)
	switch {
	case t.operator.compare == byNull:
		return t.null(v)
	case v.state == absent:
		return t.without()
	case v.state == unknown:
		present := t.with(q, value{state: known, one: glob{text: "\x01", kind: globAll}})
		if present == t.without() {
			return present
		}
		return inventory.Unknown
	default:
		return t.with(q, v)
	}
}

// null tells whether the key is there.
func (t *test) null(v value) inventory.Tri {
	is := inventory.TriOf(v.state == absent || v.many != nil && len(v.many) == 0)
	if v.state == unknown {
		is = inventory.Unknown
	}
	out := inventory.False
	for _, w := range t.values {
		switch {
		case !w.ok:
		case w.truth:
			out = max(out, is)
		default:
			out = max(out, -is)
		}
	}
	if len(t.values) == 2 && t.values[0].ok && t.values[1].ok && t.values[0].truth != t.values[1].truth {
		return inventory.True
	}
	return out
}

// without is the answer for a request that lacks the key: that of a comparison
// which finds nothing. ForAllValues holds of no values.
func (t *test) without() inventory.Tri {
	if t.IfExists {
		return inventory.True
	}
	switch t.Qualifier {
	case forAllValues:
		return inventory.True
	case forAnyValue:
		return inventory.False
	default:
		return inventory.TriOf(t.operator.negated)
	}
}

// with is the answer for a request with the key.
func (t *test) with(q *Request, v value) inventory.Tri {
	if v.many == nil {
		if t.Qualifier == forAllValues && v.one.kind == globText && v.one.text == "" {
			return inventory.True
		}
		return t.one(q, v.one)
	}
	if len(v.many) == 0 {
		return t.without()
	}
	least, most := inventory.True, inventory.False
	empty := true
	for _, g := range v.many {
		r := t.one(q, g)
		least, most = min(least, r), max(most, r)
		empty = empty && g.kind == globText && g.text == ""
	}
	switch {
	case t.Qualifier == forAllValues && empty:
		return inventory.True
	case t.Qualifier == forAllValues:
		return least
	case t.Qualifier == forAnyValue:
		return most
	case least == most:
		return least
	default: // several values without a qualifier: what AWS does then is not published
		return inventory.Unknown
	}
}

// one compares a single value with all that are wanted.
func (t *test) one(q *Request, g glob) inventory.Tri {
	out := inventory.False
	if t.operator.fold && g.text != strings.ToLower(g.text) {
		g.text = strings.ToLower(g.text)
	}
	for i := range t.values {
		if out = max(out, t.is(q, &t.values[i], g)); out == inventory.True {
			break
		}
	}
	if t.operator.negated {
		return -out
	}
	return out
}

// is compares a single value with one that is wanted.
func (t *test) is(q *Request, w *wanted, g glob) inventory.Tri {
	if !w.ok {
		return inventory.False
	}
	if t.operator.compare == byText || t.operator.compare == byARN {
		return t.matches(q, w, g)
	}
	if g.kind != globText {
		return inventory.Unknown
	}
	switch t.operator.compare {
	case byNumber:
		n, err := strconv.ParseFloat(g.text, 64)
		return inventory.TriOf(err == nil && t.operator.accepts(cmp.Compare(n, w.number)))
	case byDate:
		d, ok := moment(g.text)
		return inventory.TriOf(ok && t.operator.accepts(d.Compare(w.date)))
	case byBool:
		return inventory.TriOf(strings.EqualFold(g.text, strconv.FormatBool(w.truth)))
	case byBinary:
		b, ok := binary(g.text)
		return inventory.TriOf(ok && b == w.bytes)
	case byAddress:
		n, ok := network(g.text)
		return inventory.TriOf(ok && w.network.Bits() <= n.Bits() && w.network.Contains(n.Addr()))
	case byText, byARN, byNull:
	}
	return inventory.Unknown
}

// matches compares texts and ARNs.
func (t *test) matches(q *Request, w *wanted, g glob) inventory.Tri {
	pattern, s := w.template.resolve(q)
	if s == absent {
		return inventory.False
	}
	if t.operator.fold {
		pattern.text = strings.ToLower(pattern.text)
	}
	compare := matchGlob
	if t.operator.compare == byARN {
		compare = matchARN
	}
	r := compare(pattern, g)
	if s == unknown && r == inventory.True {
		return inventory.Unknown
	}
	return r
}

// matchGlob compares a pattern with a value of which perhaps only the shape is
// known.
func matchGlob(pattern, g glob) inventory.Tri {
	switch {
	case g.kind == globText:
		return inventory.TriOf(pattern.match(g.text))
	case pattern.covers(g):
		return inventory.True
	case pattern.apart(g):
		return inventory.False
	default:
		return inventory.Unknown
	}
}

// matchARN compares the six segments one by one, as the operators for ARNs do.
// What a pattern of fewer means is not published, but for a star by itself.
func matchARN(pattern, g glob) inventory.Tri {
	if pattern.kind == globAll {
		return inventory.True
	}
	if strings.Count(pattern.text, ":") < 5 {
		return min(matchGlob(pattern, g), inventory.Unknown)
	}
	out := inventory.True
	p, s := pattern.text, g.text
	for range 5 {
		var a, b string
		var ok bool
		a, p, _ = strings.Cut(p, ":")
		if b, s, ok = strings.Cut(s, ":"); !ok {
			if g.kind == globText {
				return inventory.False
			}
			return inventory.Unknown
		}
		out = min(out, matchGlob(globOf(a), globOf(b)))
	}
	return min(out, matchGlob(globOf(p), globOf(s)))
}
