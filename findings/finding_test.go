package findings_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/muster-nhi/muster/findings"
	"github.com/muster-nhi/muster/internal/inventory"
)

// leak is a credential found in a repository under an installation's key.
func leak(key, uri, commit string, line int) *inventory.Credential {
	return &inventory.Credential{
		ID: fmt.Sprintf("repo:local/app/secret/aws/%s-%s-%d", key, uri, line), Type: "aws.access_key", Scope: "local/app", Detector: "gitleaks:aws",
		AtHead: inventory.True, Exposure: "repository",
		FoundAt: []inventory.Location{{URI: uri, Commit: strings.Repeat(commit, 20), Line: line, AtHead: inventory.True, Date: asOf.AddDate(0, -1, 0)}},
	}
}

func fingerprints(t *testing.T, credentials ...*inventory.Credential) map[string]string {
	t.Helper()
	e := quick(t, findings.Rule{For: inventory.KindCredential, When: "true"})
	var records []any
	for _, c := range credentials {
		records = append(records, c)
	}
	out := map[string]string{}
	for _, f := range judge(t, e, inventoryOf(t, records...), findings.Params{}).Findings {
		out[fmt.Sprintf("%s:%d", f.Locations[0].URI, f.Locations[0].Line)] = f.Fingerprint
	}
	return out
}

// TestFingerprint shows that neither the key of an installation nor a rebase
// changes a fingerprint, and that two leaks in one file have two.
func TestFingerprint(t *testing.T) {
	one := fingerprints(t, leak("k1", "a.env", "c1", 3), leak("k1", "a.env", "c1", 9), leak("k1", "b.env", "c1", 3))
	other := fingerprints(t, leak("zz", "b.env", "c9", 3), leak("k2", "a.env", "c9", 3), leak("yy", "a.env", "c9", 9))
	if diff := cmp.Diff(one, other); diff != "" {
		t.Errorf("key and commit matter (-first +second):\n%s", diff)
	}
	seen := map[string]bool{}
	for _, f := range one {
		if seen[f] || len(f) != 16 {
			t.Errorf("got %v, want three of 16 digits", one)
		}
		seen[f] = true
	}
}

func TestFindingID(t *testing.T) {
	if got, want := findings.FindingID("NHI-ROT-001", "aws:x"), "F-67de07327f0fd8de"; got != want {
		t.Errorf("got %s, want %s: ids are a promise", got, want)
	}
	if findings.FindingID("a", "b") == findings.FindingID("a\x00", "b") {
		t.Error("two findings have one id")
	}
}

func TestHeadFirst(t *testing.T) {
	c := leak("k", "old.env", "c1", 1)
	c.FoundAt = append([]inventory.Location{{URI: "gone.env", AtHead: inventory.False}, {URI: "maybe.env"}}, c.FoundAt...)
	e := quick(t, findings.Rule{For: inventory.KindCredential, When: "true"})
	var got []string
	for _, l := range judge(t, e, inventoryOf(t, c), findings.Params{}).Findings[0].Locations {
		got = append(got, l.URI)
	}
	if diff := cmp.Diff([]string{"old.env", "gone.env", "maybe.env"}, got); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	if c.FoundAt[0].URI != "gone.env" {
		t.Error("the record was changed")
	}
}

