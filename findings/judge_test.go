package findings_test

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/muster-nhi/muster/findings"
	"github.com/muster-nhi/muster/internal/inventory"
)

// TestThreeValues is the truth table: credential.disabled is unknown, the
// others are known.
func TestThreeValues(t *testing.T) {
	const (
		yes, no, unknown = findings.VerdictFail, findings.VerdictPass, findings.VerdictUnknown
	)
	c := &inventory.Credential{
		ID: "x:1", Type: "aws.access_key", Scope: "s", Name: "ci",
		CreatedAt: asOf.AddDate(0, 0, -91), Encrypted: inventory.True, Personal: inventory.False,
		Attributes: map[string]string{"k": "v"},
	}
	for _, test := range []struct {
		when string
		want findings.Verdict
	}{
		{"true", yes},
		{"false", no},
		{"credential.disabled", unknown},
		{"!credential.disabled", unknown},
		{"credential.disabled && true", unknown},
		{"true && credential.disabled", unknown},
		{"credential.disabled && false", no},
		{"false && credential.disabled", no},
		{"credential.disabled || true", yes},
		{"true || credential.disabled", yes},
		{"credential.disabled || false", unknown},
		{"credential.disabled ? true : true", unknown},
		{"credential.disabled == credential.disabled", unknown},
		{"credential.encrypted", yes},
		{"credential.personal", no},
		{"unknown()", unknown},
		{"unknown() && false", no},
		{"known(credential.disabled)", no},
		{"!known(credential.disabled) || credential.disabled", yes},
		{"known(credential.encrypted) && known(credential.personal)", yes},
		{"known(credential.name)", yes},
		{"known(credential.description)", no},
		{"credential.description == ''", yes},
		{"known(credential.created_at) && !known(credential.expires_at)", yes},
		{"has(credential.created_at) && !has(credential.expires_at)", yes},
		{"age(credential.created_at) == 91", yes},
		{"age(credential.created_at) > 91", no},
		{"age(credential.expires_at) > 0", unknown},
		{"until(credential.expires_at) < 30", unknown},
		{"until(credential.created_at) == -91", yes},
		{"days(credential.created_at, credential.expires_at) > 1", unknown},
		{"credential.never_expires || until(credential.expires_at) < 0", unknown},
		{"credential.key_bits < 2048", unknown},
		{"credential.locations_omitted == 0", yes},
		{"date(credential.created_at) == '2026-08-23'", yes},
		{"credential.attributes['k'] == 'v'", yes},
		{"credential.attributes['other'] == 'v'", unknown},
		{"'other' in credential.attributes && credential.attributes['other'] == 'v'", no},
		{"use.never", unknown},
		{"known(use.last_used_at)", no},
		{"in_baseline()", unknown},
		{"rank('admin') > rank('escalate') && rank('escalate') > rank('write') && rank('write') > rank('read') && rank('read') > rank('none')", yes},
		{"rank('unknown') > 0", unknown},
		{"rank('nonsense') > 0", unknown},
		{"grants.exists(g, g.level == 'admin')", no},
		{"grants.all(g, g.level == 'admin')", yes},
		{"size(opens) == 0 && size(same) == 0 && size(twins) == 0 && size(owners) == 0", yes},
		{"glob(credential.type, 'aws.*')", yes},
		{"glob(credential.type, 'gcp.*')", no},
		{"credential.name.matches('^c.$')", yes},
		{"'abc'.upperAscii() == 'ABC'", yes},
	} {
		t.Run(test.when, func(t *testing.T) {
			e := quick(t, findings.Rule{For: inventory.KindCredential, When: test.when})
			if got := verdict(t, judge(t, e, inventoryOf(t, c), findings.Params{})); got != test.want {
				t.Errorf("got %s, want %s", got, test.want)
			}
		})
	}
}

