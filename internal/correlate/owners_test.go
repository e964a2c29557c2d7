package correlate

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/muster-nhi/muster/internal/inventory"
)

// said writes the owners of a subject, best first.
func said(inv *inventory.Inventory, c Conclusions, subject string) (out []string) {
	for _, o := range inv.With(c.Relations, c.Owners).OwnersOf(subject) {
		s := fmt.Sprintf("%s by %s, %s", o.Owner, o.Method, o.Confidence)
		for _, part := range []string{o.Kind, o.Source} {
			if part != "" {
				s += ", " + part
			}
		}
		if o.Active != inventory.Unknown {
			s += ", active " + o.Active.String()
		}
		if o.External != inventory.Unknown {
			s += ", external " + o.External.String()
		}
		out = append(out, s)
	}
	return out
}

func TestOwners(t *testing.T) {
	mapping, err := ParseMapping("conf/owners.yaml", strings.NewReader(`
owners:
  - {id: "arn:aws:iam::*:user/legacy-*", owner: nobody-left@northwind.example}
  - {scope: "111122223333", tag: "stage=prod*", owner: "@northwind/platform", kind: team}
  - {path: deploy/, owner: release@northwind.example}
  - {pattern: "*/ci", owner: ci-team, kind: team}
`))
	if err != nil {
		t.Fatal(err)
	}
	opens := func(c *inventory.Credential) { c.Attributes = map[string]string{"arn": ciUser[4:]} }
	tests := []struct {
		name    string
		opts    Options
		records []rec
		subject string
		want    []string
	}{
		{"nothing known", Options{}, []rec{identity(ciUser, "aws.iam_user", "a", nil)}, ciUser, nil},
		{"tags", Options{}, []rec{identity(ciUser, "aws.iam_user", "a", func(i *inventory.Identity) {
			i.Tags = map[string]string{"OWNER": "mailto:jane@northwind.example; N/A", "team": "welding", "a8r.io/owner": "@jane", "cost": "7", "contact": "a\nb"}
		})}, ciUser, []string{
			"@jane by tag, high, a8r.io/owner", "jane@northwind.example by tag, high, OWNER", "welding by tag, high, team, team",
		}},
		{"tags of one's own", Options{OwnerTags: []string{"Verantwortlich"}}, []rec{identity(ciUser, "aws.iam_user", "a", func(i *inventory.Identity) {
			i.Tags = map[string]string{"owner": "jane", "verantwortlich": "@northwind/schweissen"}
		})}, ciUser, []string{"@northwind/schweissen by tag, high, team, verantwortlich"}},
		{"mapping before all else", Options{Mapping: mapping}, []rec{
			identity("aws:x/ci", "aws.iam_user", "a", func(i *inventory.Identity) { i.Tags = map[string]string{"owner": "jane"} }),
			owner("aws:x/ci", "anna@northwind.example", "app_owner", inventory.ConfidenceHigh),
		}, "aws:x/ci", []string{
			"ci-team by mapping_file, high, team, owners.yaml:6", "anna@northwind.example by app_owner, high", "jane by tag, high, owner",
		}},
		{
			"mapping, first match",
			Options{Mapping: mapping},
			[]rec{identity("aws:arn:aws:iam::1:user/legacy-7/ci", "aws.iam_user", "a", nil)},
			"aws:arn:aws:iam::1:user/legacy-7/ci",
			[]string{"nobody-left@northwind.example by mapping_file, high, owners.yaml:3"},
		},
		{
			"mapping, scope and tag",
			Options{Mapping: mapping},
			[]rec{identity("aws:r", "aws.iam_role", "111122223333", func(i *inventory.Identity) { i.Tags = map[string]string{"stage": "production"} })},
			"aws:r",
			[]string{"@northwind/platform by mapping_file, high, team, owners.yaml:4"},
		},
		{"mapping, scope and another tag", Options{Mapping: mapping}, []rec{identity("aws:r", "aws.iam_role", "111122223333", func(i *inventory.Identity) { i.Tags = map[string]string{"stage": "test"} })}, "aws:r", nil},
		{
			"mapping, path of a leak",
			Options{Mapping: mapping},
			[]rec{credential(leak, "stripe.key", func(c *inventory.Credential) { c.FoundAt = []inventory.Location{{URI: "src/x"}, {URI: "deploy/.env"}} })},
			leak,
			[]string{"release@northwind.example by mapping_file, high, owners.yaml:5"},
		},
		{"a leak has the owner of what it opens", Options{}, []rec{
			identity(ciUser, "aws.iam_user", "a", nil), owner(ciUser, "welding", "tag", inventory.ConfidenceHigh), owner(ciUser, "x@northwind.example", "last_author", inventory.ConfidenceLow),
			credential(leak, "aws.access_key", opens), owner(leak, "joe <joe@northwind.example>", "last_author", inventory.ConfidenceLow),
		}, leak, []string{"welding by inherited, medium, owns " + ciUser, "joe <joe@northwind.example> by last_author, low"}},
		{"unless its own is better", Options{}, []rec{
			identity(ciUser, "aws.iam_user", "a", nil), owner(ciUser, "welding", "tag", inventory.ConfidenceHigh),
			credential(leak, "aws.access_key", opens), owner(leak, "@painters", "codeowners", inventory.ConfidenceHigh),
		}, leak, []string{"@painters by codeowners, high"}},
		{"or as good a guess", Options{}, []rec{
			identity(ciUser, "aws.iam_user", "a", nil), owner(ciUser, "z", "last_author", inventory.ConfidenceLow),
			credential(leak, "aws.access_key", opens), owner(leak, "y", "last_author", inventory.ConfidenceLow),
		}, leak, []string{"y by last_author, low"}},
		{"a probable relation passes nothing on", Options{}, []rec{
			identity("db:1", "database.user", "a", func(i *inventory.Identity) { i.PublicIDs = []string{"admin"} }), owner("db:1", "dba", "tag", inventory.ConfidenceHigh),
			credential(leak, "basic_auth", func(c *inventory.Credential) { c.PublicID = "admin" }),
		}, leak, nil},
		{"a live key names its user, who answers for it", Options{}, []rec{
			identity(ciUser, "aws.iam_user", "a", nil), owner(ciUser, "welding", "tag", inventory.ConfidenceHigh),
			credential("aws:key", "aws.access_key", func(c *inventory.Credential) { c.Identity = ciUser }),
		}, "aws:key", nil},
		{"a key that was found and whose user is known", Options{}, []rec{
			identity(ciUser, "aws.iam_user", "a", nil), owner(ciUser, "welding", "tag", inventory.ConfidenceHigh),
			credential(leak, "aws.access_key", func(c *inventory.Credential) {
				c.Identity, c.FoundAt = ciUser, []inventory.Location{{URI: "x"}}
			}),
		}, leak, []string{"welding by inherited, medium, owns " + ciUser}},
		{"a live role has its declaration's owner", Options{}, []rec{
			identity(ciRole, "aws.iam_role", "a", nil), owner("repo:tf", "@northwind/platform", "codeowners", inventory.ConfidenceHigh),
			identity("repo:tf", "aws.iam_role", "w", func(i *inventory.Identity) { i.Declared, i.PublicIDs = true, []string{ciRole[4:]} }),
		}, ciRole, []string{"@northwind/platform by inherited, medium, declared as repo:tf"}},
		{"a role has the owner of its workflow, as a guess", Options{}, []rec{
			identity(ciRole, "aws.iam_role", "a", nil), identity(workflow, "github.workflow", "w", nil), owner(workflow, "@jane", "codeowners", inventory.ConfidenceHigh),
			{Consumer: &inventory.Consumer{ID: "repo:use", Subject: ciRole, Scope: "w", Workload: workflow, Kind: "workflow"}},
		}, ciRole, []string{"@jane by inherited, low, used by " + workflow}},
		{"an identity has the owner of its scope, as a guess", Options{}, []rec{
			identity("repo:mcp", "mcp.server", "github.com/northwind/welder", nil),
			owner("repo:github.com/northwind/welder", "@northwind/welders", "codeowners", inventory.ConfidenceHigh),
		}, "repo:mcp", []string{"@northwind/welders by inherited, low, owns github.com/northwind/welder"}},
		{"a leak has the owner of the scope of what it opens", Options{}, []rec{
			identity(ciUser, "aws.iam_user", "111122223333", nil), owner("aws:111122223333", "cloud-team", "app_owner", inventory.ConfidenceHigh),
			credential(leak, "aws.access_key", opens),
		}, leak, []string{"cloud-team by inherited, low, owns " + ciUser}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			inv := build(t, tt.records...)
			if diff := cmp.Diff(tt.want, said(inv, Correlate(inv, tt.opts), tt.subject)); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
		})
	}
}

