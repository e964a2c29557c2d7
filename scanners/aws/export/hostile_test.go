package export

import (
	"bytes"
	"compress/gzip"
	"encoding/base64"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"syscall"
	"testing"
	"unicode/utf16"

	"github.com/google/go-cmp/cmp"

	"github.com/muster-nhi/muster/internal/inventory"
	"github.com/muster-nhi/muster/scanners/aws/object"
)

const (
	userAnn  = `{"UserName": "ann", "UserId": "AIDAANN", "Arn": "arn:aws:iam::111122223333:user/ann", "CreateDate": "2020-01-01T00:00:00+00:00"}`
	userBob  = `{"UserName": "bob", "UserId": "AIDABOB", "Arn": "arn:aws:iam::111122223333:user/bob", "CreateDate": "2020-01-01T00:00:00+00:00"}`
	annOnly  = `{"UserDetailList": [` + userAnn + `], "GroupDetailList": [], "RoleDetailList": [], "Policies": []}`
	reportOf = "user,arn,user_creation_time,password_enabled,mfa_active,access_key_1_active,access_key_1_last_rotated\n" +
		"<root_account>,arn:aws:iam::111122223333:root,2019-01-01T00:00:00+00:00,not_supported,true,false,N/A\n" +
		"ann,arn:aws:iam::111122223333:user/ann,2020-01-01T00:00:00+00:00,true,true,true,2024-01-01T00:00:00+00:00\n"
)

func users(e *object.Estate) []string {
	var out []string
	for _, a := range e.Accounts {
		for i := range a.Users {
			out = append(out, a.Users[i].Name)
		}
	}
	return out
}

func statusOf(e *object.Estate, call string) inventory.Status {
	for _, l := range account1(e).Listings {
		if l.Call == call {
			return l.Status
		}
	}
	return ""
}