// TestUnknownInLists shows that one true element decides exists(), whatever
// the others hide.
func TestUnknownInLists(t *testing.T) {
	id := &inventory.Identity{ID: "x:i", Type: "t.i", Scope: "s", Name: "i"}
	grant := func(n int, level inventory.Level) *inventory.Grant {
		return &inventory.Grant{ID: fmt.Sprintf("x:g%d", n), Principal: "x:i", Scope: "s", Name: "g", Level: level}
	}
	for _, test := range []struct {
		name   string
		levels []inventory.Level
		when   string
		want   findings.Verdict
	}{
		{"unknown then admin", []inventory.Level{inventory.LevelUnknown, inventory.LevelAdmin}, "grants.exists(g, g.level == 'admin')", findings.VerdictFail},
		{"unknown then read", []inventory.Level{inventory.LevelUnknown, inventory.LevelRead}, "grants.exists(g, g.level == 'admin')", findings.VerdictUnknown},
		{"read only", []inventory.Level{inventory.LevelRead}, "grants.exists(g, g.level == 'admin')", findings.VerdictPass},
		{"all, one is not", []inventory.Level{inventory.LevelUnknown, inventory.LevelRead}, "grants.all(g, g.level == 'admin')", findings.VerdictPass},
		{"all, one unknown", []inventory.Level{inventory.LevelUnknown, inventory.LevelAdmin}, "grants.all(g, g.level == 'admin')", findings.VerdictUnknown},
		{"known guards", []inventory.Level{inventory.LevelUnknown}, "grants.exists(g, !known(g.level))", findings.VerdictFail},
		{"rank", []inventory.Level{inventory.LevelEscalate}, "grants.exists(g, rank(g.level) >= rank('escalate'))", findings.VerdictFail},
	} {
		t.Run(test.name, func(t *testing.T) {
			records := []any{id}
			for i, level := range test.levels {
				records = append(records, grant(i, level))
			}
			e := quick(t, findings.Rule{For: inventory.KindIdentity, When: test.when})
			if got := verdict(t, judge(t, e, inventoryOf(t, records...), findings.Params{})); got != test.want {
				t.Errorf("got %s, want %s", got, test.want)
			}
		})
	}
}

func TestNeeds(t *testing.T) {
	id := &inventory.Identity{ID: "x:i", Type: "t.i", Scope: "s", Name: "i"}
	cover := func(status inventory.Status) *inventory.Coverage {
		c := &inventory.Coverage{Scanner: "x", Scope: "s", Kind: inventory.KindUsage, Status: status}
		if status != inventory.StatusComplete {
			c.Reason = "because"
		}
		return c
	}
	for _, test := range []struct {
		name   string
		when   string
		proof  string
		cover  []any
		want   findings.Verdict
		reason string
	}{
		{"not looked at", "false", "", nil, findings.VerdictUnknown, "usage was not looked at in s"},
		{"denied", "false", "", []any{cover(inventory.StatusDenied)}, findings.VerdictUnknown, "usage was not listed in s (denied)"},
		{"skipped", "true", "", []any{cover(inventory.StatusSkipped)}, findings.VerdictUnknown, "usage was not listed in s (skipped)"},
		{"partial", "true", "absence", []any{cover(inventory.StatusPartial)}, findings.VerdictUnknown, "usage was listed only in part in s (partial)"},
		{"complete, passes", "false", "", []any{cover(inventory.StatusComplete)}, findings.VerdictPass, ""},
		{"complete, fails", "true", "", []any{cover(inventory.StatusComplete)}, findings.VerdictFail, ""},
		{
			"worst of two scanners", "true", "",
			[]any{cover(inventory.StatusComplete), &inventory.Coverage{Scanner: "y", Scope: "s", Kind: inventory.KindUsage, Status: inventory.StatusDenied, Reason: "r"}},
			findings.VerdictUnknown, "usage was not listed in s (denied)",
		},
		{"presence: a failure stands", "true", "presence", []any{cover(inventory.StatusPartial)}, findings.VerdictFail, ""},
		{"presence: no pass", "false", "presence", []any{cover(inventory.StatusPartial)}, findings.VerdictUnknown, "usage was listed only in part in s (partial)"},
	} {
		t.Run(test.name, func(t *testing.T) {
			e := quick(t, findings.Rule{For: inventory.KindIdentity, When: test.when, Proof: test.proof, Needs: []inventory.Kind{inventory.KindUsage}})
			r := judge(t, e, inventoryOf(t, append(test.cover, id)...), findings.Params{})
			if got := verdict(t, r); got != test.want {
				t.Errorf("got %s, want %s", got, test.want)
			}
			var want map[string]int
			if test.reason != "" {
				want = map[string]int{test.reason: 1}
			}
			if diff := cmp.Diff(want, r.Tallies[0].Reasons); diff != "" {
				t.Errorf("reasons (-want +got):\n%s", diff)
			}
		})
	}
}