// TestScoreLines checks every line of one score, and of the mildest one.
func TestScoreLines(t *testing.T) {
	id := &inventory.Identity{ID: "x:i", Type: "t.i", Scope: "s", Name: "i", Environment: "prod"}
	c := leak("k", "a.env", "c1", 1)
	c.Identity, c.CreatedAt = "x:i", asOf.AddDate(-2, 0, 0)
	complete := &inventory.Coverage{Scanner: "x", Scope: "s", Kind: inventory.KindGrant, Status: inventory.StatusComplete}
	e := quick(t, findings.Rule{For: inventory.KindCredential, When: "true", Severity: inventory.SeverityCritical})
	r := judge(t, e, inventoryOf(t, id, c, complete,
		&inventory.Grant{ID: "x:g", Principal: "x:i", Scope: "s", Name: "g", Level: inventory.LevelAdmin},
		&inventory.Usage{Subject: c.ID, Scope: "s", LastUsedAt: asOf.AddDate(0, 0, -1)},
	), findings.Params{})
	want := []inventory.ScoreLine{
		{Points: 81, Reason: "severity critical"},
		{Points: 6, Reason: "the identity can do everything in its scope"},
		{Points: 4, Reason: "it lies in a repository at HEAD"},
		{Points: 2, Reason: "it is more than 365 days old"},
		{Points: 2, Reason: "it was used in the last 90 days"},
		{Points: 2, Reason: "nobody is known to own it"},
		{Points: 2, Reason: "it belongs to production"},
	}
	if diff := cmp.Diff(want, r.Findings[0].ScoreLines); diff != "" || r.Findings[0].Score != 99 {
		t.Errorf("score %d (-want +got):\n%s", r.Findings[0].Score, diff)
	}
	mild := &inventory.Credential{ID: "x:m", Type: "t.k", Scope: "s", Identity: "x:j", CreatedAt: asOf, Environment: "test"}
	e = quick(t, findings.Rule{For: inventory.KindCredential, When: "true", Severity: inventory.SeverityInfo})
	r = judge(t, e, inventoryOf(t, mild, complete,
		&inventory.Identity{ID: "x:j", Type: "t.i", Scope: "s", Name: "j"},
		&inventory.Owner{Subject: "x:j", Scope: "s", Owner: "ada", Method: "tag", Confidence: inventory.ConfidenceHigh, Active: inventory.True},
		&inventory.Usage{Subject: "x:m", Scope: "s", TrackedSince: asOf.AddDate(-1, 0, 0)},
	), findings.Params{})
	if f := r.Findings[0]; f.Score != 1 || len(f.ScoreLines) != 1 || f.Owner != "ada" || f.OwnerMethod != "tag" {
		t.Errorf("mildest: got %+v", f)
	}
}

// TestScoreBounds tries every combination of what the score asks about: lines
// add up, and a worse severity always scores higher.
func TestScoreBounds(t *testing.T) {
	levels := []inventory.Level{inventory.LevelAdmin, inventory.LevelEscalate, inventory.LevelWrite, inventory.LevelRead, inventory.LevelNone, inventory.LevelUnknown}
	lowest, highest := map[inventory.Severity]int{}, map[inventory.Severity]int{}
	for _, severity := range findings.Severities() {
		e := quick(t, findings.Rule{For: inventory.KindCredential, When: "true", Severity: severity})
		var records []any
		records = append(records, &inventory.Coverage{Scanner: "x", Scope: "s", Kind: inventory.KindGrant, Status: inventory.StatusComplete})
		n := 0
		for _, level := range levels {
			for _, exposure := range []string{"", "public", "environment"} {
				for _, head := range []inventory.Tri{inventory.True, inventory.False, inventory.Unknown} {
					for _, age := range []int{0, 10, 100, 500} {
						for _, env := range []string{"", "production", "test"} {
							n++
							id := fmt.Sprintf("x:i%d", n)
							c := &inventory.Credential{ID: fmt.Sprintf("x:c%d", n), Type: "t.k", Scope: "s", Identity: id, Exposure: exposure, AtHead: head, Environment: env}
							if exposure == "" && n%2 == 0 {
								c.FoundAt = []inventory.Location{{URI: "a"}}
							}
							if age > 0 {
								c.CreatedAt = asOf.AddDate(0, 0, -age)
							}
							records = append(records, c, &inventory.Identity{ID: id, Type: "t.i", Scope: "s", Name: "i"},
								&inventory.Grant{ID: fmt.Sprintf("x:g%d", n), Principal: id, Scope: "s", Name: "g", Level: level})
							switch n % 3 {
							case 0:
								records = append(records, &inventory.Usage{Subject: c.ID, Scope: "s", LastUsedAt: asOf.AddDate(0, 0, -1)})
							case 1:
								records = append(records, &inventory.Owner{Subject: id, Scope: "s", Owner: "a", Method: "m", Confidence: inventory.ConfidenceLow})
							}
						}
					}
				}
			}
		}
		lowest[severity] = 101
		for _, f := range judge(t, e, inventoryOf(t, records...), findings.Params{}).Findings {
			sum := 0
			for _, l := range f.ScoreLines {
				sum += l.Points
				if l.Points == 0 || l.Reason == "" {
					t.Fatalf("empty line in %+v", f.ScoreLines)
				}
			}
			if sum != f.Score || f.Score < 0 || f.Score > 100 {
				t.Fatalf("score %d, lines add up to %d", f.Score, sum)
			}
			lowest[severity], highest[severity] = min(lowest[severity], f.Score), max(highest[severity], f.Score)
		}
	}
	order := findings.Severities()
	for i := 1; i < len(order); i++ {
		if highest[order[i]] >= lowest[order[i-1]] {
			t.Errorf("%s scores up to %d, %s from %d", order[i], highest[order[i]], order[i-1], lowest[order[i-1]])
		}
	}
}

