package rules_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"go.yaml.in/yaml/v3"

	"github.com/muster-nhi/muster/internal/inventory"
	"github.com/muster-nhi/muster/scanners"
	"github.com/muster-nhi/muster/scanners/aws"
)

// A fixture is an account of package paths, as its testdata has them, with what is
// to be told of it. Fields that are not here are of what an account's own policies
// do not show: then it is left out.
type fixture struct {
	Name    string
	Users   map[string]fixedPrincipal
	Roles   map[string]fixedPrincipal
	Groups  map[string]fixedPrincipal
	Managed map[string][]any
	Want    map[string]struct {
		Level     string
		Wildcards []string
	}
	Other map[string]any `yaml:",inline"`
}

type fixedPrincipal struct {
	Allow    []any
	Managed  []string
	AWS      []string `yaml:"aws"`
	Groups   []string
	Boundary string
	Trust    []any
	Tags     map[string]string
	Profile  bool
	Other    map[string]any `yaml:",inline"`
}

// whole reports whether the policies of an account show all of a fixture.
func (f *fixture) whole() bool {
	if len(f.Other) > 1 { // the reason why
		return false
	}
	for _, of := range []map[string]fixedPrincipal{f.Users, f.Roles, f.Groups} {
		for _, p := range of {
			delete(p.Other, "password") // changes no certain way of these
			if len(p.Other) > 0 {
				return false
			}
		}
	}
	return true
}

// TestPoliciesOnAWS judges the accounts of package paths as a scan of each shows
// it: of those in closed.yaml nothing is told that is not so, and everything of a
// service is told wherever it is had.
func TestPoliciesOnAWS(t *testing.T) {
	closed := fixturesOf(t, "closed.yaml")
	fixtures := append(slices.Clone(closed), fixturesOf(t, "open.yaml")...)
	b, read := inventory.NewBuilder(), 0
	account := func(i int) string { return fmt.Sprintf("2000000000%02d", i) }
	for i := range fixtures {
		if f := &fixtures[i]; f.whole() {
			read++
			dir := t.TempDir()
			text := strings.ReplaceAll(string(f.details(t)), "111122223333", account(i))
			if err := os.WriteFile(filepath.Join(dir, "details.json"), []byte(text), 0o600); err != nil {
				t.Fatal(err)
			}
			scanAWS(t, dir, b)
		}
	}
	if read < len(fixtures)/2 {
		t.Fatalf("%d of %d fixtures are read: the rest has fields that this test does not know", read, len(fixtures))
	}
	got := judgeRecords(t, b.Build())
	for i := range fixtures {
		f := &fixtures[i]
		for _, who := range slices.Sorted(maps.Keys(f.Want)) {
			if !f.whole() || strings.HasPrefix(who, "other ") {
				continue
			}
			want, subject := f.Want[who], "aws-export:arn:aws:iam::"+account(i)+":"+who
			for rule, may := range map[string]bool{
				"NHI-PRV-001": i >= len(closed) || want.Level == "admin",
				"NHI-PRV-002": i >= len(closed) || want.Level == "escalate",
				"NHI-PRV-003": i >= len(closed),
				"NHI-PRV-005": len(want.Wildcards) > 0 || i >= len(closed) && want.Wildcards == nil,
			} {
				if told, ok := got[rule][subject]; ok && !may {
					t.Errorf("%s: %s on %s: %s", f.Name, rule, who, told.Message)
				}
			}
			if _, ok := got["NHI-PRV-005"][subject]; !ok && len(want.Wildcards) > 0 {
				t.Errorf("%s: %s may do everything of %q, and no rule tells", f.Name, who, want.Wildcards)
			}
		}
	}
}

// fixturesOf reads fixtures of package paths.
func fixturesOf(t *testing.T, file string) []fixture {
	t.Helper()
	raw, err := os.ReadFile(filepath.Join(pathsData, file))
	if err != nil {
		t.Fatal(err)
	}
	var out []fixture
	d := yaml.NewDecoder(bytes.NewReader(raw))
	for {
		var f fixture
		err := d.Decode(&f)
		if errors.Is(err, io.EOF) {
			return out
		}
		if err != nil {
			t.Fatal(err)
		}
		out = append(out, f)
	}
}

const (
	pathsData = "../internal/privilege/aws/paths/testdata"
	fixedARN  = "arn:aws:iam::111122223333:"
)

