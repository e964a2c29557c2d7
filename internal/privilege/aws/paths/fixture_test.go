package paths

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"maps"
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	"go.yaml.in/yaml/v3"

	"github.com/muster-nhi/muster/internal/inventory"
	"github.com/muster-nhi/muster/internal/privilege/aws/policy"
)

const fixtureAccount = "111122223333"

// A fixture is a small account with what is to be told of it, and why.
type fixture struct {
	Name, Why  string
	Users      map[string]fixed
	Roles      map[string]fixed
	Groups     map[string]fixed
	Managed    map[string][]any // customer-managed policies by name
	SCPs       [][]any          `yaml:"scps"` // one list of statements for each level
	Unread     bool             // the organisation's policies were not read
	Consumers  []Consumer
	Resources  []fixedResource
	Read       []string
	Other      map[string]fixed // roles of another account, 444455556666
	OtherUsers map[string]fixed `yaml:"other_users"`
	Want       map[string]wanted
}

type fixed struct {
	Allow    []any // an inline policy
	Managed  []string
	AWS      []string `yaml:"aws"` // policies of AWS, see awsPolicies
	Groups   []string
	Boundary string // name of a managed policy; "unread" is one that could not be read
	Trust    []any
	Tags     map[string]string
	Keys     *int
	Password string // yes, no; empty is unknown
	Profile  bool
	Linked   bool `yaml:"service_linked"`
	Broken   bool // it has a policy that could not be read
}

type fixedResource struct {
	ARN, Kind, KMS string
	Policy         []any
}

type wanted struct {
	Level    inventory.Level
	Possible inventory.Level
	Paths    []string // ids of certain paths, in any order; nil is not looked at
	Perhaps  []string // ids of possible paths
	Hops     string   // ids of the hops of the first path
	Has, Not []string // capabilities

	Wildcards []string // services; nil is not looked at
}

// awsPolicies are the policies of AWS that fixtures name.
func awsPolicies(t testing.TB) map[string][]any {
	t.Helper()
	raw, err := os.ReadFile("testdata/aws.yaml")
	if err != nil {
		t.Fatal(err)
	}
	out := map[string][]any{}
	if err := yaml.Unmarshal(raw, &out); err != nil {
		t.Fatal(err)
	}
	return out
}

func statements(t testing.TB, list []any) *policy.Document {
	t.Helper()
	raw, err := json.Marshal(map[string]any{"Version": "2012-10-17", "Statement": list})
	if err != nil {
		t.Fatal(err)
	}
	return parsed(t, raw)
}

// estate makes the account of a fixture.
func (f *fixture) estate(t testing.TB) *Estate {
	t.Helper()
	acc := Account{ID: fixtureAccount, Member: inventory.True, LimitsKnown: !f.Unread, Read: map[string]bool{}, Consumers: f.Consumers}
	for _, r := range f.Read {
		acc.Read[r] = true
	}
	for i, level := range f.SCPs {
		acc.SCPs = append(acc.SCPs, Layer{ID: "level", Policies: []*Policy{{Name: "scp" + string(rune('0'+i)), ARN: "arn:scp", Document: statements(t, level)}}})
	}
	managed := map[string]*Policy{"unread": {Name: "unread", ARN: "arn:aws:iam::" + fixtureAccount + ":policy/unread"}}
	for _, name := range slices.Sorted(maps.Keys(f.Managed)) {
		managed[name] = &Policy{Name: name, ARN: "arn:aws:iam::" + fixtureAccount + ":policy/" + name, Document: statements(t, f.Managed[name])}
		acc.Policies = append(acc.Policies, managed[name])
	}
	for name, list := range awsPolicies(t) {
		managed["aws/"+name] = &Policy{Name: name, ARN: "arn:aws:iam::aws:policy/" + name, ByAWS: true, Document: statements(t, list)}
	}
	for _, name := range slices.Sorted(maps.Keys(f.Groups)) {
		acc.Groups = append(acc.Groups, Group{Name: name, ARN: "arn:aws:iam::" + fixtureAccount + ":group/" + name, Policies: f.Groups[name].policies(t, managed)})
	}
	for _, name := range slices.Sorted(maps.Keys(f.Users)) {
		acc.Principals = append(acc.Principals, f.Users[name].principal(t, KindUser, fixtureAccount, name, managed))
	}
	for _, name := range slices.Sorted(maps.Keys(f.Roles)) {
		acc.Principals = append(acc.Principals, f.Roles[name].principal(t, KindRole, fixtureAccount, name, managed))
	}
	for _, r := range f.Resources {
		out := Resource{ARN: r.ARN, Kind: r.Kind, KMS: r.KMS}
		if r.Policy != nil {
			out.Policy = statements(t, r.Policy)
		}
		acc.Resources = append(acc.Resources, out)
	}
	e := &Estate{Accounts: []Account{acc}, Organization: "o-northwind1", AsOf: time.Date(2026, 11, 22, 12, 0, 0, 0, time.UTC)}
	if f.Other != nil || f.OtherUsers != nil {
		other := Account{ID: "444455556666", Member: inventory.True, LimitsKnown: true}
		for _, name := range slices.Sorted(maps.Keys(f.Other)) {
			other.Principals = append(other.Principals, f.Other[name].principal(t, KindRole, other.ID, name, managed))
		}
		for _, name := range slices.Sorted(maps.Keys(f.OtherUsers)) {
			other.Principals = append(other.Principals, f.OtherUsers[name].principal(t, KindUser, other.ID, name, managed))
		}
		e.Accounts = append(e.Accounts, other)
	}
	return e
}