// TestApplies judges only what the rule applies to; what it does not apply to
// is no pass.
func TestApplies(t *testing.T) {
	const none = findings.VerdictNotApplicable
	cover := func(status inventory.Status) *inventory.Coverage {
		return &inventory.Coverage{Scanner: "x", Scope: "s", Kind: inventory.KindOwner, Status: status, Reason: "because"}
	}
	full, part := cover(inventory.StatusComplete), cover(inventory.StatusPartial)
	for _, test := range []struct {
		name, applies, when, proof string
		cover                      *inventory.Coverage
		want                       findings.Verdict
		reason                     string
	}{
		{"holds, fails", "identity.name == 'i'", "true", "", full, findings.VerdictFail, ""},
		{"holds, passes", "identity.name == 'i'", "false", "", full, findings.VerdictPass, ""},
		{"does not hold", "identity.name == 'j'", "true", "", full, none, ""},
		{"does not hold, when unknown", "identity.name == 'j'", "identity.disabled", "", full, none, ""},
		{"unknown", "identity.disabled", "true", "", full, findings.VerdictUnknown, "disabled of the identity is not known"},
		{"unknown, when false", "identity.disabled", "false", "", full, findings.VerdictUnknown, "disabled of the identity is not known"},
		{"unknown, presence", "identity.disabled", "true", "presence", full, findings.VerdictUnknown, "disabled of the identity is not known"},
		{"own fact does not hold, partial", "identity.name == 'j'", "true", "", part, none, ""},
		{"own fact holds, partial", "identity.name == 'i'", "true", "", part, findings.VerdictUnknown, "owner was listed only in part in s (partial)"},
		{"related does not hold, partial", "size(owners) > 0", "true", "", part, findings.VerdictUnknown, "owner was listed only in part in s (partial)"},
		{"related does not hold, partial, presence", "owners.exists(o, o.owner == 'ada')", "true", "presence", part, findings.VerdictUnknown, "owner was listed only in part in s (partial)"},
		{"related does not hold, complete", "size(owners) > 0", "true", "", full, none, ""},
	} {
		t.Run(test.name, func(t *testing.T) {
			e := quick(t, findings.Rule{
				For: inventory.KindIdentity, Applies: test.applies, When: test.when, Proof: test.proof, Needs: []inventory.Kind{inventory.KindOwner},
			})
			tally := judge(t, e, inventoryOf(t, &inventory.Identity{ID: "x:i", Type: "t.i", Scope: "s", Name: "i"}, test.cover), findings.Params{}).Tallies[0]
			want := findings.Tally{Rule: tally.Rule, Title: tally.Title, Subjects: 1}
			switch test.want {
			case findings.VerdictFail:
				want.Fail = 1
			case findings.VerdictPass:
				want.Pass = 1
			case findings.VerdictUnknown:
				want.Unknown, want.Reasons = 1, map[string]int{test.reason: 1}
			case none:
				want.Subjects = 0
			}
			if diff := cmp.Diff(want, tally); diff != "" {
				t.Errorf("tally (-want +got):\n%s", diff)
			}
		})
	}
}

