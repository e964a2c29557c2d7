package paths

import (
	"slices"
	"strings"
	"testing"
)

// open makes an estate in which a way is open to ci, less some permissions.
func open(w *way, without string) string {
	less := func(all []string) string {
		return strings.Join(slices.DeleteFunc(slices.Clone(all), func(p string) bool { return p == without }), " ")
	}
	text := northwind + "role roles/on = " + less(w.on) + "\nrole roles/at = " + less(w.at) + "\n"
	const onTop, onProject = "bind sa:top@northwind-prod roles/on ci@northwind-prod\n", "bind projects/northwind-prod roles/at ci@northwind-prod\n"
	switch w.how {
	case become:
		return text + onTop
	case delegate:
		return text + "account mid@northwind-prod\nbind sa:mid@northwind-prod roles/on ci@northwind-prod\nbind sa:top@northwind-prod roles/iam.serviceAccountTokenCreator mid@northwind-prod\n"
	case pass:
		return text + onTop + onProject
	case use:
		return text + onTop + onProject + "run " + w.kind + " //x.googleapis.com/projects/northwind-prod/things/one top@northwind-prod\n"
	case preset:
		return text + onProject + "bind organizations/111122223333 roles/owner serviceAccount:444455556666@" + w.kind + ".gserviceaccount.com\n"
	case federate:
		if w.kind == kindWorkforce {
			return text + "bind organizations/111122223333 roles/at ci@northwind-prod\nbind sa:top@northwind-prod roles/iam.serviceAccountTokenCreator principalSet://iam.googleapis.com/locations/global/workforcePools/people/group/admins\n"
		}
		return text + onProject + "bind sa:top@northwind-prod roles/iam.workloadIdentityUser principalSet://iam.googleapis.com/projects/444455556666/locations/global/workloadIdentityPools/ci/*\n"
	case cluster:
		return text + onProject + "bind sa:top@northwind-prod roles/iam.workloadIdentityUser serviceAccount:northwind-prod.svc.id.goog[ns/sa]\n"
	case raise:
		node := map[string]string{"organizations": "organizations/111122223333", "organizations folders": "folders/7", "organizations folders projects": "projects/northwind-prod"}[w.kind]
		return text + "bind " + node + " roles/at ci@northwind-prod\n"
	default: // edit
		return strings.ReplaceAll(text, "roles/at", "projects/northwind-prod/roles/at") + "bind projects/northwind-prod projects/northwind-prod/roles/at ci@northwind-prod\n"
	}
}

// leads reports whether ci has a path to an administrator whose first hop is a way, and
// whether it is certain.
func leads(t *testing.T, text, id string) (found, certain bool) {
	t.Helper()
	for _, p := range of(t, text, "ci@northwind-prod").Paths {
		if p.ID == id && p.Level == levelAdmin {
			found, certain = true, certain || p.Certain
		}
	}
	return found, certain
}

// TestWays opens every way of the table and takes away one permission after the other.
func TestWays(t *testing.T) {
	all := ways()
	for i := range all {
		w := &all[i]
		t.Run(w.id+" "+w.kind, func(t *testing.T) {
			found, certain := leads(t, open(w, ""), w.id)
			if !found || certain != (w.note == "") {
				t.Errorf("found %v, certain %v: %q", found, certain, lines(of(t, open(w, ""), "ci@northwind-prod")))
			}
			for _, p := range slices.Concat(w.on, w.at) {
				if found, _ := leads(t, open(w, p), w.id); found {
					t.Errorf("is found without %s", p)
				}
			}
		})
	}
}

// TestWaysAreWatched proves that no way or capability asks for a permission that is not
// in the table, which nobody would then have.
func TestWaysAreWatched(t *testing.T) {
	all := ways()
	for i := range all {
		w := &all[i]
		if w.account.Len() != len(w.on) || w.project.Len() != len(w.at) {
			t.Errorf("%s: some of %q %q are not watched", w.id, w.on, w.at)
		}
		if strings.Count(w.text, "%s") != 1 {
			t.Errorf("%s: %q does not name its target", w.id, w.text)
		}
	}
	for _, c := range capabilities() {
		for _, p := range c.permissions {
			if s := capabilitiesOf([]capable{{c.name, setOf(p), false}}, setOf(p), setOf(p)); len(s) != 1 {
				t.Errorf("%s: %s is not watched", c.name, p)
			}
		}
	}
	if all[wayToken].id != "iam.serviceAccounts.getAccessToken" || all[wayDelegate].id != "iam.serviceAccounts.implicitDelegation" {
		t.Error("the first two ways are not those that go together")
	}
}

// TestWaysOf proves that a way does not lead to somebody who may do nothing, nor to a
// disabled account.
func TestWaysOf(t *testing.T) {
	const weak = `
org 1
project northwind-prod 444455556666 in organizations/1
account top@northwind-prod
account ci@northwind-prod
bind sa:top@northwind-prod roles/iam.serviceAccountTokenCreator ci@northwind-prod
`
	if r := of(t, weak, "ci@northwind-prod"); len(r.Paths) > 0 || r.Level != levelRead {
		t.Errorf("an account that may do nothing is worth something: %q", lines(r))
	}
	disabled := strings.Replace(northwind, "account top@northwind-prod", "account top@northwind-prod disabled", 1) + "bind sa:top@northwind-prod roles/iam.serviceAccountTokenCreator ci@northwind-prod\n"
	if r := of(t, disabled, "ci@northwind-prod"); len(r.Paths) > 0 {
		t.Errorf("a disabled account is reached: %q", lines(r))
	}
	enabled := disabled + "role roles/enable = iam.serviceAccounts.enable\nbind sa:top@northwind-prod roles/enable ci@northwind-prod\n"
	if r := of(t, enabled, "ci@northwind-prod"); r.Level != levelEscalate {
		t.Errorf("who may enable an account does not reach it: %q", lines(r))
	}
}