func TestPeople(t *testing.T) {
	list := "\xef\xbb\xbfDisplay Name,E-Mail,Login,Aliases,Status,End Date,Worker Type,Desk\r\n" +
		"Jane Doe,Jane@Northwind.example,jdoe,jane.d@northwind.example;jane-old@northwind.example,Active,,employee,7\r\n" +
		"Gone Guy,gone@northwind.example,gone,,left,2025-01-31,employee,\r\n" +
		"Guest,guest@partner.example,,,active,,guest,\r\n" +
		"\"Late, Leaver\",late@northwind.example,,,active,2026-03-31,contractor,\"two\r\nlines\"\r\n" +
		"Build Bot,bot@northwind.example,buildbot,,active,,NHI,\r\n" +
		"Old team,,northwind/old-team,,disabled,,team,\r\n" +
		"Sam,sam1@northwind.example,,,active,,,\r\nSam,sam2@northwind.example,,,left,,,\r\n" +
		",,,,,,,\r\n" +
		"Ends,ends@northwind.example,,,,2026-03-31,,\r\n"
	if _, err := ParsePeople("people.csv", strings.NewReader(list)); err == nil {
		t.Fatal("a line break inside a field was accepted")
	}
	list = strings.Replace(list, "\"two\r\nlines\"", "", 1)
	people, err := ParsePeople("people.csv", strings.NewReader(list))
	if err != nil {
		t.Fatal(err)
	}
	if people.Len() != 9 {
		t.Errorf("%d people", people.Len())
	}
	march := func(day int) time.Time { return time.Date(2026, 3, day, 23, 0, 0, 0, time.UTC) }
	for _, tt := range []struct {
		owner, kind string
		asOf        time.Time
		want        string
	}{
		{"jane@northwind.example", "", time.Time{}, "person, active true, external false"},
		{"JANE.D@northwind.example", "person", time.Time{}, "person, active true, external false"},
		{"@JDoe", "", time.Time{}, "person, active true, external false"},
		{"Jane Doe <other@home.example>", "", time.Time{}, "person, active true, external false"},
		{"J <jane@northwind.example>", "", time.Time{}, "person, active true, external false"},
		{"x <77+jdoe@users.noreply.github.com>", "", time.Time{}, "person, active true, external false"},
		{"gone@northwind.example", "", time.Time{}, "person, active false, external false"},
		{"guest@partner.example", "", time.Time{}, "person, active true, external true"},
		{"late@northwind.example", "", march(31), "person, active true, external true"},
		{"late@northwind.example", "", march(31).AddDate(0, 0, 1), "person, active false, external true"},
		{"late@northwind.example", "", time.Time{}, "person, active true, external true"},
		{"ends@northwind.example", "", time.Time{}, ""},
		{"ends@northwind.example", "", march(30), ", active true"},
		{"@buildbot", "person", time.Time{}, "nhi, active true"},
		{"@northwind/old-team", "", time.Time{}, "team, active false"},
		{"sam <sam2@northwind.example>", "", time.Time{}, ", active false"},
		{"stranger@northwind.example", "", time.Time{}, ", not in the people list, active false"},
		{"@stranger", "", time.Time{}, ", not in the people list, active false"},
		{"Stranger <s@x.example>", "", time.Time{}, ", not in the people list, active false"},
		{"stranger", "person", time.Time{}, "person, not in the people list, active false"},
		{"Sam", "", time.Time{}, ""},
		{"welding", "", time.Time{}, ""},
		{"@northwind/team", "", time.Time{}, ""},
		{"welding@northwind.example", "team", time.Time{}, "team"},
		{"deploy@northwind.example", "nhi", time.Time{}, "nhi"},
	} {
		inv := build(t, rec{Owner: &inventory.Owner{Subject: "aws:x", Scope: "s", Owner: tt.owner, Kind: tt.kind, Method: "tag", Confidence: inventory.ConfidenceHigh}})
		got := said(inv, Correlate(inv, Options{People: people, AsOf: tt.asOf}), "aws:x")
		prefix := tt.owner + " by tag, high"
		want := prefix
		if tt.want != "" {
			want += ", " + strings.TrimPrefix(tt.want, ", ")
		}
		if len(got) != 1 || got[0] != want {
			t.Errorf("as of %s: got %q, want %q", tt.asOf.Format(time.DateOnly), got, want)
		}
		if inv.Owners[0].Active != inventory.Unknown || inv.Owners[0].Source != "" {
			t.Errorf("%s: the input was changed", tt.owner)
		}
	}
}