// TestUnknownIsNotNone shows that what is not known scores in the middle and
// says so.
func TestUnknownIsNotNone(t *testing.T) {
	c := &inventory.Credential{ID: "x:c", Type: "t.k", Scope: "s"}
	e := quick(t, findings.Rule{For: inventory.KindCredential, When: "true", Severity: inventory.SeverityLow})
	f := judge(t, e, inventoryOf(t, c), findings.Params{}).Findings[0]
	text := fmt.Sprint(f.ScoreLines)
	for _, want := range []string{"what the identity can do is not known", "its age is not known", "whether it is in use is not known", "nobody is known to own it", "its environment is not known"} {
		if !strings.Contains(text, want) {
			t.Errorf("got %s, want a line %q", text, want)
		}
	}
}

func TestChain(t *testing.T) {
	e := quick(t, findings.Rule{
		For: inventory.KindCredential, When: "true",
		Controls: map[string][]string{"soc2": {"CC6.1"}, "iso27001_2022": {"A.8.12", "A.5.17"}},
	})
	full := leak("k", "config/prod.env", "c0", 12)
	full.PublicID, full.FoundAt[0].Repo = "KEYID", "github.com/northwind/api"
	full.FoundAt = append(full.FoundAt, inventory.Location{URI: "b"}, inventory.Location{URI: "c"})
	id := &inventory.Identity{ID: "aws:role/ci", Type: "aws.iam_role", Scope: "aws:1", Name: "ci"}
	grants := []any{
		&inventory.Grant{ID: "x:g1", Principal: id.ID, Scope: "aws:1", Name: "PowerUser", Level: inventory.LevelEscalate, Reasons: []string{"iam:PassRole on *"}, Capabilities: []string{"secrets.read_all"}},
		&inventory.Grant{ID: "x:g2", Principal: id.ID, Scope: "aws:1", Name: "Reader", Level: inventory.LevelRead},
	}
	complete := &inventory.Coverage{Scanner: "aws", Scope: "aws:1", Kind: inventory.KindGrant, Status: inventory.StatusComplete}
	owner := &inventory.Owner{Subject: id.ID, Scope: "aws:1", Owner: "ada@northwind.example", Method: "mapping_file", Confidence: inventory.ConfidenceHigh, Active: inventory.False}
	var out strings.Builder
	for _, test := range []struct {
		name      string
		c         inventory.Credential
		records   []any
		relations []*inventory.Relation
		owners    []*inventory.Owner
	}{
		{
			"the whole line", *full, append(grants, id, complete),
			[]*inventory.Relation{{From: full.ID, To: id.ID, Type: inventory.RelationAuthenticates, Method: "public_id", Exact: true, Resolved: true}},
			[]*inventory.Owner{owner},
		},
		{
			"far end not in the inventory", *full, nil,
			[]*inventory.Relation{{From: full.ID, To: "AKIA-PUBLIC", Type: inventory.RelationAuthenticates, Method: "public_id", Exact: true}},
			nil,
		},
		{
			"only probable", *full,
			[]any{id},
			[]*inventory.Relation{{From: full.ID, To: id.ID, Type: inventory.RelationAuthenticates, Method: "name", Reason: "they have one name"}},
			nil,
		},
		{"only a public id", *full, nil, nil, nil},
		{"nothing known", inventory.Credential{ID: full.ID, Type: "generic.secret", Scope: "s", AtHead: inventory.False, FoundAt: []inventory.Location{{URI: "a"}}}, nil, nil, nil},
		{"grants not listed", inventory.Credential{ID: full.ID, Type: "t.k", Scope: "s", Identity: id.ID, FoundAt: []inventory.Location{{URI: "a", Via: "stash"}, {URI: "b"}}}, []any{id}, nil, nil},
		{"no permissions", inventory.Credential{ID: full.ID, Type: "t.k", Scope: "s", Identity: id.ID, Exposure: "ci_variable"}, []any{id, complete}, nil, nil},
	} {
		inv := inventoryOf(t, append(test.records, &test.c)...).With(test.relations, test.owners)
		r := judge(t, e, inv, findings.Params{})
		chain := e.Chain(inv, test.c.ID, r.Findings...)
		if len(test.c.FoundAt) > 0 {
			if diff := cmp.Diff(chain, r.Findings[0].Chain); diff != "" {
				t.Errorf("%s: the finding has another chain (-want +got):\n%s", test.name, diff)
			}
		}
		fmt.Fprintf(&out, "## %s\n%s\n\n", test.name, strings.Join(chain, "\n"))
	}
	golden(t, "chain.golden", out.String())
	if got := e.Chain(inventoryOf(t), "x:none"); got != nil {
		t.Errorf("no such credential: got %q", got)
	}
}

