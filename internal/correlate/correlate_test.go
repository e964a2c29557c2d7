package correlate

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"testing/quick"

	"github.com/google/go-cmp/cmp"

	"github.com/muster-nhi/muster/internal/inventory"
)

type rec = inventory.Record

func build(t testing.TB, records ...rec) *inventory.Inventory {
	t.Helper()
	b := inventory.NewBuilder()
	for _, r := range records {
		if err := b.Add(r); err != nil {
			t.Fatal(err)
		}
	}
	return b.Build()
}

func identity(id, kind, scope string, change func(*inventory.Identity)) rec {
	i := &inventory.Identity{ID: id, Type: kind, Scope: scope, Name: id[strings.LastIndexAny(id, ":/")+1:]}
	if change != nil {
		change(i)
	}
	return rec{Identity: i}
}

func credential(id, kind string, change func(*inventory.Credential)) rec {
	c := &inventory.Credential{ID: id, Type: kind, Scope: "github.com/northwind/welder"}
	if change != nil {
		change(c)
	}
	return rec{Credential: c}
}

func owner(subject, name, method string, c inventory.Confidence) rec {
	return rec{Owner: &inventory.Owner{Subject: subject, Scope: "s", Owner: name, Method: method, Confidence: c}}
}

func hashOf(n int) inventory.SecretHash {
	return inventory.SecretHash(fmt.Sprintf("hmac-sha256:0badcafe:%064x", n))
}

// lines writes relations as people would compare them.
func lines(list []*inventory.Relation) (out []string) {
	for _, r := range list {
		s := fmt.Sprintf("%s %s %s by %s", r.From, r.Type, r.To, r.Method)
		if !r.Exact {
			s += ", probable"
		}
		if !r.Resolved {
			s += ", unknown"
		}
		out = append(out, s)
	}
	return out
}

const (
	ciUser   = "aws:arn:aws:iam::111122223333:user/ci"
	ciRole   = "aws:arn:aws:iam::111122223333:role/deploy"
	leak     = "repo:w/secret/1"
	workflow = "repo:github.com/northwind/welder/identity/.github/workflows/deploy.yml"
	github   = "https://token.actions.githubusercontent.com"
)

// keyID makes an access key id at run time, so that no file of this repository
// holds one.
func keyID() string { return "AKIA" + strings.Repeat("Z7QX", 4) }

