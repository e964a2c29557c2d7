package object

import (
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/muster-nhi/muster/internal/inventory"
)

// reportHead names the columns as AWS writes them.
const reportHead = "user,arn,user_creation_time,password_enabled,password_last_used,password_last_changed,password_next_rotation,mfa_active," +
	"access_key_1_active,access_key_1_last_rotated,access_key_1_last_used_date,access_key_1_last_used_region,access_key_1_last_used_service," +
	"access_key_2_active,access_key_2_last_rotated,access_key_2_last_used_date,access_key_2_last_used_region,access_key_2_last_used_service," +
	"cert_1_active,cert_1_last_rotated,cert_2_active,cert_2_last_rotated"

const (
	account = "111122223333"
	arnOf   = "arn:aws:iam::" + account + ":"
	rootRow = "<root_account>," + arnOf + "root,2019-04-01T08:00:00+00:00,not_supported,2026-01-05T10:00:00+00:00,not_supported,not_supported,true,false,N/A,N/A,N/A,N/A,false,N/A,N/A,N/A,N/A,false,N/A,false,N/A"
	ciRow   = "ci-deployer," + arnOf + "user/robots/ci-deployer,2021-03-04T05:06:07+00:00,false,N/A,N/A,N/A,false,true,2024-02-01T00:00:00+00:00,2026-11-20T09:00:00+00:00,eu-central-1,s3,false,2022-01-01T00:00:00+00:00,N/A,N/A,N/A,false,N/A,false,N/A"
	annRow  = "ann," + arnOf + "user/ann,2020-01-01T00:00:00+00:00,true,no_information,2020-01-01T00:00:05+00:00,N/A,true,false,N/A,N/A,N/A,N/A,false,N/A,N/A,N/A,N/A,true,2020-02-02T00:00:00+00:00,false,N/A"
)

func day(text string) time.Time {
	at, err := time.Parse(time.RFC3339, text)
	if err != nil {
		panic(err)
	}
	return at
}

func lines(rows ...string) []byte { return []byte(strings.Join(rows, "\n")) }

func mustParse(t *testing.T, rows ...string) *Report {
	t.Helper()
	r, err := ParseReport(lines(append([]string{reportHead}, rows...)...))
	if err != nil {
		t.Fatal(err)
	}
	return r
}