// TestLabel reads what sentences call credentials and places.
func TestLabel(t *testing.T) {
	for _, test := range []struct {
		c    inventory.Credential
		want string
	}{
		{inventory.Credential{Type: "aws.access_key", Name: "deploy", PublicID: "P"}, "AWS access key P of deploy"},
		{inventory.Credential{Type: "aws.access_key", Name: "deploy"}, "AWS access key deploy"},
		{inventory.Credential{Type: "aws.kms_key", Name: "orders", PublicID: "arn:aws:kms:x", Exposure: "public"}, "AWS KMS key orders"},
		{inventory.Credential{Type: "aws.access_key", Name: "KEY", PublicID: "P", Exposure: "repository"}, "AWS access key P"},
		{inventory.Credential{Type: "generic.secret", Hint: "36 bytes"}, "generic secret (36 bytes)"},
		{inventory.Credential{Type: "github.token", Hint: "ghp_… (40 bytes)"}, "GitHub token ghp_… (40 bytes)"},
		{inventory.Credential{Type: "pki.private_key"}, "private key (028f00112233)"},
		{inventory.Credential{Type: "vault.approle_secret_id", Name: "n"}, "Vault AppRole secret ID n"},
		{inventory.Credential{Type: "azure.key_vault_secret", Name: "db"}, "Azure Key Vault secret db"},
		{inventory.Credential{Type: "azure.cosmos_key", Name: "orders/primaryMasterKey"}, "Azure Cosmos DB key orders/primaryMasterKey"},
	} {
		test.c.ID, test.c.Scope = "x:local/main/028f0011223344556677", "s"
		test.c.FoundAt = []inventory.Location{{URI: "a/b.go", Line: 130}, {URI: "c"}}
		e := quick(t, findings.Rule{For: inventory.KindCredential, When: "true", Message: "label(credential) + ' in ' + credential.found_at.map(l, place(l)).join(', ')"})
		f := judge(t, e, inventoryOf(t, &test.c), findings.Params{}).Findings[0]
		if want := test.want + " in a/b.go:130, c"; f.Message != want {
			t.Errorf("got %q, want %q", f.Message, want)
		}
		if strings.Contains(f.SubjectName, test.c.ID) {
			t.Errorf("the subject's name is its id: %q", f.SubjectName)
		}
	}
}