// details is the account of a fixture as GetAccountAuthorizationDetails tells it.
func (f *fixture) details(t *testing.T) []byte {
	t.Helper()
	var users, roles, groups, policies []any
	for _, name := range slices.Sorted(maps.Keys(f.Users)) {
		p := f.Users[name]
		users = append(users, p.record("User", "user/", name, map[string]any{"GroupList": p.Groups}))
	}
	for _, name := range slices.Sorted(maps.Keys(f.Roles)) {
		p := f.Roles[name]
		more := map[string]any{"AssumeRolePolicyDocument": statements(p.Trust)}
		if p.Profile {
			more["InstanceProfileList"] = []any{map[string]any{"InstanceProfileName": name, "Arn": fixedARN + "instance-profile/" + name}}
		}
		roles = append(roles, p.record("Role", "role/", name, more))
	}
	for _, name := range slices.Sorted(maps.Keys(f.Groups)) {
		p := f.Groups[name]
		groups = append(groups, p.record("Group", "group/", name, nil))
	}
	for _, name := range slices.Sorted(maps.Keys(f.Managed)) {
		policies = append(policies, managed(name, fixedARN+"policy/"+name, f.Managed[name]))
	}
	ofAWS := map[string][]any{}
	raw, err := os.ReadFile(filepath.Join(pathsData, "aws.yaml"))
	if err == nil {
		err = yaml.Unmarshal(raw, &ofAWS)
	}
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range slices.Sorted(maps.Keys(ofAWS)) {
		policies = append(policies, managed(name, "arn:aws:iam::aws:policy/"+name, ofAWS[name]))
	}
	raw, err = json.Marshal(map[string]any{"UserDetailList": users, "RoleDetailList": roles, "GroupDetailList": groups, "Policies": policies, "IsTruncated": false})
	if err != nil {
		t.Fatal(err)
	}
	return raw
}

func statements(list []any) map[string]any {
	return map[string]any{"Version": "2012-10-17", "Statement": list}
}

func managed(name, arn string, list []any) map[string]any {
	return map[string]any{"PolicyName": name, "PolicyId": "ANPA" + name, "Arn": arn, "DefaultVersionId": "v1", "PolicyVersionList": []any{
		map[string]any{"Document": statements(list), "VersionId": "v1", "IsDefaultVersion": true},
	}}
}

// record is a principal or group in the form of AWS.
func (p *fixedPrincipal) record(kind, prefix, name string, more map[string]any) map[string]any {
	attached := []any{}
	for _, n := range p.Managed {
		attached = append(attached, map[string]any{"PolicyName": n, "PolicyArn": fixedARN + "policy/" + n})
	}
	for _, n := range p.AWS {
		attached = append(attached, map[string]any{"PolicyName": n, "PolicyArn": "arn:aws:iam::aws:policy/" + n})
	}
	inline := []any{}
	if p.Allow != nil {
		inline = append(inline, map[string]any{"PolicyName": "inline", "PolicyDocument": statements(p.Allow)})
	}
	tags := []any{}
	for _, k := range slices.Sorted(maps.Keys(p.Tags)) {
		tags = append(tags, map[string]any{"Key": k, "Value": p.Tags[k]})
	}
	out := map[string]any{
		kind + "Name": name, kind + "Id": "A000" + name, "Arn": fixedARN + prefix + name, "Path": "/", "CreateDate": "2024-01-01T00:00:00Z",
		kind + "PolicyList": inline, "AttachedManagedPolicies": attached, "Tags": tags,
	}
	if p.Boundary != "" {
		out["PermissionsBoundary"] = map[string]any{"PermissionsBoundaryType": "Policy", "PermissionsBoundaryArn": fixedARN + "policy/" + p.Boundary}
	}
	maps.Copy(out, more)
	return out
}