// However the command line, a shell or a person wrote the files, they are read; what
// is broken is told, and the rest is read.
func TestWaysToSave(t *testing.T) {
	wideText := string(rune(0xfeff)) + annOnly
	var little strings.Builder
	for _, u := range utf16.Encode([]rune(wideText)) {
		little.WriteByte(byte(u & 0xff))
		little.WriteByte(byte(u >> 8))
	}
	var compressed bytes.Buffer
	w := gzip.NewWriter(&compressed)
	if _, err := w.Write([]byte(annOnly)); err != nil || w.Close() != nil {
		t.Fatal(err)
	}
	page1 := `{"UserDetailList": [` + userAnn + `], "GroupDetailList": [], "RoleDetailList": [], "Policies": [], "IsTruncated": true, "Marker": "x"}`
	page2 := `{"UserDetailList": [` + userBob + `], "GroupDetailList": [], "RoleDetailList": [], "Policies": [], "IsTruncated": false}`
	encoded := base64.StdEncoding.EncodeToString([]byte(reportOf))
	for _, c := range []struct {
		name    string
		files   map[string]string
		users   []string
		gaad    inventory.Status
		report  inventory.Status
		problem string // of the first; empty is none
	}{
		{"a dump", map[string]string{"x": annOnly}, []string{"ann"}, "complete", "skipped", ""},
		{"UTF-16 as PowerShell writes it", map[string]string{"x.json": little.String()}, []string{"ann"}, "complete", "skipped", ""},
		{"compressed", map[string]string{"x.json.gz": compressed.String()}, []string{"ann"}, "complete", "skipped", ""},
		{"a byte order mark", map[string]string{"x.json": "\ufeff" + annOnly}, []string{"ann"}, "complete", "skipped", ""},
		{"two pages in two files", map[string]string{"1.json": page1, "2.json": page2}, []string{"ann", "bob"}, "complete", "skipped", ""},
		{"two pages in one file", map[string]string{"x.json": page1 + "\n" + page2}, []string{"ann", "bob"}, "complete", "skipped", ""},
		{"two pages in a list", map[string]string{"x.json": "[" + page1 + "," + page2 + "]"}, []string{"ann", "bob"}, "complete", "skipped", ""},
		{"the first page only", map[string]string{"x.json": page1}, []string{"ann"}, "partial", "skipped", ""},
		{"the same dump twice", map[string]string{"a/x.json": annOnly, "b/x.json": annOnly}, []string{"ann"}, "complete", "skipped", ""},
		{"a dump that is cut", map[string]string{"x.json": `{"UserDetailList": [` + userAnn + `, {"UserName": "b`}, []string{"ann"}, "partial", "skipped", "LOST x.json: ends in the middle"},
		{"a dump that is broken", map[string]string{"x.json": `{"UserDetailList": [` + userAnn + `, nonsense`, "y.json": page2}, []string{"ann", "bob"}, "partial", "skipped", "LOST x.json: is broken JSON from byte"},
		{"a field of another type", map[string]string{"x.json": `{"UserDetailList": [` + strings.Replace(userAnn, `"AIDAANN"`, `17`, 1) + `]}`}, []string{"ann"}, "partial", "skipped", ""},
		{"a report as CSV", map[string]string{"x.csv": reportOf}, []string{"ann"}, "skipped", "complete", ""},
		{"a report as the API has it", map[string]string{"x.json": `{"Content": "` + encoded + `", "ReportFormat": "text/csv", "GeneratedTime": "2026-11-22T06:00:00+00:00"}`}, []string{"ann"}, "skipped", "complete", ""},
		{"a report as base64", map[string]string{"x.txt": encoded + "\n"}, []string{"ann"}, "skipped", "complete", ""},
		{"a report that is being made", map[string]string{"x.json": annOnly, "r.json": `{"State": "STARTED", "Description": "No report exists."}`}, []string{"ann"}, "complete", "skipped", "r.json: says that the credential report was still being made"},
		{"a report that is cut", map[string]string{"x.csv": reportOf[:len(reportOf)-30]}, nil, "skipped", "partial", ""},
		{"a denied call", map[string]string{"111122223333/x.err": "\nAn error occurred (AccessDenied) when calling the GetAccountAuthorizationDetails operation: no\n", "111122223333/y.csv": reportOf}, []string{"ann"}, "denied", "complete", ""},
		{"throttled", map[string]string{"111122223333/x.err": "\nAn error occurred (Throttling) when calling the GetAccountAuthorizationDetails operation: no\n", "111122223333/y.csv": reportOf}, []string{"ann"}, "partial", "complete", ""},
		{"nothing of AWS", map[string]string{"README.md": "# Notes\n", "x.json": `{"a": 1}`}, nil, "", "", "LOST there is no file here"},
		{"an empty file", map[string]string{"x.json": " \n", "y.json": annOnly}, []string{"ann"}, "complete", "skipped", "x.json: is empty"},
		{"a file nobody understands", map[string]string{"notes.yaml": "a: b\n", "y.json": annOnly}, []string{"ann"}, "complete", "skipped", "not understood and passed over: notes.yaml"},
	} {
		t.Run(c.name, func(t *testing.T) {
			e, problems := read(t, write(t, c.files), Options{})
			if diff := cmp.Diff(c.users, users(e)); diff != "" {
				t.Error(diff)
			}
			if got := statusOf(e, gaad); got != c.gaad {
				t.Errorf("the dump is %s; %q", got, problems)
			}
			if got := statusOf(e, "iam:GetCredentialReport"); got != c.report {
				t.Errorf("the report is %s", got)
			}
			if (c.problem == "") != (len(problems) == 0) || len(problems) > 0 && !strings.Contains(problems[0], c.problem) {
				t.Errorf("problems: %q", problems)
			}
		})
	}
}