func TestRelations(t *testing.T) {
	user := identity(ciUser, "aws.iam_user", "111122223333", nil)
	role := identity(ciRole, "aws.iam_role", "111122223333", nil)
	found := func(kind string, change func(*inventory.Credential)) rec {
		return credential(leak, kind, func(c *inventory.Credential) {
			c.FoundAt = []inventory.Location{{URI: "deploy/.env"}}
			change(c)
		})
	}
	flow := identity(workflow, "github.workflow", "github.com/Northwind/welder", func(i *inventory.Identity) { i.Name, i.Declared = "deploy", true })
	trust := func(issuer, subject string) rec {
		return rec{Trust: &inventory.Trust{ID: ciRole + "/trust", Identity: ciRole, Scope: "111122223333", Type: "oidc", Issuer: issuer, Subject: subject}}
	}
	account := func(id string, change func(*inventory.Identity)) rec {
		return identity(id, "kubernetes.service_account", "prod", func(i *inventory.Identity) {
			i.Name, i.Attributes = "builder", map[string]string{"namespace": "ci"}
			if change != nil {
				change(i)
			}
		})
	}
	coverage := func(status inventory.Status) rec {
		c := &inventory.Coverage{Scanner: "aws", Scope: "aws:111122223333", Kind: inventory.KindCredential, Status: status, Reason: "x"}
		return rec{Coverage: c}
	}
	tests := []struct {
		name    string
		records []rec
		want    []string
		reason  string // in the first
	}{
		{"one value in three places", []rec{
			credential("repo:w/3", "generic.secret", func(c *inventory.Credential) { c.SecretHash = hashOf(1) }),
			credential("repo:w/1", "generic.secret", func(c *inventory.Credential) { c.SecretHash = hashOf(1) }),
			credential("repo:w/2", "stripe.key", func(c *inventory.Credential) { c.SecretHash = hashOf(1) }),
			credential("repo:w/4", "stripe.key", func(c *inventory.Credential) { c.SecretHash = hashOf(2) }),
			credential("repo:w/5", "stripe.key", nil), credential("repo:w/6", "stripe.key", nil),
		}, []string{"repo:w/1 same_secret repo:w/2 by secret_hash", "repo:w/1 same_secret repo:w/3 by secret_hash"}, "same value"},
		{"a leaked key whose account is read", []rec{
			user, found("aws.access_key", func(c *inventory.Credential) { c.PublicID = keyID() }),
			credential("aws:key", "aws.access_key", func(c *inventory.Credential) { c.PublicID, c.Identity = keyID(), ciUser }),
		}, []string{"aws:key same_secret " + leak + " by public_id", leak + " authenticates_as " + ciUser + " by public_id"}, keyID()},
		{"a leaked key of an unknown account", []rec{
			user, found("aws.access_key", func(c *inventory.Credential) {
				c.PublicID, c.Attributes = keyID(), map[string]string{"account": "444455556666"}
			}),
		}, []string{leak + " authenticates_as " + keyID() + " by public_id, unknown"}, "account 444455556666, which this scan did not read"},
		{"a leaked key of an account that was read in part", []rec{
			coverage(inventory.StatusPartial), found("aws.access_key", func(c *inventory.Credential) {
				c.PublicID, c.Attributes = keyID(), map[string]string{"account": "111122223333"}
			}),
		}, []string{leak + " authenticates_as " + keyID() + " by public_id, unknown"}, "did not read in full"},
		{"a leaked key that its account does not list", []rec{
			coverage(inventory.StatusComplete), found("aws.access_key", func(c *inventory.Credential) {
				c.PublicID, c.Attributes = keyID(), map[string]string{"account": "111122223333"}
			}),
		}, []string{leak + " authenticates_as " + keyID() + " by public_id, unknown"}, "lists no such key"},
		{"a key file of a service account", []rec{
			identity("gcp:robot", "gcp.service_account", "northwind", func(i *inventory.Identity) { i.PublicIDs = []string{"Robot@northwind.iam.gserviceaccount.com"} }),
			found("gcp.service_account_key", func(c *inventory.Credential) {
				c.PublicID, c.Attributes = "0123abcd", map[string]string{"client_email": "robot@northwind.iam.gserviceaccount.com"}
			}),
		}, []string{leak + " authenticates_as gcp:robot by client_email"}, ""},
		{"a key file of an unknown service account", []rec{
			found("gcp.service_account_key", func(c *inventory.Credential) {
				c.PublicID, c.Attributes = "0123abcd", map[string]string{"client_email": "robot@northwind.iam.gserviceaccount.com"}
			}),
		}, []string{leak + " authenticates_as robot@northwind.iam.gserviceaccount.com by client_email, unknown"}, "not in this inventory"},
		{"a client secret, the platform's name being another", []rec{
			identity("azure:app", "entra.application", "tenant", func(i *inventory.Identity) { i.PublicIDs = []string{"7D1C0DE5-0000-4000-8000-00000000ABCD"} }),
			found("azure.client_secret", func(c *inventory.Credential) {
				c.Attributes = map[string]string{"client_id": "7d1c0de5-0000-4000-8000-00000000abcd"}
			}),
		}, []string{leak + " authenticates_as azure:app by client_id"}, ""},
		{"an id that is not unique, on another platform", []rec{
			identity("slack:1", "slack.bot", "w", func(i *inventory.Identity) { i.PublicIDs = []string{"42"} }),
			found("github.app_key", func(c *inventory.Credential) { c.Attributes = map[string]string{"app_id": "42"} }),
		}, []string{leak + " authenticates_as 42 by app_id, unknown"}, "the app with id 42"},
		{"an SSH key by its fingerprint", []rec{
			identity("gitlab:deploy", "gitlab.deploy_key", "w", nil),
			credential("gitlab:key", "ssh.private_key", func(c *inventory.Credential) { c.Identity, c.PublicID = "gitlab:deploy", "SHA256:abc" }),
			found("ssh.private_key", func(c *inventory.Credential) { c.PublicID = "SHA256:abc" }),
		}, []string{"gitlab:key same_secret " + leak + " by public_id", leak + " authenticates_as gitlab:deploy by public_id"}, ""},
		{"a user name is no proof", []rec{
			identity("db:1", "database.user", "w", func(i *inventory.Identity) { i.PublicIDs = []string{"admin"} }),
			found("database.connection", func(c *inventory.Credential) { c.PublicID = "admin" }),
		}, []string{leak + " authenticates_as db:1 by public_id, probable"}, ""},
		{"a Kubernetes token", []rec{
			account("k8s:a", func(i *inventory.Identity) { i.Attributes["issuer"] = "https://prod" }),
			account("k8s:b", nil),
			found("jwt", func(c *inventory.Credential) {
				c.Attributes = map[string]string{"subject": "system:serviceaccount:ci:builder", "issuer": "https://prod"}
			}),
		}, []string{leak + " authenticates_as k8s:a by subject", leak + " authenticates_as k8s:b by subject, probable"}, ""},
		{"a secret that a workflow names", []rec{
			flow, credential("repo:ci", "ci.secret_reference", func(c *inventory.Credential) { c.PublicID = keyID() }),
			{Consumer: &inventory.Consumer{ID: "repo:use", Subject: "repo:ci", Scope: "w", Workload: workflow, Kind: "workflow"}},
		}, []string{workflow + " authenticated_by repo:ci by consumer", "repo:use uses repo:ci by consumer"}, ""},
		{"a workflow that names a role", []rec{
			flow, role,
			{Consumer: &inventory.Consumer{ID: "repo:use", Subject: ciRole, Scope: "w", Workload: workflow, Kind: "workflow"}},
		}, []string{workflow + " federates_to " + ciRole + " by consumer", "repo:use uses " + ciRole + " by consumer"}, ""},
		{"a workflow that names an unknown role", []rec{
			flow, {Consumer: &inventory.Consumer{ID: "repo:use", Subject: ciRole, Scope: "w", Workload: workflow, Kind: "workflow"}},
		}, []string{workflow + " federates_to " + ciRole + " by consumer, unknown", "repo:use uses " + ciRole + " by consumer, unknown"}, "not in this inventory"},
		{"a consumer whose workload is a name", []rec{
			identity("mcp:7", "mcp.server", "w", func(i *inventory.Identity) { i.Name = "pump" }), role,
			{Consumer: &inventory.Consumer{ID: "repo:use", Subject: ciRole, Scope: "w", Workload: "pump", Kind: "mcp server"}},
		}, []string{"mcp:7 federates_to " + ciRole + " by consumer, probable", "repo:use uses " + ciRole + " by consumer"}, ""},
		{"annotations of a service account", []rec{
			role, account("k8s:a", func(i *inventory.Identity) {
				i.Tags = map[string]string{"eks.amazonaws.com/role-arn": "arn:aws:iam::111122223333:role/deploy"}
				i.Attributes["gcp_service_account"] = "robot@northwind.iam.gserviceaccount.com"
			}),
		}, []string{
			"k8s:a federates_to " + ciRole + " by annotation",
			"k8s:a federates_to gcp:robot@northwind.iam.gserviceaccount.com by annotation, unknown",
		}, "its annotation names arn:aws:iam::111122223333:role/deploy"},
		{
			"an OIDC trust of one branch",
			[]rec{role, flow, trust(github, "repo:northwind/welder:ref:refs/heads/main")},
			[]string{workflow + " federates_to " + ciRole + " by subject"},
			"deploy fits",
		},
		{
			"an OIDC trust of one branch, the issuer as AWS writes it",
			[]rec{role, flow, trust(github[8:], "repo:northwind/welder:environment:production")},
			[]string{workflow + " federates_to " + ciRole + " by subject"},
			"",
		},
		{
			"an OIDC trust of immutable ids",
			[]rec{role, flow, trust(github, "repo:northwind@7/welder@8:ref:refs/heads/main")},
			[]string{workflow + " federates_to " + ciRole + " by subject"},
			"",
		},
		{
			"an OIDC trust of any branch",
			[]rec{role, flow, trust(github, "repo:northwind/welder:*")},
			[]string{workflow + " federates_to " + ciRole + " by subject, probable"},
			"",
		},
		{
			"an OIDC trust of any repository",
			[]rec{flow, trust(github, "repo:northwind/*")},
			[]string{workflow + " federates_to " + ciRole + " by subject, probable, unknown"},
			"not in this inventory",
		},
		{"an OIDC trust of another repository", []rec{role, flow, trust(github, "repo:northwind/welder2:*"), trust(github, "repo:other/*")}, nil, ""},
		{"an OIDC trust without a subject", []rec{role, flow, trust(github, "")}, nil, ""},
		{"a GitLab pipeline", []rec{
			role, identity("repo:p", "gitlab.pipeline", "gitlab.com/northwind/line/paint", nil),
			trust("https://gitlab.com", "project_path:northwind/line/paint:ref_type:branch:ref:main"),
		}, []string{"repo:p federates_to " + ciRole + " by subject"}, ""},
		{
			"a repository that Google trusts",
			[]rec{role, flow, trust("https://iam.googleapis.com/x", "principalSet://iam.googleapis.com/projects/1/attribute.repository/northwind/welder")},
			[]string{workflow + " federates_to " + ciRole + " by subject, probable"},
			"",
		},
		{"a service account of this cluster", []rec{
			role, account("k8s:a", func(i *inventory.Identity) { i.Attributes["issuer"] = "https://oidc.eks/id/1" }), account("k8s:b", nil),
			trust("oidc.eks/id/1", "system:serviceaccount:ci:builder"),
		}, []string{"k8s:a federates_to " + ciRole + " by subject"}, ""},
		{
			"a service account of some cluster",
			[]rec{role, account("k8s:b", nil), trust("oidc.eks/id/1", "system:serviceaccount:ci:builder")},
			[]string{"k8s:b federates_to " + ciRole + " by subject, probable"},
			"",
		},
		{
			"a service account, as GKE writes it",
			[]rec{role, account("k8s:b", nil), trust("", "serviceAccount:northwind.svc.id.goog[ci/builder]")},
			[]string{"k8s:b federates_to " + ciRole + " by subject, probable"},
			"",
		},
		{
			"a role that another may assume",
			[]rec{role, user, trust("", "arn:aws:iam::111122223333:user/ci")},
			[]string{ciUser + " federates_to " + ciRole + " by subject"},
			"",
		},
		{"declared and live, by ARN", []rec{
			role, identity("repo:tf", "aws.iam_role", "w", func(i *inventory.Identity) {
				i.Declared, i.PublicIDs = true, []string{"arn:aws:iam::111122223333:role/deploy"}
			}),
		}, []string{"repo:tf same_identity " + ciRole + " by public_id"}, ""},
		{"declared and live, by name", []rec{
			role, identity("repo:tf", "aws.iam_role", "w", func(i *inventory.Identity) { i.Declared, i.Name = true, "deploy" }),
		}, []string{"repo:tf same_identity " + ciRole + " by name, probable"}, ""},
		{"declared, and two live ones of that name", []rec{
			role, identity("aws:other/deploy", "aws.iam_role", "z", nil),
			identity("repo:tf", "aws.iam_role", "w", func(i *inventory.Identity) { i.Declared, i.Name = true, "deploy" }),
		}, nil, ""},
		{"a far end that is no text", []rec{
			found("gcp.service_account_key", func(c *inventory.Credential) { c.Attributes = map[string]string{"client_email": "a\nb\x1b[2J"} }),
		}, nil, ""},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			got := Correlate(build(t, tt.records...), Options{}).Relations
			if diff := cmp.Diff(tt.want, lines(got)); diff != "" {
				t.Fatalf("(-want +got):\n%s", diff)
			}
			if tt.reason != "" && !strings.Contains(got[0].Reason, tt.reason) {
				t.Errorf("the reason %q does not say %q", got[0].Reason, tt.reason)
			}
			for _, r := range got {
				if err := (rec{Relation: r}).Validate(); err != nil {
					t.Error(err)
				}
			}
		})
	}
}