func TestParseReport(t *testing.T) {
	got := mustParse(t, rootRow, ciRow, annRow)
	want := &Report{
		Account: account, Partition: "aws", Newest: day("2026-11-20T09:00:00Z"),
		Rows: []ReportRow{
			{
				Root: true, User: "<root_account>", ARN: arnOf + "root", CreatedAt: day("2019-04-01T08:00:00Z"),
				PasswordLastUsed: day("2026-01-05T10:00:00Z"), PasswordUse: inventory.True, MFA: inventory.True,
			},
			{
				User: "ci-deployer", ARN: arnOf + "user/robots/ci-deployer", CreatedAt: day("2021-03-04T05:06:07Z"),
				Password: inventory.False, MFA: inventory.False,
				Keys: []AccessKey{
					{
						Slot: 1, Active: inventory.True, CreatedAt: day("2024-02-01T00:00:00Z"), LastUsed: day("2026-11-20T09:00:00Z"),
						Used: inventory.True, LastRegion: "eu-central-1", LastCause: "s3",
					},
					{Slot: 2, Active: inventory.False, CreatedAt: day("2022-01-01T00:00:00Z"), Used: inventory.False},
				},
			},
			{
				User: "ann", ARN: arnOf + "user/ann", CreatedAt: day("2020-01-01T00:00:00Z"),
				Password: inventory.True, PasswordUse: inventory.False, PasswordChanged: day("2020-01-01T00:00:05Z"), MFA: inventory.True,
				Signing: []SigningCertificate{{Active: true, UploadedAt: day("2020-02-02T00:00:00Z")}},
			},
		},
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}

// However a spreadsheet or a browser saved it, it is the same report.
func TestParseReportSpellings(t *testing.T) {
	want := mustParse(t, rootRow, ciRow, annRow)
	plain := string(lines(reportHead, rootRow, ciRow, annRow))
	quoted := `"` + strings.NewReplacer(",", `","`, "\n", "\"\r\n\"").Replace(plain) + "\"\r\n"
	for name, text := range map[string]string{
		"byte order mark": "\ufeff" + plain,
		"line ends":       strings.ReplaceAll(plain, "\n", "\r\n") + "\r\n\r\n",
		"quotes":          quoted,
		"semicolons":      strings.ReplaceAll(plain, ",", ";"),
		"tabs":            strings.ReplaceAll(plain, ",", "\t"),
		"capitals":        strings.NewReplacer("true", "TRUE", "false", "FALSE").Replace(plain),
		"more columns":    strings.ReplaceAll(plain, "\n", ",N/A\n") + ",N/A",
	} {
		t.Run(name, func(t *testing.T) {
			if !IsReport([]byte(text)) {
				t.Error("it is not recognised")
			}
			got, err := ParseReport([]byte(text))
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(want, got); diff != "" {
				t.Error(diff)
			}
		})
	}
}

// What is odd in a report is told and costs nothing else.
func TestParseReportOdd(t *testing.T) {
	for _, c := range []struct {
		name    string
		rows    []string
		users   []string
		problem string
		cut     bool
	}{
		{"a cut row", []string{ciRow, annRow[:60]}, []string{"ci-deployer"}, "line 3: the report ends in the middle of a row", true},
		{"a cut word", []string{annRow, ciRow[:len(ciRow)-len("se,N/A")]}, []string{"ann"}, "line 3: the report ends", true},
		{"a broken quote", []string{`"` + ciRow, annRow}, []string{"ann"}, "line 2: it has not as many fields", false},
		{"a row with too much", []string{ciRow + ",1,2,3", annRow}, []string{"ann"}, "line 2: it has not as many fields", false},
		{"commas in a name", []string{strings.ReplaceAll(ciRow, "ci-deployer", "ci,de,ployer")}, []string{"ci,de,ployer"}, "", false},
		{"a bad date", []string{strings.Replace(ciRow, "2024-02-01T00:00:00+00:00", "01.02.24", 1)}, []string{"ci-deployer"}, "line 2: the column access_key_1_last_rotated cannot be read", false},
		{"a date before all", []string{strings.Replace(ciRow, "2021-03-04", "1601-01-01", 1)}, []string{"ci-deployer"}, "the column user_creation_time", false},
		{"another account", []string{ciRow, strings.Replace(annRow, account, "444455556666", 1)}, []string{"ci-deployer"}, "line 3: it names another account", false},
		{"a user twice", []string{ciRow, ciRow}, []string{"ci-deployer"}, "line 3: it names a user that a line before names", false},
		{"no ARN", []string{strings.Replace(ciRow, "arn:aws", "x", 1), annRow}, []string{"ann"}, "line 2: it names no user of IAM", false},
		{"a role", []string{strings.Replace(ciRow, ":user/", ":role/", 1)}, nil, "line 2: it names no user of IAM", false},
	} {
		t.Run(c.name, func(t *testing.T) {
			r := mustParse(t, c.rows...)
			var users []string
			for i := range r.Rows {
				users = append(users, r.Rows[i].User)
			}
			if diff := cmp.Diff(c.users, users); diff != "" {
				t.Error(diff)
			}
			if problems := strings.Join(r.Problems, "; "); !strings.Contains(problems, c.problem) || (c.problem == "") != (problems == "") {
				t.Errorf("problems: %q", problems)
			}
			if r.Cut != c.cut {
				t.Errorf("cut: %t", r.Cut)
			}
		})
	}
}

func TestParseReportNone(t *testing.T) {
	for name, text := range map[string]string{
		"empty": "", "another table": "user,mail\nann,ann@example.com\n", "JSON": `{"Content": "dXNlcixhcm4="}`, "a header only": "user",
	} {
		if _, err := ParseReport([]byte(text)); !errors.Is(err, ErrNoReport) {
			t.Errorf("%s: %v", name, err)
		}
		if IsReport([]byte(text)) {
			t.Errorf("%s is taken for a report", name)
		}
	}
	if _, err := ParseReport([]byte("user,mfa_active\nann,true\n")); err == nil || !strings.Contains(err.Error(), "lacks the column arn") {
		t.Errorf("without arn: %v", err)
	}
}

// A key that may be there is not taken for none.
func TestParseReportUnclear(t *testing.T) {
	for name, c := range map[string]struct {
		row     string
		unclear bool
		keys    int
	}{
		"none":               {annRow, false, 0},
		"active without day": {strings.Replace(ciRow, "true,2024-02-01T00:00:00+00:00", "true,N/A", 1), false, 2},
		"an unknown word":    {strings.Replace(annRow, "true,false,N/A,N/A,N/A,N/A,false", "true,perhaps,N/A,N/A,N/A,N/A,false", 1), true, 0},
		"nothing":            {strings.Replace(annRow, "true,false,N/A,N/A,N/A,N/A,false", "true,,,,,,false", 1), true, 0},
	} {
		r := mustParse(t, c.row)
		if got := r.Rows[0]; got.Unclear != c.unclear || len(got.Keys) != c.keys {
			t.Errorf("%s: %+v", name, got)
		}
	}
}

// Never used is said of what was made since use is tracked only.
func TestParseReportUse(t *testing.T) {
	old := strings.NewReplacer("2022-01-01T", "2014-01-01T").Replace(ciRow)
	r := mustParse(t, old)
	if got := r.Rows[0].Keys[1].Used; got != inventory.Unknown {
		t.Errorf("a key from before use was tracked: used %s", got)
	}
}

func FuzzParseReport(f *testing.F) {
	for _, rows := range [][]string{{rootRow, ciRow, annRow}, {`"` + ciRow}, {strings.ReplaceAll(ciRow, "ci-deployer", "ci,deployer")}} {
		f.Add(lines(append([]string{reportHead}, rows...)...))
	}
	f.Add([]byte("user;arn;mfa_active\n"))
	f.Fuzz(func(t *testing.T, data []byte) {
		r, err := ParseReport(data)
		if err != nil {
			return
		}
		if len(r.Problems) > maxReportProblems+1 {
			t.Errorf("%d problems", len(r.Problems))
		}
		seen := map[string]bool{}
		for i := range r.Rows {
			row := &r.Rows[i]
			if _, id, ok := userARN(row.ARN); !ok || id != r.Account || seen[row.ARN] || row.User == "" {
				t.Errorf("row %d: %q", i, row.ARN)
			}
			seen[row.ARN] = true
		}
		a := Account{ID: r.Account, Users: []User{{Name: "ann", ARN: arnOf + "user/ann"}}}
		merged := a.Merge(r, MergeOptions{Complete: len(data)%2 == 0})
		if len(a.Users) != 1+len(merged.Added) {
			t.Errorf("%d users", len(a.Users))
		}
	})
}