// Values that somebody saved are not read, and the file is named.
func TestValuesOfSecrets(t *testing.T) {
	arn := "arn:aws:secretsmanager:eu-central-1:111122223333:secret:db-AbCdEf"
	for name, text := range map[string]string{
		"get-secret-value":          `{"ARN": "` + arn + `", "Name": "db", "SecretString": "` + canary + `"}`,
		"batch-get-secret-value":    `{"SecretValues": [{"ARN": "` + arn + `", "SecretString": "` + canary + `"}]}`,
		"binary":                    `{"ARN": "` + arn + `", "SecretBinary": "` + canary + `"}`,
		"get-parameters":            `{"Parameters": [{"Name": "x", "Type": "SecureString", "Value": "` + canary + `", "ARN": "arn:aws:ssm:eu-central-1:111122223333:parameter/x"}]}`,
		"create-access-key":         `{"AccessKey": {"UserName": "ann", "SecretAccessKey": "` + canary + `"}}`,
		"assume-role":               `{"Credentials": {"SessionToken": "` + canary + `"}}`,
		"credential process":        `{"Version": 1, "AccessKeyId": "x", "SecretAccessKey": "` + canary + `"}`,
		"decrypt":                   `{"KeyId": "x", "Plaintext": "` + canary + `"}`,
		"describe-user-pool-client": `{"UserPoolClient": {"ClientSecret": "` + canary + `"}}`,
		"sso cache":                 `{"startUrl": "https://x", "accessToken": "` + canary + `"}`,
		"a private key":             "-----BEGIN " + "PRIVATE KEY-----\n" + canary + "\n",
	} {
		t.Run(name, func(t *testing.T) {
			_, problems := read(t, write(t, map[string]string{"x.json": text, "y.json": annOnly}), Options{})
			if len(problems) != 1 || !strings.HasPrefix(problems[0], "x.json: holds ") {
				t.Errorf("problems: %q", problems)
			}
		})
	}
}

// What stands in broken files and in errors is not quoted.
func TestNothingIsQuoted(t *testing.T) {
	read(t, write(t, map[string]string{
		"a.json": `{"Functions": [{"FunctionArn": "arn:aws:lambda:eu-central-1:111122223333:function:f", "Environment": {"Variables": {"A": "` + canary + `}}]}`,
		"b.json": `{"Functions": [{"FunctionArn": "` + canary + `"}]}`,
		"c.json": `{"UserDetailList": [{"Arn": "` + canary + `", "CreateDate": "` + canary + `"}]}`,
		"d.json": canary + ` {`,
		"e.json": `{"` + canary + `": 1}`,
		"f.csv":  strings.ReplaceAll(reportOf, "2024-01-01", canary),
		"g.json": annOnly,
		"h.json": `{"RoleDetailList": [{"Arn": "arn:aws:iam::111122223333:role/r", "AssumeRolePolicyDocument": "{` + canary + `"}]}`,
	}), Options{})
}

// Two accounts in one directory are told apart, and what does not say whose it is
// goes to none of them.
func TestWhoseFileItIs(t *testing.T) {
	secret := func(id string) string {
		return `{"SecretList": [{"ARN": "arn:aws:secretsmanager:eu-central-1:` + id + `:secret:s-1", "Name": "s"}]}`
	}
	keys := `{"AccessKeyMetadata": [{"UserName": "ann", "AccessKeyId": "AKIAX", "Status": "Active", "CreateDate": "2024-01-01T00:00:00+00:00"}]}`
	for _, c := range []struct {
		name  string
		files map[string]string
		owner string
		lost  bool
	}{
		{"the only account", map[string]string{"a.json": annOnly, "keys.json": keys}, "111122223333", false},
		{"by its directory", map[string]string{"a.json": annOnly, "b.json": secret("444455556666"), "111122223333/keys.json": keys}, "111122223333", false},
		{"by its name", map[string]string{"a.json": annOnly, "b.json": secret("444455556666"), "keys-111122223333.json": keys}, "111122223333", false},
		{"by its neighbours", map[string]string{"prod/a.json": annOnly, "prod/x/keys.json": keys, "lab/b.json": secret("444455556666")}, "111122223333", false},
		{"of either", map[string]string{"a.json": annOnly, "b.json": secret("444455556666"), "keys.json": keys}, "", true},
	} {
		t.Run(c.name, func(t *testing.T) {
			e, problems := read(t, write(t, c.files), Options{})
			owner := ""
			for _, a := range e.Accounts {
				for i := range a.Users {
					if len(a.Users[i].Keys) > 0 {
						owner = a.ID
					}
				}
			}
			if owner != c.owner {
				t.Errorf("the keys are of account %q", owner)
			}
			if lost := slices.ContainsFunc(problems, func(p string) bool { return strings.Contains(p, "LOST keys.json: does not say which account") }); lost != c.lost {
				t.Errorf("problems: %q", problems)
			}
		})
	}
}