// TestUndecided tells unknown verdicts from all others.
func TestUndecided(t *testing.T) {
	key := func(id, typ string, at int, disabled inventory.Tri) *inventory.Credential {
		c := &inventory.Credential{ID: id, Type: typ, Scope: "s", Disabled: disabled, Name: "k"}
		if at != 0 {
			c.CreatedAt = asOf.AddDate(0, 0, -at)
		}
		return c
	}
	rules := []findings.Rule{
		{ID: "A-ROT-001", For: inventory.KindCredential, Types: []string{"t.*"}, Applies: "credential.disabled == false", When: "age(credential.created_at) > 90", Message: "'old'"},
		{ID: "A-ROT-002", For: inventory.KindCredential, When: "age(credential.created_at) > 90", Message: "'old'"},
		{ID: "A-ROT-003", For: inventory.KindCredential, When: "false", Message: "''", Needs: []inventory.Kind{inventory.KindUsage}},
	}
	e, err := findings.NewEngine(rules, nil, []string{"A-ROT-002"})
	if err != nil {
		t.Fatal(err)
	}
	inv := inventoryOf(
		t, key("x:old", "t.k", 91, inventory.False), key("x:new", "t.k", 9, inventory.False), key("x:undated", "t.k", 0, inventory.False),
		key("x:off", "t.k", 0, inventory.True), key("x:vague", "t.k", 91, inventory.Unknown), key("x:other", "u.k", 0, inventory.False),
	)
	undecided := e.Undecided(t.Context(), inv, findings.Params{AsOf: asOf})
	for _, test := range []struct {
		rule, subject string
		want          bool
	}{
		{"A-ROT-001", "x:old", false},
		{"A-ROT-001", "x:new", false},
		{"A-ROT-001", "x:undated", true},
		{"A-ROT-001", "x:off", false},
		{"A-ROT-001", "x:vague", true},
		{"A-ROT-001", "x:other", false},
		{"A-ROT-001", "x:gone", false},
		{"A-ROT-002", "x:undated", false},
		{"A-ROT-003", "x:new", true},
		{"A-ROT-009", "x:new", false},
		{"A-ROT-001", "x:undated", true},
	} {
		if got := undecided(test.rule, test.subject); got != test.want {
			t.Errorf("%s on %s: got %v, want %v", test.rule, test.subject, got, test.want)
		}
	}
}

func TestRaise(t *testing.T) {
	rule := findings.Rule{
		For: inventory.KindCredential, When: "true", Severity: inventory.SeverityHigh,
		Raise: []findings.Raise{
			{When: "credential.disabled", Severity: inventory.SeverityLow},
			{When: "age(credential.created_at) > 365", Severity: inventory.SeverityCritical},
			{When: "true", Severity: inventory.SeverityMedium},
		},
	}
	for _, test := range []struct {
		name string
		c    inventory.Credential
		want inventory.Severity
	}{
		{"first that holds", inventory.Credential{Disabled: inventory.True, CreatedAt: asOf.AddDate(-2, 0, 0)}, inventory.SeverityLow},
		{"unknown does not hold", inventory.Credential{CreatedAt: asOf.AddDate(-2, 0, 0)}, inventory.SeverityCritical},
		{"last", inventory.Credential{}, inventory.SeverityMedium},
	} {
		t.Run(test.name, func(t *testing.T) {
			test.c.ID, test.c.Type, test.c.Scope = "x:1", "t.k", "s"
			r := judge(t, quick(t, rule), inventoryOf(t, &test.c), findings.Params{})
			if got := r.Findings[0].Severity; got != test.want {
				t.Errorf("got %s, want %s", got, test.want)
			}
		})
	}
}

func TestMessageFallsBack(t *testing.T) {
	e := quick(t, findings.Rule{For: inventory.KindCredential, When: "true", Message: `"it is " + string(age(credential.created_at)) + " days old"`})
	c := &inventory.Credential{ID: "x:1", Type: "t.k", Scope: "s", Name: "deploy"}
	if got, want := judge(t, e, inventoryOf(t, c), findings.Params{}).Findings[0].Message, "Test: deploy"; got != want {
		t.Errorf("got %q, want %q", got, want)
	}
	c = &inventory.Credential{ID: "x:1", Type: "t.k", Scope: "s", CreatedAt: asOf.AddDate(0, 0, -3)}
	if got, want := judge(t, e, inventoryOf(t, c), findings.Params{}).Findings[0].Message, "it is 3 days old"; got != want {
		t.Errorf("got %q, want %q", got, want)
	}
}

