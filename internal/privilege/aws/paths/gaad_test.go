package paths

import (
	"encoding/json"
	"os"
	"path/filepath"
	"testing"

	"github.com/muster-nhi/muster/internal/inventory"
	"github.com/muster-nhi/muster/internal/privilege/aws/policy"
)

// A dump is an answer of iam:GetAccountAuthorizationDetails.
type dump struct {
	UserDetailList []struct {
		Arn, UserId             string
		GroupList               []string
		UserPolicyList          []inline
		AttachedManagedPolicies []attached
		PermissionsBoundary     *struct{ PermissionsBoundaryArn string }
	}
	GroupDetailList []struct {
		Arn, GroupName          string
		GroupPolicyList         []inline
		AttachedManagedPolicies []attached
	}
	RoleDetailList []struct {
		Arn, RoleId, Path        string
		AssumeRolePolicyDocument json.RawMessage
		RolePolicyList           []inline
		AttachedManagedPolicies  []attached
		InstanceProfileList      []struct{ Arn string }
	}
	Policies []struct {
		Arn, PolicyName   string
		PolicyVersionList []struct {
			Document         json.RawMessage
			IsDefaultVersion bool
		}
	}
}

type inline struct {
	PolicyName     string
	PolicyDocument json.RawMessage
}

type attached struct{ PolicyArn string }

// load reads a dump as one account of which nothing else is known.
func load(t testing.TB, file, id string) *Estate {
	t.Helper()
	raw, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	var d dump
	if err := json.Unmarshal(raw, &d); err != nil {
		t.Fatal(err)
	}
	acc := Account{ID: id, Read: map[string]bool{}}
	managed := map[string]*Policy{}
	for _, p := range d.Policies {
		out := &Policy{Name: p.PolicyName, ARN: p.Arn, ByAWS: accountOf(p.Arn) == "", Versions: len(p.PolicyVersionList)}
		for _, v := range p.PolicyVersionList {
			if v.IsDefaultVersion {
				out.Document = parsed(t, v.Document)
			}
		}
		managed[p.Arn] = out
		acc.Policies = append(acc.Policies, out)
	}
	all := func(own []inline, others []attached) []*Policy {
		var out []*Policy
		for _, p := range own {
			out = append(out, &Policy{Name: p.PolicyName, Document: parsed(t, p.PolicyDocument)})
		}
		for _, p := range others {
			out = append(out, managed[p.PolicyArn])
		}
		return out
	}
	for _, u := range d.UserDetailList {
		p := Principal{ARN: u.Arn, ID: u.UserId, Kind: KindUser, AccessKeys: -1, Groups: u.GroupList, Policies: all(u.UserPolicyList, u.AttachedManagedPolicies)}
		acc.Principals = append(acc.Principals, p)
	}
	for _, g := range d.GroupDetailList {
		acc.Groups = append(acc.Groups, Group{Name: g.GroupName, ARN: g.Arn, Policies: all(g.GroupPolicyList, g.AttachedManagedPolicies)})
	}
	for _, r := range d.RoleDetailList {
		p := Principal{ARN: r.Arn, ID: r.RoleId, Kind: KindRole, Trust: parsed(t, r.AssumeRolePolicyDocument), Policies: all(r.RolePolicyList, r.AttachedManagedPolicies)}
		p.ServiceRole = len(r.Path) > 18 && r.Path[:18] == "/aws-service-role/"
		for _, x := range r.InstanceProfileList {
			p.Profiles = append(p.Profiles, x.Arn)
		}
		acc.Principals = append(acc.Principals, p)
	}
	return &Estate{Accounts: []Account{acc}}
}

func parsed(t testing.TB, raw json.RawMessage) *policy.Document {
	t.Helper()
	d, err := policy.Parse(raw)
	if err != nil {
		t.Fatal(err)
	}
	return d
}

// TestDump analyses the dump of a practice account that is not ours. The folder
// of such data is in MUSTER_ORACLES.
func TestDump(t *testing.T) {
	dir := os.Getenv("MUSTER_ORACLES")
	if dir == "" {
		t.Log("MUSTER_ORACLES does not name a folder of data: nothing to analyse")
		return
	}
	e := load(t, filepath.Join(dir, "aws-gaad", "cloudsplaining-example.json"), "200611803367")
	a := Analyze(e, 2)
	for i := range e.Accounts[0].Principals {
		p := &e.Accounts[0].Principals[i]
		r, ok := a.Of(p.ARN)
		if !ok {
			t.Fatalf("%s is not there", p.ARN)
		}
		t.Logf("%-60s %s (%s..%s) %v", short(p.ARN), r.Level, r.Certain, r.Possible, r.Capabilities)
		for k := range r.Paths {
			if k < 4 {
				t.Logf("      %v %s", r.Paths[k].Certain, r.Paths[k].String())
			}
		}
		if r.Level == inventory.LevelUnknown {
			t.Logf("      ? %v", r.Unknown)
		}
	}
}

// lenient reads a document; nil if it is none.
func lenient(raw []byte) *policy.Document {
	d, err := policy.Parse(raw)
	if err != nil {
		return nil
	}
	return d
}
