package policy

import (
	"encoding/json"
	"os"
	"path/filepath"
	"testing"

	"github.com/muster-nhi/muster/internal/inventory"
)

// raw is a document as a dump of GetAccountAuthorizationDetails has it.
type raw struct {
	PolicyName, Arn string
	PolicyDocument  json.RawMessage
}

// A dump is the answer of GetAccountAuthorizationDetails.
type dump struct {
	UserDetailList []struct {
		Arn, UserName           string
		GroupList               []string
		UserPolicyList          []raw
		AttachedManagedPolicies []struct{ PolicyArn string }
	}
	GroupDetailList []struct {
		GroupName               string
		GroupPolicyList         []raw
		AttachedManagedPolicies []struct{ PolicyArn string }
	}
	RoleDetailList []struct {
		Arn                      string
		AssumeRolePolicyDocument json.RawMessage
		RolePolicyList           []raw
		AttachedManagedPolicies  []struct{ PolicyArn string }
	}
	Policies []struct {
		Arn               string
		PolicyVersionList []struct {
			Document         json.RawMessage
			IsDefaultVersion bool
		}
	}
}

// TestRealDump reads an account that nobody here made: each document parses
// without a word in Problems, and what is decided of users holds by hand. The
// environment variable MUSTER_ORACLES names the folder it is in.
func TestRealDump(t *testing.T) {
	folder := os.Getenv("MUSTER_ORACLES")
	if folder == "" {
		t.Log("MUSTER_ORACLES is not set: the real account is not read")
		return
	}
	data, err := os.ReadFile(filepath.Join(folder, "aws-gaad", "cloudsplaining-example.json"))
	if err != nil {
		t.Fatal(err)
	}
	var d dump
	if err := json.Unmarshal(data, &d); err != nil {
		t.Fatal(err)
	}
	documents := 0
	parse := func(name string, b json.RawMessage) *Policy {
		doc, err := Parse(b)
		if err != nil || len(doc.Problems) > 0 || len(doc.Statements) == 0 {
			t.Errorf("%s: %v %v", name, err, doc)
		}
		documents++
		return Compile(name, doc)
	}
	managed := map[string]*Policy{}
	for _, p := range d.Policies {
		for _, v := range p.PolicyVersionList {
			if c := parse(p.Arn, v.Document); v.IsDefaultVersion {
				managed[p.Arn] = c
			}
		}
	}
	groups := map[string][]*Policy{}
	for _, g := range d.GroupDetailList {
		for _, p := range g.GroupPolicyList {
			groups[g.GroupName] = append(groups[g.GroupName], parse(p.PolicyName, p.PolicyDocument))
		}
		for _, a := range g.AttachedManagedPolicies {
			groups[g.GroupName] = append(groups[g.GroupName], managed[a.PolicyArn])
		}
	}
	for _, r := range d.RoleDetailList {
		parse(r.Arn, r.AssumeRolePolicyDocument)
		for _, p := range r.RolePolicyList {
			parse(r.Arn, p.PolicyDocument)
		}
	}
	for _, u := range d.UserDetailList {
		l := &Layers{}
		for _, p := range u.UserPolicyList {
			l.Identity = append(l.Identity, parse(u.Arn, p.PolicyDocument))
		}
		for _, a := range u.AttachedManagedPolicies {
			l.Identity = append(l.Identity, managed[a.PolicyArn])
		}
		for _, g := range u.GroupList {
			l.Identity = append(l.Identity, groups[g]...)
		}
		got := Decide(&Request{Principal: &Principal{Kind: User, ARN: u.Arn}, Action: NewAction("iam:CreateAccessKey"), Resource: Matching("*")}, l)
		var names []string
		for _, p := range l.Identity {
			names = append(names, p.Name)
		}
		t.Logf("%s: iam:CreateAccessKey on all %v, some %v, by %v", u.Arn, got.Allowed, got.Some, names)
		if got.Some < got.Allowed || got.Some == inventory.Unknown {
			t.Errorf("%s: %v of all, %v of some", u.Arn, got.Allowed, got.Some)
		}
	}
	if documents < 50 {
		t.Errorf("only %d documents", documents)
	}
	t.Logf("%d documents", documents)
}
