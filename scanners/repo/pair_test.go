package repo

import (
	"testing"
)

// TestPairs: an id and the secret beside it are one credential; an id that
// stands elsewhere, too, is kept.
func TestPairs(t *testing.T) {
	id, value := "AKIA"+"Y34FZKBOKMUTVV7A", "p9Zr4Lw"+"7Kq2Xn5"+"Vb8Td1"+"Gc6Hj3Mf0Ys/Qe+RuA4o"
	both := "aws_access_key_id = " + id + "\naws_secret_access_key = " + value + "\n"
	for _, tt := range []struct {
		name  string
		files []string
		alone bool // whether the id is a credential of its own
	}{
		{"beside", []string{"deploy.env", both}, false},
		{"beside, in two files", []string{"deploy.env", both, "copy.env", both}, false},
		{"alone", []string{"deploy.env", "aws_access_key_id = " + id + "\n"}, true},
		{"elsewhere, too", []string{"deploy.env", both, "run.sh", "export ID=" + id + "\n"}, true},
	} {
		t.Run(tt.name, func(t *testing.T) {
			b := newBuilder(t)
			b.commit("one", tt.files...)
			r := scan(t, map[string]any{"path": b.dir})
			if alone := r.credential(id) != nil; alone != tt.alone {
				t.Errorf("the id is a credential of its own: %v", alone)
			}
			c := r.credential(value)
			if c == nil {
				if tt.name != "alone" {
					t.Error("the secret was not found")
				}
				return
			}
			if c.PublicID != id || c.Attributes["account"] != "609629065308" || !tt.alone && c.Attributes["also"] != "aws-access-token" {
				t.Errorf("public id %q, account %q, also %q", c.PublicID, c.Attributes["account"], c.Attributes["also"])
			}
		})
	}
}