// TestFanOut: hostile numbers on both sides of one identifier stay bounded, and
// the reader is told.
func TestFanOut(t *testing.T) {
	var records []rec
	for i := range 200 {
		records = append(records,
			identity(fmt.Sprintf("repo:f%03d", i), "github.workflow", "github.com/northwind/welder", nil),
			rec{Trust: &inventory.Trust{ID: fmt.Sprintf("aws:t%03d", i), Identity: fmt.Sprintf("aws:r%03d", i), Scope: "a", Type: "oidc", Issuer: github, Subject: "repo:northwind/*"}},
			identity(fmt.Sprintf("aws:u%03d", i), "aws.iam_user", "a", func(x *inventory.Identity) { x.PublicIDs = []string{"arn:aws:iam::1:user/x"} }),
			credential(fmt.Sprintf("repo:c%03d", i), "aws.access_key", func(c *inventory.Credential) { c.Attributes = map[string]string{"arn": "arn:aws:iam::1:user/x"} }),
		)
	}
	got := Correlate(build(t, records...), Options{}).Relations
	if len(got) > 2*200*fanOut {
		t.Errorf("%d relations", len(got))
	}
	told := 0
	for _, r := range got {
		if strings.Contains(r.Reason, "further identities") {
			told++
		}
	}
	if told != 200 {
		t.Errorf("%d of 200 trusts say that more fit", told)
	}
}

