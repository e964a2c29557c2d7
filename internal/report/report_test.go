package report

import (
	"bytes"
	"encoding/csv"
	"encoding/json"
	"errors"
	"fmt"
	"html"
	"io"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"
	"unicode"

	"github.com/google/go-cmp/cmp"

	"github.com/muster-nhi/muster/findings"
	"github.com/muster-nhi/muster/internal/inventory"
)

func TestSameReportSameBytes(t *testing.T) {
	for _, f := range Formats() {
		t.Run(f.Name, func(t *testing.T) {
			r := sample(t)
			one, two := writeReport(t, r, f.Name, Options{Width: 80}), writeReport(t, r, f.Name, Options{Width: 80})
			if !bytes.Equal(one, two) {
				t.Error("one report gave two texts")
			}
			in := sampleInput(t)
			slices.Reverse(in.Result.Findings)
			slices.Reverse(in.Rules)
			if !bytes.Equal(one, writeReport(t, New(in), f.Name, Options{Width: 80})) {
				t.Error("the order of what came in shows in the text")
			}
		})
	}
}

func TestEmptyReport(t *testing.T) {
	for _, f := range Formats() {
		t.Run(f.Name, func(t *testing.T) { writeReport(t, New(Input{}), f.Name, Options{}) })
	}
}

// A broken writer fails after n bytes.
type broken struct{ n int }

var errBroken = errors.New("disk full")

func (b *broken) Write(p []byte) (int, error) {
	if len(p) > b.n {
		return b.n, errBroken
	}
	b.n -= len(p)
	return len(p), nil
}

func TestWriteErrorsAreReturned(t *testing.T) {
	r := sample(t)
	for _, f := range Formats() {
		for _, n := range []int{0, 100, 5000} {
			t.Run(fmt.Sprintf("%s after %d", f.Name, n), func(t *testing.T) {
				if err := f.Write(&broken{n}, r, Options{}); !errors.Is(err, errBroken) {
					t.Errorf("got %v, want %v", err, errBroken)
				}
			})
		}
	}
}

// TestForeignTextIsShownNotObeyed looks for characters that a terminal, an
// editor or a browser obeys.
func TestForeignTextIsShownNotObeyed(t *testing.T) {
	for _, f := range Formats() {
		if f.Name == "json" || f.Name == "jsonl" {
			continue // the source of truth keeps text; JSON escapes control characters
		}
		t.Run(f.Name, func(t *testing.T) {
			for _, r := range string(write(t, f.Name, Options{})) {
				if r != '\n' && r != '\r' && (unicode.IsControl(r) || unicode.Is(unicode.Cf, r)) {
					t.Fatalf("holds %U", r)
				}
			}
		})
	}
}

func TestHTMLEscapesForeignText(t *testing.T) {
	page := string(write(t, "html", Options{}))
	if n := strings.Count(page, "<script"); n != 1 {
		t.Errorf("%d script elements, want 1", n)
	}
	for _, bad := range []string{"<img", "onerror=alert(2)>", "http://", `style="`, "javascript:"} {
		if strings.Contains(page, bad) {
			t.Errorf("holds %q", bad)
		}
	}
	for _, want := range []string{"default-src 'none'", "PARTIAL", "<caption>", `lang="en"`, "prefers-color-scheme"} {
		if !strings.Contains(page, want) {
			t.Errorf("lacks %q", want)
		}
	}
}

func TestHTMLPolicyNamesItsOwnParts(t *testing.T) {
	page := string(write(t, "html", Options{}))
	for element, directive := range map[string]string{"style": "style-src", "script": "script-src"} {
		body := regexp.MustCompile(`(?s)<` + element + `>(.*)</` + element + `>`).FindStringSubmatch(page)[1]
		if want := directive + " '" + sourceHash(body) + "'"; !strings.Contains(html.UnescapeString(page), want) {
			t.Errorf("the policy does not name the %s: want %s", element, want)
		}
	}
}

func TestMarkdownShowsForeignTextAsText(t *testing.T) {
	out := string(write(t, "markdown", Options{}))
	for _, bad := range []string{"<script", "](http", "@everyone", " #1", "https://evil"} {
		if strings.Contains(out, bad) {
			t.Errorf("holds %q", bad)
		}
	}
}

func TestMarkdownFitsIntoAComment(t *testing.T) {
	in := sampleInput(t)
	for i := range 3000 {
		f := *in.Result.Findings[0]
		f.ID, f.Message = fmt.Sprintf("F-%016x", i), strings.Repeat("@<#", 200)
		in.Result.Findings = append(in.Result.Findings, &f)
	}
	out := writeReport(t, New(in), "markdown", Options{})
	if len(out) > 65_536 {
		t.Errorf("%d bytes, more than a comment holds", len(out))
	}
	if !bytes.Contains(out, []byte("further findings are not shown here")) {
		t.Error("does not say that findings are left out")
	}
}