func TestTypes(t *testing.T) {
	e := quick(t, findings.Rule{For: inventory.KindGrant, When: "true", Types: []string{"aws.*"}})
	r := judge(t, e, inventoryOf(
		t,
		&inventory.Identity{ID: "x:aws", Type: "aws.iam_role", Scope: "s", Name: "a"},
		&inventory.Identity{ID: "x:gcp", Type: "gcp.service_account", Scope: "s", Name: "g"},
		&inventory.Grant{ID: "x:g1", Principal: "x:aws", Scope: "s", Name: "n", Level: inventory.LevelRead},
		&inventory.Grant{ID: "x:g2", Principal: "x:gcp", Scope: "s", Name: "n", Level: inventory.LevelRead},
		&inventory.Grant{ID: "x:g3", Principal: "x:elsewhere", Scope: "s", Name: "n", Level: inventory.LevelRead},
	), findings.Params{})
	if len(r.Findings) != 1 || r.Findings[0].Subject != "x:g1" || r.Findings[0].SubjectType != "aws.iam_role" {
		t.Errorf("got %d findings, want one on the grant of the AWS role", len(r.Findings))
	}
}

// TestRelated reads every related list of every kind of subject.
func TestRelated(t *testing.T) {
	hash := func(n string) inventory.SecretHash {
		return inventory.SecretHash("hmac-sha256:00000000:" + strings.Repeat(n, 64))
	}
	inv := inventoryOf(
		t,
		&inventory.Identity{ID: "x:i", Type: "t.i", Scope: "s", Name: "i"},
		&inventory.Credential{ID: "x:live", Type: "t.k", Scope: "s", Identity: "x:i", PublicID: "P", SecretHash: hash("1")},
		&inventory.Credential{ID: "x:leak", Type: "t.k", Scope: "s", PublicID: "P", SecretHash: hash("1")},
		&inventory.Credential{ID: "x:guess", Type: "t.k", Scope: "s", PublicID: "Q"},
		&inventory.Grant{ID: "x:g", Principal: "x:i", Scope: "s", Name: "g", Level: inventory.LevelAdmin},
		&inventory.Usage{Subject: "x:live", Scope: "s", LastUsedAt: asOf.AddDate(0, 0, -1)},
		&inventory.Usage{Subject: "x:i", Scope: "s", TrackedSince: asOf.AddDate(-1, 0, 0)},
		&inventory.Usage{Subject: "x:g", Scope: "s", TrackedSince: asOf.AddDate(-1, 0, 0), Interactive: inventory.False},
		&inventory.Trust{ID: "x:t", Identity: "x:i", Scope: "s", Type: "oidc"},
		&inventory.Consumer{ID: "x:c", Subject: "x:i", Scope: "s", Workload: "w", Kind: "job"},
	).With([]*inventory.Relation{
		{From: "x:guess", To: "x:i", Type: inventory.RelationAuthenticates, Method: "m"},
		{From: "x:leak", To: "x:i", Type: inventory.RelationAuthenticates, Method: "m", Exact: true, Resolved: true},
		{From: "x:g", To: "y:g", Type: inventory.RelationLiveOnly, Method: "m", Exact: true},
	}, []*inventory.Owner{{Subject: "x:i", Scope: "s", Owner: "ada", Method: "tag", Confidence: inventory.ConfidenceHigh}})
	for _, test := range []struct {
		kind inventory.Kind
		id   string
		when string
	}{
		{inventory.KindIdentity, "x:i", "identity.id != 'x:i' || credentials.map(c, c.id) == ['x:leak', 'x:live'] && size(grants) == 1 && size(trusts) == 1 && size(consumers) == 1 && size(relations) == 2 && owners[0].owner == 'ada' && size(usages) == 1"},
		{inventory.KindIdentity, "x:i", "age(use.last_used_at) == 1 && !use.never && !known(use.interactive) && age(use.tracked_since) == 365"},
		{inventory.KindCredential, "x:leak", "credential.id != 'x:leak' || opens[0].id == 'x:i' && grants[0].level == 'admin' && same[0].id == 'x:live' && size(same) == 1 && twins[0].id == 'x:live' && owners[0].owner == 'ada' && size(relations) == 1"},
		{inventory.KindCredential, "x:live", "credential.id != 'x:live' || opens[0].name == 'i' && size(usages) == 1"},
		{inventory.KindCredential, "x:guess", "credential.id != 'x:guess' || size(opens) == 0 && size(grants) == 0 && size(owners) == 0 && size(twins) == 0"},
		{inventory.KindGrant, "x:g", "subject_identity[0].id == 'x:i' && owners[0].owner == 'ada' && use.never && use.interactive == false && grant.name == 'g' && relations[0].type == 'live_only'"},
		{inventory.KindTrust, "x:t", "subject_identity[0].id == 'x:i' && owners[0].owner == 'ada' && use.never && trust.type == 'oidc'"},
		{inventory.KindConsumer, "x:c", "subject_identity[0].id == 'x:i' && owners[0].owner == 'ada' && size(usages) == 1 && consumer.kind == 'job'"},
	} {
		t.Run(test.id+" "+test.when[:20], func(t *testing.T) {
			e := quick(t, findings.Rule{For: test.kind, When: "!(" + test.when + ")"})
			r := judge(t, e, inv, findings.Params{})
			if r.Tallies[0].Pass != r.Tallies[0].Subjects {
				t.Errorf("not all of it holds: %+v", r.Tallies[0])
			}
		})
	}
}

