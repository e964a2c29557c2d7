package repo

import (
	"strings"
	"testing"
)

// TestCredentialFiles finds passwords that only the format of their file tells,
// in history and on disk, with the commit that brought them in.
func TestCredentialFiles(t *testing.T) {
	first, second, third := "plain"+"FirstWord", "plain"+"SecondWord", "plain"+"ThirdWord"
	b := newBuilder(t)
	one := b.commit("one", "home/.netrc", "machine git.northwind.example login dana password "+first+"\n")
	b.commit("two", "home/.netrc", "# kept\nmachine git.northwind.example login dana password "+first+"\n", ".pgpass", "db.northwind.example:5432:o:app:"+second+"\n")
	b.git("rm", "-q", ".pgpass")
	b.commit("three")
	b.write(".git-credentials", "https://ada:"+third+"@git.northwind.example\nhttps://x:${TOKEN}@git.example\n")
	r := scan(t, map[string]any{"path": b.dir})
	if r.err != nil {
		t.Fatal(r.err)
	}
	for secret, want := range map[string]string{
		first: "home/.netrc:1 at head\n", second: ".pgpass:1\n", third: ".git-credentials:1 uncommitted at head\n",
	} {
		c := r.credential(secret)
		if c == nil {
			t.Errorf("%s was not found", strings.TrimSpace(want))
			continue
		}
		if got := places(c); got != want {
			t.Errorf("places are %q, want %q", got, want)
		}
	}
	if c := r.credential(first); c != nil && (c.FoundAt[0].Commit != one || c.PublicID != "dana@git.northwind.example" || c.Detector != "muster:netrc-password") {
		t.Errorf("commit %s, public id %q, detector %s", c.FoundAt[0].Commit, c.PublicID, c.Detector)
	}
	if n := r.only(t).Count; n != 3 {
		t.Errorf("%d credentials, want 3", n)
	}
	b.commit("four", ".gitleaks.toml", "[extend]\nuseDefault = true\n[[allowlists]]\npaths = ['''home/''']\n")
	r = scan(t, map[string]any{"path": b.dir})
	if r.credential(first) != nil || r.only(t).Suppressed[".gitleaks.toml allowlist"] != 1 {
		t.Errorf("an allowed path is not left out, or not counted: %v", r.only(t).Suppressed)
	}
}

// TestFormatsNotRead: what is locked or too large is said.
func TestFormatsNotRead(t *testing.T) {
	b := newBuilder(t)
	big := strings.Repeat("-- nothing here but a comment of a dump\n", 9<<20/40)
	b.commit("one", "vault/team.kdbx", "locked", "release.jks", "locked", "dump.sql", big)
	b.git("rm", "-q", "release.jks")
	b.commit("two")
	b.write("more.sql", big)
	for name, config := range map[string]map[string]any{"all": {"path": b.dir}, "history": {"path": b.dir, "worktree": false}} {
		notes := strings.Join(scan(t, config).only(t).Notes, "\n")
		large := map[string]string{"all": "2 files or versions", "history": "1 files or versions"}[name]
		if !strings.Contains(notes, "1 files are stores of secrets") || !strings.Contains(notes, large) {
			t.Errorf("%s: notes are %s", name, notes)
		}
	}
}

// TestFormatInUTF16 reads settings as Windows' programs write them.
func TestFormatInUTF16(t *testing.T) {
	secret := "plain" + "FourthWord"
	var wide []byte
	for _, b := range []byte("<configuration><packageSourceCredentials><Feed>\n<add key=\"ClearTextPassword\" value=\"" + secret + "\"/></Feed></packageSourceCredentials></configuration>") {
		wide = append(wide, b, 0)
	}
	b := newBuilder(t)
	b.commit("one", "nuget.config", "\xff\xfe"+string(wide))
	c := scan(t, map[string]any{"path": b.dir}).credential(secret)
	if c == nil || c.FoundAt[0].Line != 2 || c.Type != "nuget.password" {
		t.Error("not found on line 2 as a password of NuGet")
	}
}