func TestJSONIsOneVersionedDocument(t *testing.T) {
	var doc struct {
		SchemaVersion string `json:"schema_version"`
		Summary       Summary
		Findings      []*inventory.Finding
		Excepted      []*inventory.Finding
		Inventory     struct{ Identities, Credentials []json.RawMessage }
	}
	if err := json.Unmarshal(write(t, "json", Options{}), &doc); err != nil {
		t.Fatal(err)
	}
	if doc.SchemaVersion != SchemaVersion || len(doc.Findings) != 36 || len(doc.Excepted) != 1 || len(doc.Inventory.Identities) != 48 {
		t.Errorf("version %s, %d findings, %d excepted, %d identities", doc.SchemaVersion, len(doc.Findings), len(doc.Excepted), len(doc.Inventory.Identities))
	}
	if diff := cmp.Diff(sample(t).Findings, doc.Findings); diff != "" {
		t.Errorf("findings (-want +got):\n%s", diff)
	}
}

func TestEmptyListsAreNotNull(t *testing.T) {
	if out := writeReport(t, New(Input{}), "json", Options{}); bytes.Contains(out, []byte("null")) {
		t.Errorf("a list is null:\n%s", out)
	}
}

func TestJSONLinesAreReadAgain(t *testing.T) {
	r := sample(t)
	b, found := inventory.NewBuilder(), 0
	err := inventory.ReadAll("sample", bytes.NewReader(write(t, "jsonl", Options{})), func(rec inventory.Record) error {
		if rec.Finding != nil {
			found++
		}
		return b.Add(rec)
	})
	if err != nil {
		t.Fatal(err)
	}
	got := b.Build()
	if found != 37 {
		t.Errorf("%d findings, want 37", found)
	}
	for _, diff := range []string{
		cmp.Diff(r.Inventory.Identities, got.Identities), cmp.Diff(r.Inventory.Credentials, got.Credentials),
		cmp.Diff(r.Inventory.Coverages, got.Coverages), cmp.Diff(r.Inventory.Relations, got.Relations), cmp.Diff(r.Inventory.Owners, got.Owners),
	} {
		if diff != "" {
			t.Errorf("read again (-want +got):\n%s", diff)
		}
	}
}

func TestCSVRows(t *testing.T) {
	for format, want := range map[string]int{"csv": 1 + 48 + 18 + 4, "csv-findings": 1 + 37 + 4} {
		t.Run(format, func(t *testing.T) {
			b := write(t, format, Options{})
			rows, err := csv.NewReader(bytes.NewReader(b)).ReadAll() // checks that all rows are as long as the header
			if err != nil {
				t.Fatal(err)
			}
			if len(rows) != want {
				t.Errorf("%d rows, want %d", len(rows), want)
			}
			if bytes.Count(b, []byte("\n")) != bytes.Count(b, []byte("\r\n")) {
				t.Error("a line does not end with CRLF")
			}
			for _, row := range rows {
				for _, cell := range row {
					if formula(cell) || strings.ContainsAny(cell, "\t\r\n\x1b") {
						t.Errorf("cell %q", cell)
					}
				}
			}
		})
	}
}

func TestGuard(t *testing.T) {
	for _, c := range []struct{ name, in, want string }{
		{"plain", "batch-01", "batch-01"},
		{"empty", "", ""},
		{"formula", "=1+1", "'=1+1"},
		{"plus", "+1", "'+1"},
		{"minus", "-1", "'-1"},
		{"at", "@SUM(A1)", "'@SUM(A1)"},
		{"spaces first", "  =1", "'  =1"},
		{"no-break space first", "\u00a0=1", "'\u00a0=1"},
		{"full width", "＝1", "'＝1"},
		{"tab first", "\t=1", `\t=1`},
		{"return first", "\r=1", `\r=1`},
		{"line inside", "a\n=1", `a\n=1`},
		{"second field", "a;=1", "a;'=1"},
		{"second field, spaces", "a; @x", "a;' @x"},
		{"apostrophe", "'tis", "''tis"},
		{"account with zeros", "012345678901", "'012345678901"},
		{"account", "111122223333", "'111122223333"},
		{"21 digits", "104000000000000000123", "'104000000000000000123"},
		{"exponent", "12e45", "'12e45"},
		{"figure", "42", "42"},
		{"zero", "0", "0"},
		{"time", "2026-11-22T09:30:00Z", "2026-11-22T09:30:00Z"},
	} {
		t.Run(c.name, func(t *testing.T) {
			if got := guard(c.in); got != c.want {
				t.Errorf("guard(%q) = %q, want %q", c.in, got, c.want)
			}
		})
	}
}