// TestLabelOfIdentity reads what sentences call identities.
func TestLabelOfIdentity(t *testing.T) {
	for _, test := range []struct{ typ, name, want string }{
		{"aws.iam_user", "obama", "IAM user obama"},
		{"aws.iam_role", "deploy", "IAM role deploy"},
		{"aws.root", "root of northwind-prod", "The root user of northwind-prod"},
		{"aws.permission_set", "Developer", "AWS permission set Developer"},
		{"aws.oidc_provider", "gitlab.com", "AWS OIDC provider gitlab.com"},
		{"kubernetes.service_account", "shop/web", "Kubernetes service account shop/web"},
		{"ai.agent", "helper", "AI agent helper"},
		{"aws.iam_role", "", "IAM role x:1"},
	} {
		e := quick(t, findings.Rule{For: inventory.KindIdentity, When: "true", Message: "label(identity)"})
		f := judge(t, e, inventoryOf(t, &inventory.Identity{ID: "x:1", Type: test.typ, Name: test.name, Scope: "s"}), findings.Params{}).Findings[0]
		if f.Message != test.want {
			t.Errorf("got %q, want %q", f.Message, test.want)
		}
	}
}

// TestWays reads how a finding on too much privilege tells the ways up.
func TestWays(t *testing.T) {
	user := &inventory.Identity{ID: "aws:u", Type: "aws.iam_user", Name: "ci", Scope: "s"}
	own := &inventory.Grant{
		ID: "aws:u#inline/keys", Principal: "aws:u", Scope: "s", Name: "keys", Via: "inline policy", Level: inventory.LevelEscalate,
		Reasons: []string{"allows iam:CreateAccessKey on * (keys, statement 1)"}, Paths: []string{"iam-002: makes an access key for user/dana → dana (admin)"},
	}
	reads := &inventory.Grant{ID: "aws:u#inline/read", Principal: "aws:u", Scope: "s", Name: "read", Level: inventory.LevelRead, Reasons: []string{"allows s3:GetObject on *"}}
	many := &inventory.Grant{ID: "aws:u#many", Principal: "aws:u", Scope: "s", Name: "many", Level: inventory.LevelWrite, Paths: []string{"sts-001: assumes role/a → a (write)"}}
	for i := range 40 {
		many.Reasons = append(many.Reasons, "reason "+strings.Repeat("x", i+1))
	}
	line := []string{
		"keys (inline policy) lets it make itself administrator (escalate).", "Way up: iam-002: makes an access key for user/dana → dana (admin).",
		"Shown by: allows iam:CreateAccessKey on * (keys, statement 1).",
	}
	for _, test := range []struct {
		name, category string
		grants         []any
		want           []string
		length         int
	}{
		{"the way and its statement", "least-privilege", []any{own, reads}, line, 3},
		{"nothing beyond reading", "least-privilege", []any{reads}, nil, 0},
		{"told once", "least-privilege", []any{own, &inventory.Grant{ID: "aws:u#effective", Principal: "aws:u", Scope: "s", Name: "keys", Via: "inline policy", Level: inventory.LevelEscalate, Paths: own.Paths}}, line, 3},
		{"bounded", "least-privilege", []any{many}, []string{"many."}, 25},
		{"not for other families", "rotation", []any{own}, nil, 0},
	} {
		e, err := findings.NewEngine([]findings.Rule{{
			ID: "NHI-PRV-901", Title: "Test", Category: test.category, For: inventory.KindIdentity, Severity: inventory.SeverityHigh, When: "true", Message: `"failed"`,
		}}, nil, nil)
		if err != nil {
			t.Fatal(err)
		}
		f := judge(t, e, inventoryOf(t, append(test.grants, user)...), findings.Params{}).Findings[0]
		if len(f.Chain) != test.length || !slices.Equal(f.Chain[:len(test.want)], test.want) {
			t.Errorf("%s: got %d lines: %q", test.name, len(f.Chain), f.Chain)
		}
	}
}
