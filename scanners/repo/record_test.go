package repo

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/muster-nhi/muster/internal/inventory"
)

// TestCredentialRecord follows one secret through a history: by whom it came
// in, where it went, who owns it.
func TestCredentialRecord(t *testing.T) {
	s := canary("record")
	b := newBuilder(t)
	b.commit("owners", ".github/CODEOWNERS", "* @northwind/robots\n/deploy/ ops@northwind.example\n", ".mailmap", "Ada Lovelace <ada@northwind.example> Ada Park <ada@northwind.example>\n")
	first := b.commit("one", "src/app.py", "import os\ntoken = \""+s+"\"\n")
	b.commit("two", "src/app.py", "import os\nimport sys\ntoken = \""+s+"\"\n")
	second := b.commit("three", "deploy/run.sh", "#!/bin/sh\nexport TOKEN="+s+"\n")
	last := b.commit("four", "src/app.py", "import os\n")
	r := scan(t, map[string]any{"path": b.dir})
	got := r.credential(s)
	if got == nil {
		t.Fatal("not found")
	}
	scope := "local/" + got.FoundAt[0].Repo[len("local/"):]
	at := func(tick int) time.Time {
		return time.Date(2026, 1, 1, 12, 0, 0, 0, time.UTC).Add(time.Duration(tick) * time.Hour)
	}
	author := "Ada Lovelace <ada@northwind.example>"
	want := &inventory.Credential{
		ID: "repo:" + scope + "/secret/github-pat/" + string(hashOf(s))[len("hmac-sha256:")+9:][:16], Type: "github.token", Scope: scope,
		SecretHash: hashOf(s), Store: "git", Exposure: "repository", Detector: "gitleaks:github-pat",
		AtHead: inventory.True, Personal: inventory.True, AtTip: inventory.True, FirstSeenAt: at(6), LastSeenAt: at(15), FirstCommit: first, LastCommit: last,
		FoundAt: []inventory.Location{
			{URI: "src/app.py", Repo: scope, Commit: first, Line: 2, Column: 10, Author: author, Date: at(6), AtHead: inventory.False},
			{URI: "deploy/run.sh", Repo: scope, Commit: second, Line: 2, Column: 14, Author: author, Date: at(12), AtHead: inventory.True},
		},
	}
	ignore := cmpopts.IgnoreFields(inventory.Credential{}, "Hint", "Name", "Attributes", "PublicID")
	if diff := cmp.Diff(want, got, ignore); diff != "" {
		t.Errorf("the record differs:\n%s", diff)
	}
	var owners []string
	for _, x := range r.records {
		if x.Owner != nil && x.Owner.Subject == got.ID {
			owners = append(owners, x.Owner.Method+" "+x.Owner.Kind+" "+x.Owner.Owner+" "+x.Owner.Source)
		}
	}
	wantOwners := []string{
		"codeowners team @northwind/robots .github/CODEOWNERS:1",
		"codeowners person ops@northwind.example .github/CODEOWNERS:2",
		"last_author person " + author + " deploy/run.sh@" + second,
	}
	if diff := cmp.Diff(wantOwners, owners); diff != "" {
		t.Errorf("owners differ:\n%s", diff)
	}
}

func TestBots(t *testing.T) {
	for author, want := range map[string]bool{
		"dependabot[bot] <49699333+dependabot[bot]@users.noreply.github.com>": true,
		"Renovate Bot <bot@renovateapp.com>":                                  true,
		"github-actions <actions@northwind.example>":                          true,
		"Ada Park <123+ada@users.noreply.github.com>":                         false,
		"Abbot Smith <abbot@northwind.example>":                               false,
	} {
		if got := isBot(author); got != want {
			t.Errorf("%s: got %v", author, got)
		}
	}
}

func TestScopeNames(t *testing.T) {
	for remote, want := range map[string]string{
		"https://github.com/Northwind/Robots.git":               "github.com/Northwind/Robots",
		"https://user:" + "pw@GitHub.com/northwind/robots":      "github.com/northwind/robots",
		"git@gitlab.northwind.example:group/sub/app.git":        "gitlab.northwind.example/group/sub/app",
		"ssh://git@gitlab.northwind.example:2222/group/app.git": "gitlab.northwind.example/group/app",
		"/srv/git/app.git":                  "local/here",
		"../app.git":                        "local/here",
		"file:///srv/git/a.git":             "local/here",
		`C:\repos\app`:                      "local/here",
		"":                                  "local/here",
		"https://github.com/a/b\n\x1b[31mc": "local/here",
		"git@github.com:a/b c\x1b[31m":      "github.com/a/b-c-[31m",
	} {
		if got := scopeOf(remote, "/x/here"); got != want {
			t.Errorf("%q: got %q, want %q", remote, got, want)
		}
	}
}
