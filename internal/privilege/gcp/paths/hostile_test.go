package paths

import (
	"fmt"
	"strings"
	"testing"
	"time"
)

// TestHostile holds estates that are made to be dear or to go round in circles.
func TestHostile(t *testing.T) {
	sa := func(i int) string { return fmt.Sprintf("serviceAccount:sa%d@p.iam.gserviceaccount.com", i) }
	base := func(accounts int) *Estate {
		e := &Estate{AsOf: asOf(), DeniesKnown: true, BoundariesKnown: true, Nodes: []Node{{Name: "organizations/1"}, {Name: "projects/p", Number: "9", Parent: "organizations/1"}}}
		for i := range accounts {
			e.Accounts = append(e.Accounts, Account{Email: strings.TrimPrefix(sa(i), "serviceAccount:"), Project: "p"})
		}
		return e
	}
	for name, build := range map[string]func() *Estate{
		"a ring of impersonation": func() *Estate {
			e := base(1000)
			for i := range 1000 {
				e.Policies = append(e.Policies, Policy{Resource: "iam.googleapis.com/projects/p/serviceAccounts/" + e.Accounts[i].Email, Bindings: []Binding{{Role: "roles/iam.serviceAccountTokenCreator", Members: []string{sa((i + 1) % 1000)}}}})
			}
			return e
		},
		"everybody may become everybody": func() *Estate {
			e := base(500)
			var all []string
			for i := range 500 {
				all = append(all, sa(i))
			}
			e.Policies = []Policy{{Resource: "projects/p", Bindings: []Binding{{Role: "roles/editor", Members: all}, {Role: "roles/iam.serviceAccountTokenCreator", Members: all}}}, {Resource: "organizations/1", Bindings: []Binding{{Role: "roles/owner", Members: []string{sa(7)}}}}}
			return e
		},
		"groups in circles": func() *Estate {
			e := base(10)
			for i := range 300 {
				e.Groups = append(e.Groups, Group{Email: fmt.Sprintf("g%d@x", i), Known: true, Members: []string{fmt.Sprintf("group:g%d@x", (i+1)%300), fmt.Sprintf("group:g%d@x", (i+7)%300), sa(i % 10)}})
				e.Policies = append(e.Policies, Policy{Resource: "projects/p", Bindings: []Binding{{Role: "roles/viewer", Members: []string{fmt.Sprintf("group:g%d@x", i)}}}})
			}
			return e
		},
		"a binding with many members": func() *Estate {
			e := base(10)
			all := []string{sa(1)}
			for i := range 20000 {
				all = append(all, fmt.Sprintf("user:u%d@northwind.example", i))
			}
			e.Policies = []Policy{{Resource: "organizations/1", Bindings: []Binding{{Role: "roles/owner", Members: all}}}}
			return e
		},
		"many bindings of one": func() *Estate {
			e := base(20)
			for i := range 10000 {
				e.Policies = append(e.Policies, Policy{Resource: fmt.Sprintf("storage.googleapis.com/b%d", i), Project: "p", Bindings: []Binding{{Role: fmt.Sprintf("projects/p/roles/r%d", i%50), Members: []string{sa(1)}}}})
			}
			return e
		},
		"many conditions": func() *Estate {
			e := base(20)
			for i := range 400 {
				e.Policies = append(e.Policies, Policy{Resource: "projects/p", Bindings: []Binding{{Role: "roles/editor", Members: []string{sa(1)}, Condition: fmt.Sprintf(`resource.name.startsWith("x%d")`, i)}}})
			}
			return e
		},
		"folders in a circle": func() *Estate {
			e := base(2)
			for i := range 300 {
				e.Nodes = append(e.Nodes, Node{Name: fmt.Sprintf("folders/%d", i), Parent: fmt.Sprintf("folders/%d", (i+1)%300)})
			}
			e.Nodes[1].Parent = "folders/7"
			e.Policies = []Policy{{Resource: "folders/7", Bindings: []Binding{{Role: "roles/owner", Members: []string{sa(1)}}}}}
			return e
		},
		"a folder in itself": func() *Estate {
			e := base(2)
			e.Nodes = append(e.Nodes, Node{Name: "folders/1", Parent: "folders/1"}, Node{Name: "folders/1", Parent: "organizations/1"}, Node{Name: "", Parent: ""})
			e.Policies = []Policy{{Resource: "", Bindings: []Binding{{Role: "", Members: []string{"", ":", sa(1)}}}}}
			return e
		},
	} {
		t.Run(name, func(t *testing.T) {
			e := build()
			start := time.Now()
			a := Analyze(e, 2)
			for i := range e.Accounts {
				a.Of("serviceAccount:" + e.Accounts[i].Email)
				if i < 50 {
					a.Become(e.Accounts[i].Email)
				}
			}
			if took := time.Since(start); took > 20*time.Second {
				t.Errorf("takes %v", took)
			}
		})
	}
}