// Links, pipes, long files and long values neither stop the reader nor lead it
// elsewhere.
func TestHostileFiles(t *testing.T) {
	if runtime.GOOS == "windows" {
		t.Log("made of what only Unix has")
		return
	}
	outside := write(t, map[string]string{"o.json": strings.ReplaceAll(annOnly, "ann", "eve")})
	dir := write(t, map[string]string{"a/x.json": annOnly, "huge.json": `{"UserDetailList": [{"UserName": "` + strings.Repeat("x", 1<<20) + `"}]}`, "long.json": strings.Repeat(" ", 1<<21) + annOnly, "\x1b[31m.json": "{"})
	for link, to := range map[string]string{"out": outside, "out.json": filepath.Join(outside, "o.json"), "up.json": "../o.json", "in.json": "a/x.json", "loop.json": "loop.json", "gone.json": "nowhere.json"} {
		if err := os.Symlink(to, filepath.Join(dir, link)); err != nil {
			t.Fatal(err)
		}
	}
	if err := syscall.Mkfifo(filepath.Join(dir, "pipe.json"), 0o600); err != nil {
		t.Fatal(err)
	}
	e, problems := read(t, dir, Options{MaxValue: 1 << 19, MaxFile: 1 << 21})
	if diff := cmp.Diff([]string{"ann"}, users(e)); diff != "" {
		t.Error(diff)
	}
	all := strings.Join(problems, "\n")
	for _, want := range []string{
		"LOST gone.json: symbolic link not followed", "LOST huge.json: from byte", "LOST long.json: is longer than 2097152 bytes", "LOST loop.json: symbolic link not followed: it leads in circles",
		"LOST out.json: symbolic link not followed: it leads out of the directory", "LOST up.json: symbolic link not followed", "pipe.json: is no regular file", "LOST %1B[31m.json: ends in the middle",
	} {
		if !strings.Contains(all, want) {
			t.Errorf("nothing says %q in:\n%s", want, all)
		}
	}
	if strings.Contains(all, "\x1b") {
		t.Error("a control character is in a problem")
	}
}

// The bounds are told.
func TestBounds(t *testing.T) {
	files := map[string]string{}
	for _, n := range []string{"a", "b", "c", "d"} {
		files[n+".json"] = "{"
	}
	_, problems := read(t, write(t, files), Options{MaxFiles: 3, MaxProblems: 2})
	if len(problems) != 3 || problems[2] != "LOST 3 problems more" {
		t.Errorf("problems: %q", problems)
	}
}

// Depth costs nothing.
func TestDepth(t *testing.T) {
	deep := strings.Repeat(`{"a":`, 100_000)
	_, problems := read(t, write(t, map[string]string{"x.json": deep, "y.json": `{"UserDetailList": [` + deep, "z.json": strings.Repeat("[", 100_000)}), Options{})
	if len(problems) < 3 {
		t.Errorf("problems: %q", problems)
	}
}

func FuzzRead(f *testing.F) {
	for _, text := range northwind(f) {
		f.Add("111122223333/eu-central-1/x.json", []byte(text))
	}
	f.Add("x.csv", []byte(reportOf))
	f.Add("x", []byte("\xff\xfe{\x00}\x00"))
	f.Fuzz(func(t *testing.T, name string, data []byte) {
		r := newReader(t.Context(), Options{MaxValue: 1 << 16}.withDefaults())
		r.file(name, strings.NewReader(string(data)))
		e := r.finish()
		for _, a := range e.Accounts {
			if !object.IsAccount(a.ID) {
				t.Errorf("an account is called %q", a.ID)
			}
		}
		for _, p := range r.problems.All() {
			if p.Message == "" || inventory.Printable(p.Path) != p.Path && !strings.Contains(p.Path, "%") {
				t.Errorf("problem %+v", p)
			}
		}
	})
}