func TestNoPeopleListLeavesOwners(t *testing.T) {
	inv := build(t, rec{Owner: &inventory.Owner{Subject: "aws:x", Scope: "s", Owner: "a@b.example", Method: "tag", Confidence: inventory.ConfidenceHigh, External: inventory.True}})
	if diff := cmp.Diff(inv.Owners, Correlate(inv, Options{}).Owners); diff != "" {
		t.Error(diff)
	}
}

func TestParsePeopleRefuses(t *testing.T) {
	for _, tt := range []struct{ name, text, want string }{
		{"empty", "", "people.csv:1: is empty"},
		{"only a header", "email,status\n", "people.csv:1: lists nobody"},
		{"no known column", "a,b\n1,2\n", "people.csv:1: no column is one of"},
		{"a column twice", "email,status,Mail\n", `people.csv:1: column "email" is there twice`},
		{"a status unknown", "email,status\na@b.example,active\nb@b.example,sleeping\n", `people.csv:3: status is "sleeping"; want active, left or disabled`},
		{"a type unknown", "email,type\na@b.example,cat\n", `people.csv:2: type is "cat"`},
		{"a date that is none", "email,end_date\na@b.example,31.12.2026\n", `people.csv:2: end_date is "31.12.2026"; want YYYY-MM-DD`},
		{"nobody on a line", "email,status\n,active\n", "people.csv:2: has no email, handle or name"},
		{"twice, differently", "email,status\na@b.example,active\nA@b.example,left\n", `people.csv:3: "a@b.example" is on line 2 too`},
		{"too many fields", "email,status\na@b.example,active,x\n", "people.csv:2: has 3 fields, the header has 2"},
		{"a quote left open", "email,status\n\"a@b.example,active\n", "people.csv:2"},
		{"a quote in a field", "email,status\na\"b,active\n", "people.csv:2"},
		{"a formula", "email,status\n=cmd|x,active\n", "people.csv:2: field 1 begins with \"=\""},
		{"a formula by plus", "email,status\n+1,active\n", "people.csv:2: field 1 begins with \"+\""},
		{"a terminal escape", "email,status\na\x1b[2J,active\n", "people.csv:2: field 1 holds a control character"},
		{"a text that turns around", "email,status\na\u202eb,active\n", "people.csv:2: field 1 holds a control character"},
		{"NUL", "email\na\x00b\n", "people.csv:2: holds a NUL byte"},
		{"Latin-1", "email\nm\xfcller@b.example\n", "people.csv:2: is not UTF-8"},
		{"UTF-16", "\xff\xfee\x00", "people.csv: is UTF-16"},
		{"a field too long", "email\n" + strings.Repeat("a", 600) + "\n", "people.csv:2: field 1 is longer than 512 bytes"},
		{"line numbers over several lines", "email,status,note\na@b.example,active,\"x\"\n\nb@b.example,zzz,\n", "people.csv:4"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			p, err := ParsePeople("people.csv", strings.NewReader(tt.text))
			if err == nil {
				t.Fatalf("accepted: %d people", p.Len())
			}
			if !strings.Contains(err.Error(), tt.want) {
				t.Errorf("got %q, want %q", err, tt.want)
			}
		})
	}
	for _, text := range []string{"email;status\na@b.example;active\n", "email\tstatus\na@b.example\tactive\n", "handle\n'@jane\n", "status,email\nactive,a@b.example\nactive,A@b.example\n", "EMAIL\nx@b.example"} {
		if _, err := ParsePeople("people.csv", strings.NewReader(text)); err != nil {
			t.Errorf("%q: %v", text, err)
		}
	}
}