func (x fixed) policies(t testing.TB, managed map[string]*Policy) []*Policy {
	t.Helper()
	var out []*Policy
	if x.Allow != nil {
		out = append(out, &Policy{Name: "inline", Document: statements(t, x.Allow)})
	}
	for _, name := range x.Managed {
		out = append(out, managed[name])
	}
	for _, name := range x.AWS {
		out = append(out, managed["aws/"+name])
	}
	if x.Broken {
		out = append(out, managed["unread"])
	}
	if slices.Contains(out, nil) {
		t.Fatalf("a policy of %v %v is not there", x.Managed, x.AWS)
	}
	return out
}

func (x fixed) principal(t testing.TB, kind, account, name string, managed map[string]*Policy) Principal {
	t.Helper()
	p := Principal{
		ARN: "arn:aws:iam::" + account + ":" + kind + "/" + name, Kind: kind, Policies: x.policies(t, managed), Groups: x.Groups,
		Boundary: managed[x.Boundary], Tags: x.Tags, ServiceRole: x.Linked,
	}
	if x.Keys != nil {
		p.AccessKeys = *x.Keys
	}
	switch x.Password {
	case "yes":
		p.Password = inventory.True
	case "no":
		p.Password = inventory.False
	}
	if kind == KindRole {
		p.Trust = statements(t, x.Trust)
	}
	if x.Profile {
		p.Profiles = []string{"arn:aws:iam::" + account + ":instance-profile/" + name}
	}
	return p
}

func fixtures(t testing.TB, file string) []fixture {
	t.Helper()
	raw, err := os.ReadFile("testdata/" + file)
	if err != nil {
		t.Fatal(err)
	}
	var out []fixture
	d := yaml.NewDecoder(bytes.NewReader(raw))
	d.KnownFields(true)
	for {
		var f fixture
		err := d.Decode(&f)
		if errors.Is(err, io.EOF) {
			return out
		}
		if err != nil {
			t.Fatalf("%s, after %d fixtures: %v", file, len(out), err)
		}
		out = append(out, f)
	}
}

// TestFixtures holds what is told to what is so: closed.yaml has what must not be
// flagged, open.yaml what must be, attack.yaml some of both.
func TestFixtures(t *testing.T) {
	table := mustTable(t)
	for _, file := range []string{"closed.yaml", "open.yaml", "attack.yaml"} {
		right, wrong := 0, 0
		for _, f := range fixtures(t, file) {
			t.Run(strings.TrimSuffix(file, ".yaml")+"/"+f.Name, func(t *testing.T) {
				if f.Why == "" || len(f.Want) == 0 {
					t.Fatal("a fixture needs a reason and something wanted")
				}
				f.check(t, table)
				if t.Failed() {
					t.Logf("why: %s", f.Why)
					wrong++
				} else {
					right++
				}
			})
		}
		t.Logf("%s: %d right, %d wrong", file, right, wrong)
	}
}

func (f *fixture) check(t *testing.T, table *table) {
	t.Helper()
	a := analyze(f.estate(t), table, 2)
	for _, who := range slices.Sorted(maps.Keys(f.Want)) {
		want := f.Want[who]
		arn := "arn:aws:iam::" + fixtureAccount + ":" + who
		if rest, ok := strings.CutPrefix(who, "other "); ok {
			arn = "arn:aws:iam::444455556666:" + rest
		}
		r, ok := a.Of(arn)
		if !ok {
			t.Fatalf("%s is not in the estate", who)
		}
		want.check(t, who, r)
		if t.Failed() {
			for _, x := range r.Reasons {
				t.Logf("   reason: %s", x.String())
			}
			for _, p := range r.Paths {
				t.Logf("   path: %t %s", p.Certain, p.String())
			}
			t.Logf("   unknown: %q", r.Unknown)
		}
	}
}

func (w *wanted) check(t *testing.T, who string, r *Result) {
	t.Helper()
	if r.Level != w.Level {
		t.Errorf("%s: level %q (%q to %q), want %q", who, r.Level, r.Certain, r.Possible, w.Level)
	}
	if w.Possible != "" && r.Possible != w.Possible {
		t.Errorf("%s: possibly %q, want %q", who, r.Possible, w.Possible)
	}
	var certain, perhaps []string
	for i := range r.Paths {
		if r.Paths[i].Certain {
			certain = append(certain, r.Paths[i].ID)
		} else {
			perhaps = append(perhaps, r.Paths[i].ID)
		}
	}
	slices.Sort(certain)
	slices.Sort(perhaps)
	if w.Paths != nil && !slices.Equal(certain, w.Paths) {
		t.Errorf("%s: paths %q, want %q", who, certain, w.Paths)
	}
	if w.Perhaps != nil && !slices.Equal(perhaps, w.Perhaps) {
		t.Errorf("%s: possible paths %q, want %q", who, perhaps, w.Perhaps)
	}
	if w.Wildcards != nil && !slices.Equal(r.Wildcards, w.Wildcards) {
		t.Errorf("%s: everything of %q, want %q", who, r.Wildcards, w.Wildcards)
	}
	if w.Hops != "" {
		var ids []string
		if len(r.Paths) > 0 {
			for _, h := range r.Paths[0].Hops {
				ids = append(ids, h.ID)
			}
		}
		if got := strings.Join(ids, " "); got != w.Hops {
			t.Errorf("%s: hops %q, want %q", who, got, w.Hops)
		}
	}
	for _, c := range w.Has {
		if !slices.Contains(r.Capabilities, c) {
			t.Errorf("%s: lacks %s: %q", who, c, r.Capabilities)
		}
	}
	for _, c := range w.Not {
		if slices.Contains(r.Capabilities, c) {
			t.Errorf("%s: has %s", who, c)
		}
	}
}