func TestBaseline(t *testing.T) {
	e := quick(t, findings.Rule{For: inventory.KindIdentity, When: "!in_baseline()"})
	inv := inventoryOf(
		t,
		&inventory.Identity{ID: "x:old", Type: "t.i", Scope: "s", Name: "old"},
		&inventory.Identity{ID: "x:new", Type: "t.i", Scope: "s", Name: "new"},
	)
	r := judge(t, e, inv, findings.Params{InBaseline: func(id string) inventory.Tri { return inventory.TriOf(id == "x:old") }})
	if len(r.Findings) != 1 || r.Findings[0].Subject != "x:new" {
		t.Errorf("got %d findings, want one on x:new", len(r.Findings))
	}
	if r := judge(t, e, inv, findings.Params{}); r.Tallies[0].Unknown != 2 {
		t.Errorf("without a baseline: got %+v, want two unknown", r.Tallies[0])
	}
}

// TestBombs judges conditions that would run for ages or fill the memory.
func TestBombs(t *testing.T) {
	var records []any
	records = append(records, &inventory.Identity{ID: "x:i", Type: "t.i", Scope: "s", Name: "i"})
	for i := range 400 {
		records = append(records, &inventory.Grant{ID: fmt.Sprintf("x:g%03d", i), Principal: "x:i", Scope: "s", Name: "g", Level: inventory.LevelRead})
	}
	inv := inventoryOf(t, records...)
	list := "[" + strings.Repeat("1,", 99) + "1]"
	for name, when := range map[string]string{
		"nested over related records": "grants.all(a, grants.all(b, grants.all(c, a.id + b.id + c.id != '')))",
		"nested over a literal":       fmt.Sprintf("%[1]s.all(a, %[1]s.all(b, %[1]s.all(c, %[1]s.all(d, a + b + c + d > 0))))", list),
		"texts that double":           "grants.map(a, grants.map(b, grants.map(c, a.id + b.id + c.id).join(' ')).join(' ')).join(' ') == ''",
	} {
		t.Run(name, func(t *testing.T) {
			e := quick(t, findings.Rule{For: inventory.KindIdentity, When: when})
			start := time.Now()
			r := judge(t, e, inv, findings.Params{})
			if diff := cmp.Diff(map[string]int{"cost limit": 1}, r.Tallies[0].Reasons); diff != "" {
				t.Errorf("reasons (-want +got):\n%s", diff)
			}
			if took := time.Since(start); took > 20*time.Second {
				t.Errorf("took %s", took)
			}
		})
	}
	if _, err := findings.NewEngine([]findings.Rule{{
		ID: "NHI-ROT-001", For: inventory.KindIdentity, Message: "''",
		When: "identity.name.replace('', 'xxxxxxxxxxxxxxx').replace('', 'xxxxxxxxxxxxxxx').replace('', 'xxxxxxxxxxxxxxx').replace('', 'xxxxxxxxxxxxxxx') == ''",
	}}, nil, nil); err == nil {
		t.Error("a chain of replace() was accepted")
	}
}