// TestPolicyOfOneVersion may set the version of its own policy, which has one.
func TestPolicyOfOneVersion(t *testing.T) {
	const own = fixedARN + "policy/own"
	version := func(id, action string, is bool) any {
		return map[string]any{"VersionId": id, "IsDefaultVersion": is, "Document": statements([]any{map[string]any{"Effect": "Allow", "Action": action, "Resource": own}})}
	}
	for name, c := range map[string]struct {
		versions []any
		level    inventory.Level
	}{
		"one": {[]any{version("v1", "iam:SetDefaultPolicyVersion", true)}, inventory.LevelWrite},
		"two": {[]any{version("v2", "iam:SetDefaultPolicyVersion", true), version("v1", "*", false)}, inventory.LevelUnknown},
	} {
		t.Run(name, func(t *testing.T) {
			raw, err := json.Marshal(map[string]any{
				"UserDetailList": []any{map[string]any{
					"UserName": "ci", "UserId": "AIDACI", "Arn": fixedARN + "user/ci", "Path": "/", "CreateDate": "2024-01-01T00:00:00Z",
					"UserPolicyList": []any{}, "GroupList": []any{}, "AttachedManagedPolicies": []any{map[string]any{"PolicyName": "own", "PolicyArn": own}},
				}},
				"RoleDetailList": []any{}, "GroupDetailList": []any{}, "IsTruncated": false,
				"Policies": []any{map[string]any{"PolicyName": "own", "PolicyId": "ANPAOWN", "Arn": own, "DefaultVersionId": fmt.Sprintf("v%d", len(c.versions)), "PolicyVersionList": c.versions}},
			})
			if err != nil {
				t.Fatal(err)
			}
			dir := t.TempDir()
			if err := os.WriteFile(filepath.Join(dir, "details.json"), raw, 0o600); err != nil {
				t.Fatal(err)
			}
			b := inventory.NewBuilder()
			scanAWS(t, dir, b)
			for _, g := range b.Build().Grants {
				if g.Level != c.level {
					t.Errorf("its level is %q, want %q (%q)", g.Level, c.level, g.Reasons)
				}
			}
		})
	}
}

