package export

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/muster-nhi/muster/internal/inventory"
)

// A dump of a real account, made by others, is read without a word of loss. It is
// below the directory that MUSTER_ORACLES names; without it there is nothing to
// compare with.
func TestRealDump(t *testing.T) {
	dir := os.Getenv("MUSTER_ORACLES")
	if dir == "" {
		t.Log("MUSTER_ORACLES is not set: no dump of a real account was read")
		return
	}
	e, problems, err := Read(t.Context(), Options{Dir: filepath.Join(dir, "aws-gaad")})
	if err != nil {
		t.Fatal(err)
	}
	if len(problems) > 0 {
		t.Errorf("problems: %q", problems)
	}
	var users, groups, roles int
	for _, a := range e.Accounts { // somebody put two into one file
		users, groups, roles = users+len(a.Users), groups+len(a.Groups), roles+len(a.Roles)
		for i := range a.Roles {
			if r := &a.Roles[i]; r.Trust == nil || r.PoliciesUnread || r.CreatedAt.IsZero() || r.ID == "" {
				t.Errorf("role %s: %+v", r.Name, r)
			}
		}
		for i := range a.Policies {
			if p := &a.Policies[i]; p.Document == nil || p.Problem != "" {
				t.Errorf("policy %s: %s", p.Name, p.Problem)
			}
		}
		for _, l := range a.Listings {
			if l.Call == gaad && l.Status != inventory.StatusComplete {
				t.Errorf("listing: %+v", l)
			}
		}
	}
	if len(e.Accounts) != 2 || users != 44 || groups != 5 || roles != 78 {
		t.Errorf("%d accounts, %d users, %d groups, %d roles", len(e.Accounts), users, groups, roles)
	}
}
