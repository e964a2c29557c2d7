package policy

import (
	"slices"
	"strings"
)

// everyone is how a policy names all principals, those without credentials among
// them.
const everyone = "*"

// principals reads a Principal or NotPrincipal: "*", or types with values.
func (p *parser) principals() (*Principals, error) {
	out := &Principals{}
	p.peek()
	at := p.at
	if p.peek() == '"' {
		who, err := p.text()
		if who == everyone {
			out.Everyone = true
		} else {
			p.problemf(at, "a Principal without its type")
			out.AWS = []string{who}
		}
		return out, err
	}
	var seen names
	return out, p.object(func(key string, at int) error {
		name, ok := p.element(key, at, &seen, "AWS", "Service", "Federated", "CanonicalUser")
		if !ok {
			return p.skip()
		}
		values, err := p.values(p.scalar)
		if name == "AWS" && slices.Contains(values, everyone) {
			out.Everyone = true
			values = slices.DeleteFunc(values, func(v string) bool { return v == everyone })
		}
		*out.of(name) = values
		return err
	})
}

// of returns the list of a type.
func (p *Principals) of(name string) *[]string {
	switch name {
	case "Service":
		return &p.Service
	case "Federated":
		return &p.Federated
	case "CanonicalUser":
		return &p.Canonical
	default:
		return &p.AWS
	}
}

// conditions reads a Condition: operators with keys with values. They stay in
// the order of the document.
func (p *parser) conditions() ([]Condition, error) {
	var out []Condition
	err := p.object(func(operator string, at int) error {
		c := condition(operator)
		if known, ok := operatorNamed(c.Operator); ok {
			c.Operator = known.name
		} else {
			p.problemf(at, "a condition operator that is not known")
		}
		if slices.ContainsFunc(out, func(o Condition) bool { return o.same(c) }) {
			p.problemf(at, "a condition operator a second time, of which the last holds")
			out = slices.DeleteFunc(out, func(o Condition) bool { return o.same(c) })
		}
		return p.keys(c, &out)
	})
	return slices.Clip(out), err
}

func (c Condition) same(o Condition) bool {
	return c.Operator == o.Operator && c.Qualifier == o.Qualifier && c.IfExists == o.IfExists
}

// keys reads what stands under one operator.
func (p *parser) keys(c Condition, out *[]Condition) error {
	first := len(*out)
	return p.object(func(key string, at int) (err error) {
		c.Key, c.Written = strings.ToLower(key), key
		c.Values, err = p.values(p.scalar)
		if i := slices.IndexFunc((*out)[first:], func(o Condition) bool { return o.Key == c.Key }); i >= 0 {
			p.problemf(at, "a condition key a second time, of which the last holds")
			(*out)[first+i] = c
			return err
		}
		*out = append(*out, c)
		return err
	})
}

// condition takes an operator as written apart.
func condition(written string) Condition {
	c := Condition{Operator: written}
	for _, q := range []string{forAnyValue, forAllValues} {
		if len(written) > len(q) && strings.EqualFold(written[:len(q)], q) && written[len(q)] == ':' {
			c.Qualifier, c.Operator = q, written[len(q)+1:]
		}
	}
	const suffix = "IfExists"
	if n := len(c.Operator) - len(suffix); n > 0 && strings.EqualFold(c.Operator[n:], suffix) {
		c.IfExists, c.Operator = true, c.Operator[:n]
	}
	return c
}