// generate makes an inventory from bytes, so that testing/quick can look for
// one that breaks a property.
func generate(t testing.TB, seed []byte) *inventory.Inventory {
	t.Helper()
	var records []rec
	at := func(i int) int {
		if len(seed) == 0 {
			return 0
		}
		return int(seed[i%len(seed)])
	}
	for i := range seed {
		a, b := at(i)%7, at(i+1)%5
		id := fmt.Sprintf("aws:i%d", at(i)%9)
		switch at(i+2) % 6 {
		case 0:
			records = append(records, identity(fmt.Sprintf("aws:i%d-%d", a, i), "aws.iam_user", "s", func(x *inventory.Identity) {
				x.PublicIDs = []string{fmt.Sprintf("arn:aws:iam::1:user/%d", b)}
				x.Declared = at(i+3)%3 == 0
				x.Tags = map[string]string{"Owner": []string{"a@northwind.example, team-b", "none", "@jane", ""}[b%4]}
			}))
		case 1:
			records = append(records, credential(fmt.Sprintf("repo:c%d", i), "aws.access_key", func(c *inventory.Credential) {
				c.SecretHash = hashOf(a)
				c.Attributes = map[string]string{"arn": fmt.Sprintf("arn:aws:iam::1:user/%d", b)}
			}))
		case 2:
			records = append(records, owner(id, fmt.Sprintf("p%d@northwind.example", b), "codeowners", inventory.ConfidenceLow))
		case 3:
			records = append(records, rec{Consumer: &inventory.Consumer{ID: fmt.Sprintf("aws:u%d", i), Subject: id, Scope: "s", Workload: fmt.Sprintf("aws:i%d", b), Kind: "job"}})
		case 4:
			records = append(records, identity(id, "github.workflow", "github.com/a/b", nil))
		default:
			records = append(records, rec{Trust: &inventory.Trust{ID: fmt.Sprintf("aws:t%d", i), Identity: id, Scope: "s", Type: "oidc", Issuer: github, Subject: []string{"repo:a/b:*", "repo:a/*", "arn:aws:iam::1:user/1"}[b%3]}})
		}
	}
	return build(t, records...)
}