// TestDeterminism judges the same records in several orders and with several
// numbers of workers.
func TestDeterminism(t *testing.T) {
	e := engineOf(t, ruleText(nil), ruleText(map[string]string{"id": "NHI-ROT-002", "when": "age(credential.created_at) > 60", "severity": "low"}))
	var records []inventory.Record
	for i := range 3000 {
		records = append(records, inventory.Record{Credential: &inventory.Credential{
			ID: fmt.Sprintf("x:%d", i), Type: "t.k", Scope: fmt.Sprintf("s%d", i%7), CreatedAt: asOf.AddDate(0, 0, -i%120),
			FoundAt: []inventory.Location{{URI: fmt.Sprintf("f%d", i%11), Line: i}}, Detector: "d",
		}})
	}
	var first *findings.Result
	for seed := range uint64(4) {
		rng := rand.New(rand.NewPCG(seed, 1))
		rng.Shuffle(len(records), func(i, j int) { records[i], records[j] = records[j], records[i] })
		b := inventory.NewBuilder()
		for _, r := range records {
			if err := b.Add(r); err != nil {
				t.Fatal(err)
			}
		}
		r := judge(t, e, b.Build(), findings.Params{Workers: int(seed) + 1})
		if first == nil {
			first = r
			if len(r.Findings) == 0 {
				t.Fatal("no findings")
			}
			continue
		}
		if diff := cmp.Diff(first, r); diff != "" {
			t.Fatalf("seed %d differs:\n%.2000s", seed, diff)
		}
	}
	for i, f := range first.Findings[1:] {
		if before := first.Findings[i]; before.Severity.Rank() < f.Severity.Rank() ||
			before.Severity == f.Severity && before.Score < f.Score {
			t.Fatalf("finding %d is worse than the one before", i+1)
		}
	}
}

func TestJudgeEndsWithContext(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	e := quick(t, findings.Rule{For: inventory.KindIdentity, When: "true"})
	_, err := e.Judge(ctx, inventoryOf(t, &inventory.Identity{ID: "x:i", Type: "t.i", Scope: "s", Name: "i"}), findings.Params{AsOf: asOf})
	if !errors.Is(err, context.Canceled) {
		t.Errorf("got %v", err)
	}
}

func TestDisabled(t *testing.T) {
	rules := []findings.Rule{
		{ID: "NHI-ROT-001", For: inventory.KindIdentity, When: "true", Message: "'m'", Severity: inventory.SeverityLow},
		{ID: "NHI-ROT-002", For: inventory.KindIdentity, When: "true", Message: "'m'", Severity: inventory.SeverityLow},
	}
	all, err := findings.NewEngine(rules, nil, nil)
	if err != nil {
		t.Fatal(err)
	}
	e, err := findings.NewEngine(rules, nil, []string{"NHI-ROT-002"})
	if err != nil {
		t.Fatal(err)
	}
	r := judge(t, e, inventoryOf(t, &inventory.Identity{ID: "x:i", Type: "t.i", Scope: "s", Name: "i"}), findings.Params{})
	if len(r.Findings) != 1 || !r.Tallies[1].Disabled || r.Tallies[1].Subjects != 0 {
		t.Errorf("got %d findings, tallies %+v", len(r.Findings), r.Tallies)
	}
	if e.Hash() == all.Hash() {
		t.Error("the hash does not tell that a rule is switched off")
	}
	if _, err := findings.NewEngine(rules, nil, []string{"NHI-ROT-003"}); err == nil || !strings.Contains(err.Error(), "did you mean NHI-ROT-001?") {
		t.Errorf("unknown id: got %v", err)
	}
}
