package fake

import (
	"errors"
	"fmt"
	"regexp"
	"slices"
	"strconv"
	"strings"
)

// A query of Resource Graph, as far as it is spoken here:
//
//	table | where CONDITION and … | project NAME = EXPRESSION, … | order by id asc | limit N
//
// with conditions =~, !~, in~ and isnotempty, and expressions of paths, tostring and
// tolower. Whatever else is asked is an error.
type kusto struct {
	table   string
	where   []func(Tree) bool
	project map[string]func(Tree) any
	limit   int // 0 is none
}

// columns are those of the tables (docs of Resource Graph).
func columns() []string {
	return []string{"id", "name", "type", "tenantId", "kind", "location", "resourceGroup", "subscriptionId", "managedBy", "sku", "plan", "properties", "tags", "identity", "zones"}
}

// parse reads a query.
func parse(text string) (*kusto, error) {
	stages := strings.Split(text, "|")
	q := &kusto{table: strings.TrimSpace(stages[0]), project: map[string]func(Tree) any{}}
	if !slices.Contains([]string{"resources", "resourcecontainers", "authorizationresources"}, q.table) {
		return nil, fmt.Errorf("no table is named %q", q.table)
	}
	for _, s := range stages[1:] {
		word, rest, _ := strings.Cut(strings.TrimSpace(s), " ")
		var err error
		switch word {
		case "where":
			err = q.parseWhere(rest)
		case "project":
			err = q.parseProject(rest)
		case "limit":
			if q.limit, err = strconv.Atoi(rest); err != nil {
				err = fmt.Errorf("cannot limit to %q", rest)
			}
		case "order":
			if rest != "by id asc" {
				err = fmt.Errorf("cannot order %q", rest)
			}
		default:
			err = fmt.Errorf("no operator is named %q", word)
		}
		if err != nil {
			return nil, err
		}
	}
	if q.project["id"] == nil {
		return nil, errors.New("a query without the column id has no pages")
	}
	return q, nil
}

func (q *kusto) parseWhere(text string) error {
	compare := regexp.MustCompile(`^(\S+) (=~|!~) '([^']*)'$`)
	within := regexp.MustCompile(`(?s)^(\S+) in~ \((.*)\)$`)
	full := regexp.MustCompile(`^isnotempty\((\S+)\)$`)
	for c := range strings.SplitSeq(text, " and ") {
		c = strings.TrimSpace(c)
		var name string
		var test func(any) bool
		switch {
		case compare.MatchString(c):
			m := compare.FindStringSubmatch(c)
			name, test = m[1], func(v any) bool { return strings.EqualFold(asText(v), m[3]) == (m[2] == "=~") }
		case within.MatchString(c):
			m := within.FindStringSubmatch(c)
			name, test = m[1], func(v any) bool {
				return slices.ContainsFunc(strings.Split(m[2], ","), func(one string) bool { return strings.EqualFold(asText(v), strings.Trim(one, " '")) })
			}
		case full.MatchString(c):
			name, test = full.FindStringSubmatch(c)[1], func(v any) bool { return v != nil && asText(v) != "" }
		default:
			return fmt.Errorf("cannot read the condition %q", c)
		}
		value, err := expression(name)
		if err != nil {
			return err
		}
		q.where = append(q.where, func(t Tree) bool { return test(value(t)) })
	}
	return nil
}

func (q *kusto) parseProject(text string) error {
	for p := range strings.SplitSeq(text, ",") {
		name, from, ok := strings.Cut(strings.TrimSpace(p), " = ")
		if !ok {
			from = name
		}
		value, err := expression(strings.TrimSpace(from))
		if err != nil {
			return err
		}
		q.project[strings.TrimSpace(name)] = value
	}
	return nil
}

// expression reads a path, or a function of one.
func expression(text string) (func(Tree) any, error) {
	for _, f := range []struct {
		name  string
		apply func(string) string
	}{{"tostring", func(s string) string { return s }}, {"tolower", strings.ToLower}} {
		if inner, ok := strings.CutPrefix(text, f.name+"("); ok {
			value, err := expression(strings.TrimSuffix(inner, ")"))
			return func(t Tree) any { return f.apply(asText(value(t))) }, err
		}
	}
	path := strings.Split(text, ".")
	if !slices.Contains(columns(), path[0]) {
		return nil, fmt.Errorf("'project' operator: Failed to resolve scalar expression named %q", path[0])
	}
	return func(t Tree) any {
		var v any = t
		for _, p := range path {
			m, ok := v.(Tree)
			if !ok {
				return nil
			}
			v = m[p]
		}
		return v
	}, nil
}

// asText writes a value as tostring does.
func asText(v any) string {
	switch v := v.(type) {
	case nil:
		return ""
	case string:
		return v
	default:
		return fmt.Sprint(v)
	}
}

// run returns the rows of a page that begins at an item of the table, and where the
// next one does; -1 is nowhere.
func (q *kusto) run(list List, begin, size int, subscriptions []string) ([]any, int) {
	rows := []any{}
	for i := begin; i < list.Len(); i++ {
		item := list.At(i)
		if !q.wants(item, subscriptions) {
			continue
		}
		if q.limit > 0 && len(rows) == q.limit {
			return rows, -1
		}
		if len(rows) == size {
			return rows, i
		}
		row := Tree{}
		for name, value := range q.project {
			row[name] = value(item)
		}
		rows = append(rows, row)
	}
	return rows, -1
}

func (q *kusto) wants(item Tree, subscriptions []string) bool {
	sub := asText(item["subscriptionId"])
	if len(subscriptions) > 0 && sub != "" && !slices.ContainsFunc(subscriptions, func(s string) bool { return strings.EqualFold(s, sub) }) {
		return false
	}
	for _, test := range q.where {
		if !test(item) {
			return false
		}
	}
	return true
}
