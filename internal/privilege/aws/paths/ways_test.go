package paths

import (
	"slices"
	"strings"
	"testing"

	"github.com/muster-nhi/muster/internal/inventory"
)

// stage makes an account in which the prerequisites of a way are met, and whose
// caller, user/ci or role/ci, has the permissions of the way but those left out.
func stage(t *testing.T, table *table, w *way, without string, change func(*Account)) *Analysis {
	t.Helper()
	const arn = "arn:aws:iam::" + fixtureAccount + ":"
	doc := func(effect string, actions ...any) *Policy {
		return &Policy{Name: "own", ARN: arn + "policy/own", Document: statements(t, []any{map[string]any{"Effect": effect, "Action": actions, "Resource": "*"}})}
	}
	trust := func(kind, who string) []any {
		return []any{map[string]any{"Effect": "Allow", "Principal": map[string]any{kind: who}, "Action": "sts:AssumeRole"}}
	}
	service := w.service
	if service == "" {
		service = "support.amazonaws.com"
	}
	var actions []any
	for _, n := range w.needs {
		if n.action != without {
			actions = append(actions, n.action)
		}
	}
	if actions == nil {
		actions = []any{"s3:ListAllMyBuckets"}
	}
	ci := Principal{ARN: arn + "user/ci", Kind: KindUser, Policies: []*Policy{doc("Allow", actions...)}, Groups: []string{"own"}}
	if w.id == "iam-005" || w.id == "iam-009" || w.id == "muster-008" {
		ci = Principal{ARN: arn + "role/ci", Kind: KindRole, Policies: ci.Policies, Trust: statements(t, trust("Service", "support.amazonaws.com"))}
	}
	ci.Policies[0].Versions = 2
	admin := []*Policy{{Name: "AdministratorAccess", ARN: "arn:aws:iam::aws:policy/AdministratorAccess", ByAWS: true, Document: statements(t, awsPolicies(t)["AdministratorAccess"])}}
	acc := Account{ID: fixtureAccount, LimitsKnown: true, Member: inventory.False, Read: map[string]bool{"ecs.cluster": true, "glue.job": true, "cloudformation.stack_set": true}}
	if w.consumer != "" {
		acc.Read[w.consumer] = true
		acc.Consumers = []Consumer{{ARN: "arn:aws:" + strings.SplitN(w.consumer, ".", 2)[0] + ":eu-west-1:" + fixtureAccount + ":thing/one", Type: w.consumer, Role: arn + "role/deploy"}}
	}
	acc.Groups = []Group{{Name: "own", ARN: arn + "group/own"}}
	if w.id == "iam-013" {
		acc.Groups = append(acc.Groups, Group{Name: "admins", ARN: arn + "group/admins", Policies: admin})
	}
	deploy := Principal{ARN: arn + "role/deploy", Kind: KindRole, Trust: statements(t, trust("Service", service)), Profiles: []string{arn + "instance-profile/deploy"}}
	other := Principal{ARN: arn + "user/anna", Kind: KindUser, Password: inventory.TriOf(w.id == "iam-006")}
	if w.id == "iam-003" {
		other.AccessKeys = 2
	}
	switch w.how {
	case takeUser:
		other.Policies = admin
	case takeRole, passNew, useExisting:
		deploy.Policies = admin
	case raiseRole:
		deploy.Policies = []*Policy{{Name: "weak", ARN: arn + "policy/weak", Document: statements(t, awsPolicies(t)["ViewOnlyAccess"])}}
	case raiseSelf, raiseUser, makeNew, liftLimit:
	}
	if slices.ContainsFunc(w.needs, func(n need) bool { return n.on == onTrust }) {
		deploy.Trust = statements(t, trust("AWS", fixtureAccount))
	}
	if w.how == liftLimit { // an administrator but for its boundary
		ci.Policies = admin
		if without == "" {
			without = "sqs:SendMessage"
		}
		ci.Boundary = &Policy{Name: "b", ARN: arn + "policy/b", Document: statements(t, []any{
			map[string]any{"Effect": "Allow", "Action": append(actions, "s3:List*"), "Resource": "*"},
			map[string]any{"Effect": "Deny", "Action": without, "Resource": "*"},
		})}
	}
	acc.Principals = []Principal{ci, deploy, other}
	if change != nil {
		change(&acc)
	}
	return analyze(&Estate{Accounts: []Account{acc}}, table, 1)
}

// finds reports whether the caller has a path by a way.
func finds(a *Analysis, id string) (certain, possible bool) {
	r, ok := a.Of("arn:aws:iam::" + fixtureAccount + ":user/ci")
	if !ok {
		r, _ = a.Of("arn:aws:iam::" + fixtureAccount + ":role/ci")
	}
	for i := range r.Paths {
		if r.Paths[i].ID == id {
			certain, possible = certain || r.Paths[i].Certain, true
		}
	}
	return certain, possible
}

// TestEachWay opens every way with the permissions and prerequisites that the
// catalogue gives, and closes it by taking away any one of them, by a deny, by a
// boundary, by an SCP and by a role that is not worth it.
func TestEachWay(t *testing.T) {
	all, table := ways(), mustTable(t)
	for i := range all {
		w := &all[i]
		t.Run(w.id, func(t *testing.T) {
			certain, possible := finds(stage(t, table, w, "", nil), w.id)
			if w.id == "muster-001" {
				certain = possible // what the other version says is never known
			}
			if !certain {
				t.Error("is not found where it is open")
			}
			for _, n := range w.needs {
				if _, found := finds(stage(t, table, w, n.action, nil), w.id); found {
					t.Errorf("is found without %s", n.action)
				}
			}
			limit := func(effect string) *Policy {
				return &Policy{Name: "limit", ARN: "arn:aws:iam::" + fixtureAccount + ":policy/limit", Document: statements(t, []any{
					map[string]any{"Effect": "Allow", "Action": "s3:*", "Resource": "*"},
					map[string]any{"Effect": effect, "Action": w.needs[0].action, "Resource": "*"},
				})}
			}
			closings := map[string]func(*Account){
				"a deny":     func(x *Account) { x.Principals[0].Policies = append(x.Principals[0].Policies, limit("Deny")) },
				"an SCP":     func(x *Account) { x.SCPs = []Layer{{"account", []*Policy{limit("Deny")}}}; x.Member = inventory.True },
				"a boundary": func(x *Account) { x.Principals[0].Boundary = limit("Deny") },
			}
			if w.how == passNew || w.how == useExisting || w.how == takeUser {
				closings["nobody stronger"] = func(x *Account) { x.Principals[1].Policies, x.Principals[2].Policies = nil, nil }
			}
			if w.how == passNew {
				closings["a role that does not let the service in"] = func(x *Account) {
					x.Principals[1].Trust = statements(t, []any{map[string]any{"Effect": "Allow", "Principal": map[string]any{"Service": "support.amazonaws.com"}, "Action": "sts:AssumeRole"}})
				}
			}
			if w.how == useExisting {
				closings["nothing that runs"] = func(x *Account) { x.Consumers = nil }
			}
			for what, change := range closings {
				if _, found := finds(stage(t, table, w, "", change), w.id); found {
					t.Errorf("is found although %s closes it", what)
				}
			}
		})
	}
}
