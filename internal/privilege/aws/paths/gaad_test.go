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
		out := &Policy{Name: p.PolicyName, ARN: p.Arn, ByAWS: policy.AccountOf(p.Arn) == "", Versions: len(p.PolicyVersionList)}
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
	levels := map[inventory.Level]int{}
	for i := range e.Accounts[0].Principals {
		p := &e.Accounts[0].Principals[i]
		r, ok := a.Of(p.ARN)
		if !ok {
			t.Fatalf("%s is not there", p.ARN)
		}
		levels[r.Level]++
		if testing.Verbose() {
			t.Logf("%-60s %s (%s..%s) %v", short(p.ARN), r.Level, r.Certain, r.Possible, r.Capabilities)
			for k := range r.Paths {
				t.Logf("      %v %s", r.Paths[k].Certain, r.Paths[k].String())
			}
		}
	}
	t.Log(levels)
	for name, want := range byHand() {
		r, ok := a.Of("arn:aws:iam::200611803367:" + name)
		if !ok { // the dump was put together from two accounts
			r, ok = a.Of("arn:aws:iam::012345678901:" + name)
		}
		if !ok {
			t.Fatalf("%s is not there", name)
		}
		want.check(t, name, r)
	}
}

// byHand are answers for principals of the dump that were worked out by reading
// their policies and trust.
func byHand() map[string]wanted {
	const unknown, escalate = inventory.LevelUnknown, levelEscalate
	return map[string]wanted{
		"user/obama":                                                                         {Level: levelAdmin},
		"user/fn1-privesc3-partial-user":                                                     {Level: escalate, Paths: []string{"ec2-001"}},              // two policies that are harmless alone
		"user/fn2-exploitableResourceConstraint-user":                                        {Level: escalate, Paths: []string{"iam-001"}},              // its own policy is within the pattern
		"user/fn4-exploitableNotAction-user":                                                 {Level: levelAdmin},                                        // keeps iam:Put* and all else
		"user/fp1-allow-and-deny-user":                                                       {Level: levelNone, Paths: []string{}, Perhaps: []string{}}, // allowed and denied
		"user/fp2-allow-and-deny-multiple-policies-user":                                     {Level: levelNone, Paths: []string{}, Perhaps: []string{}},
		"user/fp4-nonExploitableResourceConstraint-user":                                     {Level: levelNone, Paths: []string{}, Perhaps: []string{}}, // policies of AWS's account
		"user/fp5-nonExploitableConditionConstraint-user":                                    {Level: unknown, Possible: escalate},                       // decided once the time of the analysis is given
		"user/privesc9-AttachRolePolicy-user":                                                {Level: levelWrite, Paths: []string{}},                     // a user that assumes no role
		"role/privesc9-AttachRolePolicy-role":                                                {Level: escalate, Paths: []string{"iam-009"}},              // on itself
		"user/privesc17-EditExistingLambdaFunctionWithRole-user":                             {Level: unknown, Perhaps: []string{"lambda-003"}},          // functions are not in the dump
		"user/privesc-sre-user":                                                              {Level: escalate},
		"user/privesc2-SetExistingDefaultPolicyVersion-user":                                 {Level: levelWrite, Paths: []string{}, Perhaps: []string{}}, // there is no other version
		"role/privesc-AssumeRole-starting-role":                                              {Level: escalate, Hops: "sts-001" + " sts-001"},
		"user/privesc-AssumeRole-start-user":                                                 {Level: levelNone, Paths: []string{}, Perhaps: []string{}}, // the role trusts a session of another
		"role/privesc-permissive-role-trust":                                                 {Level: levelNone},
		"role/aws-reserved/sso.amazonaws.com/AWSReservedSSO_ViewOnlyAccess_0ace44bbc7092ea8": {Level: levelRead, Has: []string{"secrets.read_all"}}, // ReadOnlyAccess had ssm:Get*
		"user/privesc4-CreateAccessKey-user":                                                 {Level: escalate, Paths: []string{"iam-002"}},
		"user/privesc13-AddUserToGroup-user":                                                 {Level: escalate, Paths: []string{"iam-013"}},
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