func TestParseMappingRefuses(t *testing.T) {
	for _, tt := range []struct{ name, file, text, want string }{
		{"empty", "o.yaml", "", "o.yaml:1: is empty"},
		{"no list", "o.yaml", "owners: x", "o.yaml:1: want a list of entries"},
		{"an unknown key at the top", "o.yaml", "teams: []\nowners: []", `o.yaml:1: unknown key "teams"`},
		{"an unknown key", "o.yaml", "- owner: a\n  scope: b\n  scoop: c", `o.yaml:3: unknown key "scoop"; want id, kind, name, owner, path, pattern, scope, tag, type`},
		{"a key twice", "o.yaml", "- {owner: a, scope: b, scope: c}", "o.yaml"},
		{"no owner", "o.yaml", "- scope: b", "o.yaml:1: has no owner"},
		{"an owner who is nobody", "o.yaml", "- {scope: b, owner: TBD}", `o.yaml:1: owner "TBD" names nobody`},
		{"no pattern", "o.yaml", "- owner: a", "o.yaml:1: has no pattern"},
		{"a kind unknown", "o.yaml", "- {owner: a, id: x, kind: dog}", `o.yaml:1: kind is "dog"; want person, team or nhi`},
		{"a list for a text", "o.yaml", "- owner: [a, b]\n  id: x", "o.yaml:1: owner is not a plain text"},
		{"an anchor", "o.yaml", "- &a {owner: a, id: x}\n- *a", "o.yaml:1: want an entry such as"},
		{"an anchored text", "o.yaml", "- {owner: &a x, id: *a}", "o.yaml:1: owner is not a plain text"},
		{"a tag without a key", "o.yaml", "- {owner: a, tag: \"=x\"}", "o.yaml:1: tag has no key"},
		{"two documents", "o.yaml", "- {owner: a, id: x}\n---\n- {owner: b, id: y}", "o.yaml: holds more than one"},
		{"no YAML", "o.yaml", "- {owner: a", "o.yaml:1: is not YAML"},
		{"every mistake", "o.yaml", "- {owner: a}\n- {id: x}", "o.yaml:2: has no owner"},
		{"a table, unknown column", "o.csv", "pattern,owner,sope\n", `o.csv:1: unknown column "sope"`},
		{"a table, no owner", "o.csv", "pattern,owner\na*,y\nb*,\n", "o.csv:3: has no owner"},
		{"a table, a column twice", "o.csv", "pattern,owner,Owner\n", "twice"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			m, err := ParseMapping(tt.file, strings.NewReader(tt.text))
			if err == nil {
				t.Fatalf("accepted: %d entries", m.Len())
			}
			if !strings.Contains(err.Error(), tt.want) {
				t.Errorf("got %q, want %q", err, tt.want)
			}
		})
	}
	m, err := ParseMapping("dir/o.CSV", strings.NewReader("\xef\xbb\xbfscope;Owner;kind\r\ngithub.com/northwind/*;@northwind/welders;Team\r\n"))
	if err != nil || m.Len() != 1 {
		t.Fatalf("%v", err)
	}
	e := m.match(subject{id: "repo:x", scope: "github.com/northwind/welder"})
	if e == nil || e.Kind != "team" || e.source(m.name) != "o.CSV:2" {
		t.Errorf("entry %+v", e)
	}
}

