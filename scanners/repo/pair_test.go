package repo

import (
	"strings"
	"testing"

	"github.com/muster-nhi/muster/internal/inventory"
)

// keyPair is an access key that nobody ever had.
func keyPair() (id, value string) {
	return "AKIA" + "Y34FZKBOKMUTVV7A", "p9Zr4Lw" + "7Kq2Xn5" + "Vb8Td1" + "Gc6Hj3Mf0Ys/Qe+RuA4o"
}

// TestPairs: an id and the secret beside it are one credential, which bears the
// id's name; what was said of the id alone holds for it.
func TestPairs(t *testing.T) {
	id, value := keyPair()
	other := "w3Xc8Vn" + "1Lk6Jh" + "4Gf9Ds2" + "Qp5Oi7Uy0Tr/Ee+WqZ8m"
	both := "aws_access_key_id = " + id + "\naws_secret_access_key = " + value + "\n"
	alone := newBuilder(t)
	alone.commit("one", "deploy.env", "aws_access_key_id = "+id+"\n")
	before := scan(t, map[string]any{"path": alone.dir, "name": "acme"}).credential(id)
	for _, tt := range []struct {
		name    string
		commits [][]string
		places  string
		secrets []string // which stay credentials of their own
	}{
		{"beside", [][]string{{"deploy.env", both}}, "deploy.env:1 at head\n", nil},
		{"the id came first", [][]string{{"deploy.env", "aws_access_key_id = " + id + "\n"}, {"deploy.env", both}}, "deploy.env:1 at head\ndeploy.env:2 at head\n", nil},
		{"in two files", [][]string{{"copy.env", both, "deploy.env", both}}, "copy.env:1 at head\ndeploy.env:1 at head\n", nil},
		{"the id elsewhere, too", [][]string{{"deploy.env", both}, {"run.sh", "export ID=" + id + "\n"}}, "deploy.env:1 at head\nrun.sh:1 at head\n", nil},
		{"the secret elsewhere, earlier", [][]string{{"a.env", "aws_secret_access_key = " + value + "\n"}, {"deploy.env", both}}, "deploy.env:1 at head\na.env:1 at head\n", nil},
		{"the secret far below", [][]string{{"deploy.env", both + strings.Repeat("#\n", besideLines) + "aws_secret_access_key = " + value + "\n"}}, "deploy.env:1 at head\ndeploy.env:13 at head\n", nil},
		{"the secret is gone", [][]string{{"deploy.env", both}, {"deploy.env", "aws_access_key_id = " + id + "\n"}}, "deploy.env:1 at head\ndeploy.env:2\n", nil},
		{"two secrets", [][]string{{"deploy.env", both}, {"later.env", strings.ReplaceAll(both, value, other)}}, "deploy.env:1 at head\nlater.env:1 at head\n", []string{other}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			b := newBuilder(t)
			for _, files := range tt.commits {
				b.commit("one", files...)
			}
			r := scan(t, map[string]any{"path": b.dir, "name": "acme"})
			if r.credential(id) != nil {
				t.Error("the id is a credential of its own")
			}
			c := r.credential(value)
			if c == nil {
				t.Fatal("the secret was not found")
			}
			if c.ID != before.ID || c.Detector != before.Detector || c.Type != before.Type || c.PublicID != id || c.Attributes["account"] != before.Attributes["account"] {
				t.Errorf("%s by %s, %s, public id %q, account %q; want what the id alone was", c.ID, c.Detector, c.Type, c.PublicID, c.Attributes["account"])
			}
			if c.Attributes["kind"] != "secret access key" || c.Attributes["also"] != "generic-api-key" || c.AtHead != inventory.True {
				t.Errorf("kind %q, also %q, at head %v", c.Attributes["kind"], c.Attributes["also"], c.AtHead)
			}
			if got := places(c); got != tt.places {
				t.Errorf("found at\n%swant\n%s", got, tt.places)
			}
			for _, s := range tt.secrets {
				if own := r.credential(s); own == nil || own.PublicID != id {
					t.Error("a second secret is lost, or does not name its id")
				}
			}
			n := 0
			for _, x := range r.records {
				if x.Credential != nil {
					n++
				}
			}
			if n != 1+len(tt.secrets) || r.only(t).Count != n {
				t.Errorf("%d credentials, %d counted, want %d", n, r.only(t).Count, 1+len(tt.secrets))
			}
		})
	}
}

// TestSuppressedPairs: what suppresses one of both lines leaves the other, as
// each is found by a rule of its own.
func TestSuppressedPairs(t *testing.T) {
	id, value := keyPair()
	both := "aws_access_key_id = " + id + "\naws_secret_access_key = " + value + "\n"
	for name, tt := range map[string]struct{ ignore, hash, detector string }{
		"the id":     {"deploy.env:aws-access-token:1\n", value, "gitleaks:generic-api-key"},
		"the secret": {"deploy.env:generic-api-key:2\n", id, "gitleaks:aws-access-token"},
		"both":       {"deploy.env:aws-access-token:1\ndeploy.env:generic-api-key:2\n", "", ""},
	} {
		t.Run(name, func(t *testing.T) {
			b := newBuilder(t)
			b.commit("one", "deploy.env", both, ".gitleaksignore", tt.ignore)
			r := scan(t, map[string]any{"path": b.dir})
			n := 0
			for _, x := range r.records {
				if x.Credential == nil {
					continue
				}
				if n++; x.Credential.SecretHash != hashOf(tt.hash) || x.Credential.Detector != tt.detector || x.Credential.PublicID != id {
					t.Errorf("%s by %s, public id %q", x.Credential.ID, x.Credential.Detector, x.Credential.PublicID)
				}
			}
			if want := min(1, len(tt.hash)); n != want {
				t.Errorf("%d credentials, want %d", n, want)
			}
		})
	}
}

// TestDeclaredPairs: what a declaration says of either half is said of the key.
func TestDeclaredPairs(t *testing.T) {
	id, value := keyPair()
	b := newBuilder(t)
	b.commit("one", "deploy.env", "aws_access_key_id = "+id+"\naws_secret_access_key = "+value+"\n",
		".mcp.json", `{"mcpServers": {"s3": {"command": "npx", "env": {"AWS_ACCESS_KEY_ID": "`+id+`", "AWS_SECRET_ACCESS_KEY": "`+value+"\"}}}}\n")
	r := scan(t, map[string]any{"path": b.dir})
	n, users := 0, 0
	for _, x := range r.records {
		switch {
		case x.Credential != nil:
			n++
		case x.Consumer != nil && x.Consumer.Subject == r.credential(value).ID:
			users++
		}
	}
	if c := r.credential(value); n != 1 || users == 0 || c.Exposure != "agent_config" || c.PublicID != id {
		t.Errorf("%d credentials, %d consumers, exposure %q, public id %q", n, users, c.Exposure, c.PublicID)
	}
}