func FuzzGuard(f *testing.F) {
	for _, s := range append(hostileNames(), "'", "012", "1e9", ";;=") {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		var b bytes.Buffer
		out := newSheet(&b)
		out.row([]string{s, "x"})
		if err := out.finish(); err != nil {
			t.Fatal(err)
		}
		row, err := csv.NewReader(&b).Read()
		if err != nil || len(row) != 2 || formula(row[0]) {
			t.Errorf("%q became %q, %v", s, row, err)
		}
		for part := range strings.SplitSeq(row[0], ";") {
			if formula(part) {
				t.Errorf("%q has a formula behind a semicolon: %q", s, row[0])
			}
		}
	})
}

func FuzzClean(f *testing.F) {
	for _, s := range hostileNames() {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		got := clean(s)
		if strings.ContainsFunc(got, hostile) || clean(got) != got {
			t.Errorf("clean(%q) = %q", s, got)
		}
		for _, w := range []int{0, 1, 2, 7} {
			if short := shorten(got, w); w > 0 && columns(short) > w {
				t.Errorf("shorten(%q, %d) = %q", got, w, short)
			}
		}
	})
}

func TestTableKeepsToTheWidth(t *testing.T) {
	for _, width := range []int{60, 80, 132} {
		for line := range strings.Lines(string(write(t, "table", Options{Width: width, Verbose: true}))) {
			if n := columns(strings.TrimRight(line, "\n")); n > width {
				t.Errorf("width %d: %d cells: %s", width, n, line)
			}
		}
	}
}

func TestTableColoursOnlyIfAsked(t *testing.T) {
	if bytes.Contains(write(t, "table", Options{}), []byte{0x1b}) {
		t.Error("an escape sequence without colour")
	}
	plainText := write(t, "table", Options{Width: 90})
	coloured := write(t, "table", Options{Width: 90, Color: true})
	if got := regexp.MustCompile("\x1b\\[[0-9;]*m").ReplaceAll(coloured, nil); !bytes.Equal(got, plainText) {
		t.Error("without its colours the table is another text")
	}
}

func TestLookup(t *testing.T) {
	for in, want := range map[string]string{
		"table": "table", "json": "json", "a.json": "json", "out/x.JSONL": "jsonl", "x.sarif": "sarif", "x.sarif.json": "sarif",
		"x.findings.csv": "csv-findings", "x.csv": "csv", "r.html": "html", "r.md": "markdown",
	} {
		if f, err := Lookup(in); err != nil || f.Name != want {
			t.Errorf("Lookup(%q) = %q, %v; want %q", in, f.Name, err, want)
		}
	}
	for in, want := range map[string]string{"jsn": `did you mean "json"?`, "sarfi": `did you mean "sarif"?`, "HTML": `did you mean "html"?`, "powerpoint": "formats: table, json"} {
		if _, err := Lookup(in); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("Lookup(%q): %v; want %s", in, err, want)
		}
	}
	if _, err := sarifProfileOf("githb"); err == nil || !strings.Contains(err.Error(), `did you mean "github"?`) {
		t.Errorf("sarifProfileOf: %v", err)
	}
}

func TestOutcome(t *testing.T) {
	finding := func(s inventory.Severity) []*inventory.Finding {
		return []*inventory.Finding{{ID: "F-0", Severity: s, Rule: "NHI-X-001"}}
	}
	partial := inventory.NewBuilder()
	if err := partial.Add(inventory.Record{Coverage: &inventory.Coverage{Scanner: "x", Scope: "s", Kind: inventory.KindIdentity, Status: inventory.StatusDenied, Reason: "no"}}); err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		name, want string
		failing    int
		in         Input
	}{
		{"clean", OutcomeClean, 0, Input{}},
		{"below the limit", OutcomeFindings, 0, Input{Findings: finding("medium")}},
		{"at the limit", OutcomeFailing, 1, Input{Findings: finding("high")}},
		{"never", OutcomeFindings, 0, Input{Findings: finding("critical"), Run: Run{FailOn: "never"}}},
		{"low limit", OutcomeFailing, 1, Input{Findings: finding("low"), Run: Run{FailOn: "low"}}},
		{"interrupted", OutcomeIncomplete, 0, Input{Run: Run{Interrupted: true}}},
		{"denied", OutcomeIncomplete, 1, Input{Inventory: partial.Build(), Findings: finding("high")}},
		{"known to the baseline", OutcomeClean, 0, Input{Findings: finding("high"), Known: map[string]bool{"F-0": true}}},
	} {
		t.Run(c.name, func(t *testing.T) {
			r := New(c.in)
			if r.Summary.Outcome != c.want || r.Summary.Failing != c.failing {
				t.Errorf("outcome %s with %d failing, want %s with %d", r.Summary.Outcome, r.Summary.Failing, c.want, c.failing)
			}
			if hidden := len(c.in.Known); r.Run.BaselineHidden != hidden {
				t.Errorf("%d hidden by the baseline, want %d", r.Run.BaselineHidden, hidden)
			}
		})
	}
}