// TestTrustsOnAWS judges who may become a role as a scan of its trust policy shows
// it. What is not named is not looked at; "-" must not be told.
func TestTrustsOnAWS(t *testing.T) {
	const github = "token.actions.githubusercontent.com"
	web := func(issuer, conditions string) string {
		return `{"Effect":"Allow","Principal":{"Federated":"arn:aws:iam::111122223333:oidc-provider/` + issuer + `"},"Action":"sts:AssumeRoleWithWebIdentity","Condition":{` + conditions + `}}`
	}
	everybody := func(conditions string) string {
		return `{"Effect":"Allow","Principal":"*","Action":"sts:AssumeRole","Condition":{` + conditions + `}}`
	}
	aud := `"StringEquals":{"` + github + `:aud":"sts.amazonaws.com"}`
	const first, second, fifth, eleventh, supplier = "NHI-FED-001", "NHI-FED-002", "NHI-FED-005", "NHI-FED-011", "NHI-TPA-004"
	const eks = "oidc.eks.eu-west-1.amazonaws.com/id/0123456789ABCDEF0123456789ABCDEF"
	tests := []struct {
		name, statement string
		want            map[string]inventory.Severity
	}{
		{"audience only", web(github, aud), map[string]inventory.Severity{first: "critical"}},
		{"any subject", web(github, aud+`,"StringLike":{"`+github+`:sub":"*"}`), map[string]inventory.Severity{first: "critical"}},
		{"all subjects but one", web(github, aud+`,"StringNotEquals":{"`+github+`:sub":"repo:a/b"}`), map[string]inventory.Severity{first: "critical"}},
		{"a subject for all values", web(github, aud+`,"ForAllValues:StringLike":{"`+github+`:sub":"repo:a/*"}`), map[string]inventory.Severity{first: "critical"}},
		{"a subject if there is one", web(github, aud+`,"StringLikeIfExists":{"`+github+`:sub":"repo:a/*"}`), map[string]inventory.Severity{first: "critical"}},
		{"a subject at all", web(github, aud+`,"Null":{"`+github+`:sub":"false"}`), map[string]inventory.Severity{first: "critical"}},
		{"any repository", web(github, aud+`,"StringLike":{"`+github+`:sub":"repo:*"}`), map[string]inventory.Severity{first: "-", second: "critical"}},
		{"one environment", web(github, aud+`,"StringLike":{"`+github+`:sub":"repo:a/b:environment:c"}`), map[string]inventory.Severity{first: "-", second: "-"}},
		{"a repository by its own claim", web(github, aud+`,"StringLike":{"`+github+`:repository":"a/b"}`), map[string]inventory.Severity{first: "-"}},
		{"a network", web(github, aud+`,"IpAddress":{"aws:SourceIp":"192.0.2.0/24"}`), map[string]inventory.Severity{first: "medium"}},
		{"GitLab", web("gitlab.com", `"StringEquals":{"gitlab.com:aud":"https://gitlab.com"}`), map[string]inventory.Severity{first: "critical"}},
		{"EKS", web(eks, `"StringEquals":{"`+eks+`:aud":"sts.amazonaws.com"}`), map[string]inventory.Severity{first: "high"}},

		{"everybody", everybody(``), map[string]inventory.Severity{eleventh: "critical", fifth: "high", supplier: "medium"}},
		{"TLS", everybody(`"Bool":{"aws:SecureTransport":"true"}`), map[string]inventory.Severity{eleventh: "critical"}},
		{"all accounts but one", everybody(`"StringNotEquals":{"aws:PrincipalAccount":"1"}`), map[string]inventory.Severity{eleventh: "critical"}},
		{"all organisations but one", everybody(`"StringNotEquals":{"aws:PrincipalOrgID":"o-northwind1"}`), map[string]inventory.Severity{eleventh: "critical"}},
		{"an external id", everybody(`"StringEquals":{"sts:ExternalId":"northwind-canary"}`), map[string]inventory.Severity{eleventh: "high", fifth: "-"}},
		{"the own organisation", everybody(`"StringEquals":{"aws:PrincipalOrgID":"o-northwind1"}`), map[string]inventory.Severity{eleventh: "-", fifth: "-", supplier: "-"}},
		{"another organisation", everybody(`"StringEquals":{"aws:PrincipalOrgID":"o-other00001"}`), map[string]inventory.Severity{eleventh: "medium", fifth: "high", supplier: "medium"}},
		{"the own account", everybody(`"StringEquals":{"aws:PrincipalAccount":"111122223333"}`), map[string]inventory.Severity{eleventh: "-", fifth: "-", supplier: "-"}},
	}
	var roles []any
	for i, test := range tests {
		roles = append(roles, map[string]any{
			"RoleName": fmt.Sprintf("r%02d", i), "RoleId": fmt.Sprintf("AROA%02d", i), "Arn": fmt.Sprintf("%srole/r%02d", fixedARN, i), "Path": "/", "CreateDate": "2024-01-01T00:00:00Z",
			"AssumeRolePolicyDocument": json.RawMessage(`{"Version":"2012-10-17","Statement":[` + test.statement + `]}`), "RolePolicyList": []any{}, "AttachedManagedPolicies": []any{},
		})
	}
	dir := t.TempDir()
	for name, content := range map[string]any{
		"gaad.json":                  map[string]any{"UserDetailList": []any{}, "RoleDetailList": roles, "GroupDetailList": []any{}, "Policies": []any{}, "IsTruncated": false},
		"describe-organization.json": map[string]any{"Organization": map[string]any{"Id": "o-northwind1", "Arn": "arn:aws:organizations::444455556666:organization/o-northwind1", "MasterAccountId": "444455556666", "FeatureSet": "ALL"}},
		"get-caller-identity.json":   map[string]any{"Account": "111122223333", "UserId": "x", "Arn": fixedARN + "user/x"},
	} {
		raw, err := json.Marshal(content)
		if err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(filepath.Join(dir, name), raw, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	b := inventory.NewBuilder()
	scanAWS(t, dir, b)
	got := judgeRecords(t, b.Build())
	for i, test := range tests {
		role := fmt.Sprintf("aws-export:%srole/r%02d", fixedARN, i)
		for rule, want := range test.want {
			var told []string
			for subject, f := range got[rule] {
				if subject == role || strings.HasPrefix(subject, role+"#") {
					told = append(told, string(f.Severity))
				}
			}
			if is := strings.Join(told, ","); is != strings.Trim(string(want), "-") {
				t.Errorf("%s: %s is %q, want %q", test.name, rule, is, want)
			}
		}
	}
}

// scanAWS reads saved answers of AWS.
func scanAWS(t *testing.T, dir string, into *inventory.Builder) {
	t.Helper()
	s, err := aws.Exports().Open(scanners.Env{}, func(config any) error { return json.Unmarshal([]byte(`{"path":"`+dir+`"}`), config) })
	if err != nil {
		t.Fatal(err)
	}
	if err := s.Scan(t.Context(), into.Add); err != nil {
		t.Fatal(err)
	}
}