// endless is a file without an end.
type endless string

func (e endless) Read(p []byte) (int, error) {
	n := 0
	for n < len(p) {
		n += copy(p[n:], e)
	}
	return n, nil
}

func TestParsersAreBounded(t *testing.T) {
	if _, err := ParsePeople("people.csv", endless("email\n")); err == nil || !strings.Contains(err.Error(), "larger than 64 MiB") {
		t.Errorf("people: %v", err)
	}
	if _, err := ParseMapping("owners.yaml", endless("- {owner: a, id: b}\n")); err == nil || !strings.Contains(err.Error(), "larger than 64 MiB") {
		t.Errorf("mapping: %v", err)
	}
	deep := strings.Repeat("[", 20_000)
	if _, err := ParseMapping("owners.yaml", strings.NewReader(deep)); err == nil {
		t.Error("a mapping of nothing but depth was accepted")
	}
}

func FuzzParsePeople(f *testing.F) {
	for _, s := range []string{"email,status\na@b.example,left\n", "\xef\xbb\xbfemail;type\r\n\"a\"\"b\";guest\r\n", "name,aliases\n\"x\ny\",a;b\n", "=1,@x\n", "email,email\n"} {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		p, err := ParsePeople("people.csv", strings.NewReader(string(b)))
		if err != nil {
			if !strings.HasPrefix(err.Error(), "people.csv:") {
				t.Fatalf("the error names no file: %v", err)
			}
			return
		}
		o := &inventory.Owner{Subject: "aws:x", Scope: "s", Owner: "a@b.example", Method: "tag", Confidence: inventory.ConfidenceHigh}
		p.judge(o, time.Time{})
		if err := (rec{Owner: o}).Validate(); err != nil {
			t.Fatal(err)
		}
	})
}

func FuzzParseMapping(f *testing.F) {
	for _, s := range []string{"owners:\n- {scope: a, owner: b}\n", "- {tag: a=b, owner: c, kind: team}", "&a [*a]", "pattern,owner\n*,x\n", "? {a: b}\n: c"} {
		f.Add([]byte(s), strings.Contains(s, ","))
	}
	f.Fuzz(func(t *testing.T, b []byte, table bool) {
		name := "owners.yaml"
		if table {
			name = "owners.csv"
		}
		m, err := ParseMapping(name, strings.NewReader(string(b)))
		if err != nil {
			if !strings.HasPrefix(err.Error(), name+":") {
				t.Fatalf("the error names no file: %v", err)
			}
			return
		}
		inv := build(t, identity("aws:a/b", "aws.iam_user", "s", func(i *inventory.Identity) { i.Tags = map[string]string{"a": "b"} }))
		for _, o := range Correlate(inv, Options{Mapping: m}).Owners {
			if err := (rec{Owner: o}).Validate(); err != nil {
				t.Fatal(err)
			}
		}
	})
}