func TestExceptedCountsNowhereElse(t *testing.T) {
	s := sample(t).Summary
	sum := 0
	for _, n := range s.Severities {
		sum += n
	}
	if s.Excepted != 1 || s.Active != 36 || sum != s.Active {
		t.Errorf("%d excepted, %d active, severities add up to %d", s.Excepted, s.Active, sum)
	}
	for name, list := range map[string][]Count{"owner": s.ByOwner, "scope": s.ByScope, "category": s.ByCategory} {
		sum = 0
		for _, c := range list {
			sum += c.N
		}
		if sum != s.Active {
			t.Errorf("by %s: %d, want %d", name, sum, s.Active)
		}
	}
}

func TestAges(t *testing.T) {
	b := inventory.NewBuilder()
	for i, c := range []inventory.Credential{
		{CreatedAt: ago(29)},
		{CreatedAt: ago(30)},
		{CreatedAt: ago(89)},
		{CreatedAt: ago(90)},
		{CreatedAt: ago(365)},
		{CreatedAt: ago(900), RotatedAt: ago(3)},
		{FirstSeenAt: ago(731)},
		{},
	} {
		c.ID, c.Type, c.Scope = fmt.Sprintf("x:%d", i), "generic.secret", "s"
		if err := b.Add(inventory.Record{Credential: &c}); err != nil {
			t.Fatal(err)
		}
	}
	var got []int
	for _, a := range New(Input{Inventory: b.Build(), Run: Run{AsOf: asOf()}}).Summary.Ages {
		got = append(got, a.N)
	}
	if diff := cmp.Diff([]int{2, 2, 1, 1, 1, 1}, got); diff != "" {
		t.Errorf("ages (-want +got):\n%s", diff)
	}
}

func TestFrameworkTitle(t *testing.T) {
	for in, want := range map[string]string{"soc2": "SOC 2", "cis_aws_5_0_0": "CIS AWS 5.0.0", "cis_gcp_4_0": "CIS Google Cloud 4.0", "own": "own", "cis_x": "cis_x"} {
		if got := frameworkTitle(in); got != want {
			t.Errorf("frameworkTitle(%q) = %q, want %q", in, got, want)
		}
	}
}

func TestControlsWithoutDataAreNotReady(t *testing.T) {
	r := New(Input{Result: &findings.Result{Controls: []findings.ControlStatus{
		{Framework: "soc2", ID: "CC6.1", Status: "no data"}, {Framework: "soc2", ID: "CC6.2", Status: "something new"},
	}}})
	if f := r.Summary.Frameworks[0]; f.Ready != 0 || f.NoData != 2 {
		t.Errorf("%d ready, %d without data, want 0 and 2", f.Ready, f.NoData)
	}
}

// BenchmarkWriters writes reports of two sizes: the bytes allocated for each
// finding must not grow.
func BenchmarkWriters(b *testing.B) {
	for _, n := range []int{10_000, 100_000} {
		r := many(b, 10, n/10)
		for _, format := range []string{"jsonl", "csv-findings", "json", "sarif"} {
			b.Run(fmt.Sprintf("%s/%d", format, n), func(b *testing.B) {
				f, err := Lookup(format)
				if err != nil {
					b.Fatal(err)
				}
				b.ReportAllocs()
				for b.Loop() {
					if err := f.Write(io.Discard, r, Options{}); err != nil {
						b.Fatal(err)
					}
				}
			})
		}
	}
}

func TestTimesAreUTC(t *testing.T) {
	zone := time.FixedZone("x", 3600)
	if got := stamp(time.Date(2026, 1, 1, 0, 30, 0, 0, zone)); got != "2025-12-31T23:30:00Z" {
		t.Errorf("stamp = %s", got)
	}
	if got := day(time.Date(2026, 1, 1, 0, 30, 0, 0, zone)); got != "2025-12-31" {
		t.Errorf("day = %s", got)
	}
}