func TestProperties(t *testing.T) {
	people, err := ParsePeople("people.csv", strings.NewReader("email,status\np1@northwind.example,active\np2@northwind.example,left\n"))
	if err != nil {
		t.Fatal(err)
	}
	mapping, err := ParseMapping("owners.yaml", strings.NewReader("- {scope: s, name: \"i1*\", owner: welding, kind: team}"))
	if err != nil {
		t.Fatal(err)
	}
	opts := Options{People: people, Mapping: mapping}
	holds := func(seed []byte) bool {
		inv := generate(t, seed)
		ownersBefore := clone(inv.Owners)
		first := Correlate(inv, opts)
		again := Correlate(generate(t, seed), opts)
		if diff := cmp.Diff(first, again); diff != "" {
			t.Logf("two runs differ:\n%s", diff)
			return false
		}
		if diff := cmp.Diff(ownersBefore, clone(inv.Owners)); diff != "" {
			t.Logf("the input was changed:\n%s", diff)
			return false
		}
		twice := Correlate(inv.With(first.Relations, first.Owners), opts)
		if diff := cmp.Diff(first, twice); diff != "" {
			t.Logf("twice gives more than once:\n%s", diff)
			return false
		}
		return sound(t, inv, first)
	}
	if err := quick.Check(holds, &quick.Config{MaxCount: 300}); err != nil {
		t.Error(err)
	}
}

func clone(list []*inventory.Owner) []inventory.Owner {
	var out []inventory.Owner
	for _, o := range list {
		out = append(out, *o)
	}
	return out
}

