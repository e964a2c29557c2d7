package paths

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/muster-nhi/muster/internal/inventory"
	"github.com/muster-nhi/muster/internal/privilege/gcp/role"
)

func asOf() time.Time { return time.Date(2026, 11, 22, 12, 0, 0, 0, time.UTC) }

// parseEstate reads an estate of lines:
//
//	org NUMBER | folder NUMBER in NODE | project ID NUMBER in NODE
//	account NAME@PROJECT [disabled]
//	role NAME = PERMISSION…          role NAME unread
//	bind RESOURCE ROLE MEMBER… [if CONDITION]
//	deny RESOURCE PRINCIPAL… : PERMISSION… [except PRINCIPAL…] [if CONDITION]
//	bound TARGET… : RESOURCE…
//	group EMAIL = MEMBER…            group EMAIL unread
//	run TYPE NAME ACCOUNT | secret PROJECT ID
//	pool PROJECT ID | provider POOL KIND ISSUER [if CONDITION] with KEY=EXPRESSION…
//
// A member without a kind, NAME@PROJECT, is a service account. The resource
// sa:NAME@PROJECT is one too.
func parseEstate(t testing.TB, text string) *Estate {
	t.Helper()
	e := &Estate{AsOf: asOf(), DeniesKnown: true, BoundariesKnown: true}
	for line := range strings.Lines(text) {
		line = strings.TrimSpace(line)
		if line == "" || strings.HasPrefix(line, "#") {
			continue
		}
		if err := e.line(line); err != "" {
			t.Fatalf("%s: %s", line, err)
		}
	}
	return e
}

func (e *Estate) line(line string) string {
	line, condition, _ := strings.Cut(line, " if ")
	w := strings.Fields(line)
	rest := w[1:]
	switch w[0] {
	case "org":
		e.Nodes = append(e.Nodes, Node{Name: "organizations/" + rest[0], PolicyKnown: true})
	case "folder":
		e.Nodes = append(e.Nodes, Node{Name: "folders/" + rest[0], Parent: rest[2], PolicyKnown: true})
	case "project":
		e.Nodes = append(e.Nodes, Node{Name: "projects/" + rest[0], Number: rest[1], Parent: rest[3], PolicyKnown: true, AccountsKnown: true})
	case "account":
		name, project, _ := strings.Cut(rest[0], "@")
		a := Account{Email: mail(rest[0]), Project: project, UniqueID: fmt.Sprintf("1%020d", len(name)*31+len(e.Accounts)), Disabled: inventory.TriOf(len(rest) > 1)}
		e.Accounts = append(e.Accounts, a)
	case "role":
		e.Roles = append(e.Roles, Role{Name: rest[0], Permissions: rest[2:], Known: rest[1] == "="})
	case "bind":
		e.bind(rest[0], Binding{Role: rest[1], Members: members(rest[2:]), Condition: condition})
	case "deny":
		d := Deny{Policy: "deny", Resource: resource(rest[0]), Condition: condition}
		into := &d.Principals
		for _, x := range rest[1:] {
			switch x {
			case ":":
				into = &d.Permissions
			case "except":
				into = &d.Except
			default:
				*into = append(*into, x)
			}
		}
		d.Principals, d.Except = members(d.Principals), members(d.Except)
		e.Denies = append(e.Denies, d)
	case "bound":
		b := Boundary{}
		into := &b.Targets
		for _, x := range rest {
			if x == ":" {
				into = &b.Resources
				continue
			}
			*into = append(*into, x)
		}
		b.Targets = members(b.Targets)
		e.Boundaries = append(e.Boundaries, b)
	case "group":
		e.Groups = append(e.Groups, Group{Email: rest[0], Members: members(rest[2:]), Known: rest[1] == "="})
	case "run":
		_, project, _ := strings.Cut(rest[2], "@")
		e.Workloads = append(e.Workloads, Workload{Type: rest[0], Name: rest[1], Account: mail(rest[2]), Project: project})
	case "secret":
		e.Resources = append(e.Resources, Resource{Name: "secretmanager.googleapis.com/projects/" + rest[0] + "/secrets/" + rest[1], Kind: ResourceSecret, Project: rest[0]})
	case "pool":
		e.Pools = append(e.Pools, Pool{Name: "projects/" + rest[0] + "/locations/global/workloadIdentityPools/" + rest[1], ProvidersKnown: true})
	case "provider":
		p := &e.Pools[len(e.Pools)-1]
		v := Provider{Name: p.Name + "/providers/" + rest[0], Kind: rest[1], Issuer: rest[2], Condition: condition, Mapping: map[string]string{}}
		for _, x := range rest[3:] {
			k, m, _ := strings.Cut(x, "=")
			v.Mapping[k] = m
		}
		p.Providers = append(p.Providers, v)
	default:
		return "unknown word"
	}
	return ""
}

func (e *Estate) bind(name string, b Binding) {
	name = resource(name)
	for i := range e.Policies {
		if e.Policies[i].Resource == name {
			e.Policies[i].Bindings = append(e.Policies[i].Bindings, b)
			return
		}
	}
	e.Policies = append(e.Policies, Policy{Resource: name, Bindings: []Binding{b}})
}

func resource(name string) string {
	if short, ok := strings.CutPrefix(name, "sa:"); ok {
		_, project, _ := strings.Cut(short, "@")
		return "//iam.googleapis.com/projects/" + project + "/serviceAccounts/" + mail(short)
	}
	return name
}

// mail is the e-mail address of NAME@PROJECT.
func mail(short string) string {
	if strings.Contains(short, ".") {
		return short
	}
	return short + ".iam.gserviceaccount.com"
}

func members(list []string) []string {
	out := make([]string, 0, len(list))
	for _, m := range list {
		if !strings.Contains(m, ":") && strings.Contains(m, "@") {
			m = "serviceAccount:" + mail(m)
		}
		out = append(out, m)
	}
	return out
}

// northwind is what most estates of the tests begin with.
const northwind = `
org 111122223333
folder 7 in organizations/111122223333
project northwind-prod 444455556666 in folders/7
project northwind-dev 777788889999 in organizations/111122223333
account top@northwind-prod
account ci@northwind-prod
bind organizations/111122223333 roles/owner top@northwind-prod
`

// of analyses an estate and returns the result of a member.
func of(t testing.TB, text, who string) *Result {
	t.Helper()
	return ask(t, Analyze(parseEstate(t, text), 2), who)
}

func ask(t testing.TB, a *Analysis, who string) *Result {
	t.Helper()
	r, ok := a.Of(members([]string{who})[0])
	if !ok {
		t.Fatalf("%s is not in the estate", who)
	}
	return r
}

// lines are what a test compares of a result.
func lines(r *Result) []string {
	out := []string{fmt.Sprintf("%s (%s to %s)", r.Level, r.Certain, r.Possible)}
	for i := range r.Paths {
		p := &r.Paths[i]
		s := p.String()
		if !p.Certain {
			s = "perhaps " + s
		}
		to := p.Over
		if to == "" {
			to = string(p.Level)
		}
		out = append(out, strings.ReplaceAll(s, ".iam.gserviceaccount.com", "")+" = "+to)
	}
	return out
}

func setOf(names ...string) role.Set { return role.SetOf(names...) }