// sound checks what has to hold of all conclusions.
func sound(t *testing.T, inv *inventory.Inventory, c Conclusions) bool {
	t.Helper()
	seen := map[triple]bool{}
	for _, r := range c.Relations {
		key := triple{r.From, r.Type, r.To}
		known := inv.Identity(r.To) != nil || inv.Credential(r.To) != nil
		switch {
		case (rec{Relation: r}).Validate() != nil, seen[key], r.From == r.To, r.Resolved != known,
			r.Type == inventory.RelationSameSecret && r.From >= r.To:
			t.Logf("%+v", r)
			return false
		}
		seen[key] = true
	}
	byHash := map[inventory.SecretHash]int{}
	for _, x := range inv.Credentials {
		byHash[x.SecretHash]++
	}
	want := 0
	for _, n := range byHash {
		want += n - 1
	}
	for _, r := range c.Relations {
		if r.Type == inventory.RelationSameSecret {
			want--
		}
	}
	for _, o := range c.Owners {
		if err := (rec{Owner: o}).Validate(); err != nil {
			t.Log(err)
			return false
		}
	}
	for _, o := range inv.Owners {
		if !slices.ContainsFunc(c.Owners, func(x *inventory.Owner) bool {
			return x.Subject == o.Subject && x.Owner == o.Owner && x.Method == o.Method
		}) {
			t.Logf("owner lost: %+v", o)
			return false
		}
	}
	return want == 0
}

func TestGlob(t *testing.T) {
	for _, tt := range []struct {
		pattern, text string
		want          bool
	}{
		{"", "", true},
		{"", "a", false},
		{"*", "", true},
		{"*", "a/b", true},
		{"a*c", "abbc", true},
		{"a*c", "abcd", false},
		{"?", "a", true},
		{"?", "", false},
		{"a?c", "abc", true},
		{"*.tf", "infra/main.tf", true},
		{"infra/**", "infra/x/y", true},
		{"*a*b", "xaxbxab", true},
		{"[a]", "a", false},
		{"a**b", "ab", true},
	} {
		if got := glob(tt.pattern, tt.text); got != tt.want {
			t.Errorf("glob(%q, %q) = %v", tt.pattern, tt.text, got)
		}
	}
	// What stands for itself fits itself, and a star more changes nothing.
	err := quick.Check(func(text string, at uint8) bool {
		text = strings.NewReplacer("*", "", "?", "").Replace(text)
		i := int(at) % (len(text) + 1)
		return glob(text, text) && glob(text[:i]+"*"+text[i:], text) && glob(text[:i]+"*", text) && !glob(text+"?", text)
	}, nil)
	if err != nil {
		t.Error(err)
	}
}

// estate makes n identities, half of which are opened by a leaked key.
func estate(t testing.TB, n int) *inventory.Inventory {
	t.Helper()
	records := make([]rec, 0, 3*n)
	for i := range n {
		arn := fmt.Sprintf("arn:aws:iam::%012d:user/robot-%d", i%500, i)
		records = append(records,
			identity("aws:"+arn, "aws.iam_user", fmt.Sprintf("%012d", i%500), func(x *inventory.Identity) {
				x.PublicIDs = []string{arn}
				x.Tags = map[string]string{"team": fmt.Sprintf("team-%d", i%40)}
			}),
			credential(fmt.Sprintf("aws:key/%d", i), "aws.access_key", func(c *inventory.Credential) {
				c.Identity, c.PublicID = "aws:"+arn, fmt.Sprintf("AKIA%012d", i)
			}),
			credential(fmt.Sprintf("repo:secret/%d", i), "aws.access_key", func(c *inventory.Credential) {
				c.PublicID, c.SecretHash = fmt.Sprintf("AKIA%012d", i*2), hashOf(i/10)
				c.FoundAt = []inventory.Location{{URI: fmt.Sprintf("services/%d/.env", i%300)}}
			}))
	}
	return build(t, records...)
}

func BenchmarkCorrelate(b *testing.B) {
	mapping, err := ParseMapping("owners.yaml", strings.NewReader("- {path: \"services/7/*\", owner: seven}\n- {scope: \"000000000007\", owner: seven}\n- {name: \"robot-9*\", owner: nine}"))
	if err != nil {
		b.Fatal(err)
	}
	for _, n := range []int{10_000, 100_000} {
		inv := estate(b, n)
		b.Run(fmt.Sprintf("records=%d", 3*n), func(b *testing.B) {
			b.ReportAllocs()
			var c Conclusions
			for b.Loop() {
				c = Correlate(inv, Options{Mapping: mapping})
			}
			b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/float64(3*n), "ns/record")
			b.ReportMetric(float64(len(c.Relations)), "relations")
		})
	}
}
