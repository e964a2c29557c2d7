package condition_test

import (
	"testing"
	"time"

	"github.com/muster-nhi/muster/internal/inventory"
	"github.com/muster-nhi/muster/internal/privilege/gcp/condition"
)

// FuzzCondition proves that no expression fails, takes long, or becomes certain of the
// contrary when more is known.
func FuzzCondition(f *testing.F) {
	for _, s := range []string{
		`request.time < timestamp("2027-01-01T00:00:00Z")`, `resource.name.startsWith("a") && resource.type != "b"`, `resource.matchTag("1/a", "b") || !resource.hasTagKey("1/c")`,
		`api.getAttribute("iam.googleapis.com/modifiedGrantsByRole", []).hasOnly(["roles/viewer"])`, `assertion.sub == "a" || assertion.sub in ["b", "c"]`, `[1,2,3].all(x, [1,2,3].all(y, x*y < 10))`,
		`resource.name.matches("(a+)+$")`, `resource.name.extract("{a}/b") == "x" ? request.host == "y" : false`, `"a" in destination.ip`, `1/0 == 1`,
	} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		c := condition.New(s)
		start := time.Now()
		now := now()
		nothing := c.Holds(&condition.Context{})
		timed := c.Holds(&condition.Context{Now: now})
		all := c.Holds(&condition.Context{Now: now, Resource: true, Name: "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaab", Type: "b", TagsKnown: true})
		if took := time.Since(start); took > 5*time.Second {
			t.Fatalf("%q takes %v", s, took)
		}
		for _, more := range []inventory.Tri{timed, all} {
			if nothing != inventory.Unknown && more != nothing && more != inventory.Unknown {
				t.Fatalf("%q is %v where nothing is known and %v where something is", s, nothing, more)
			}
		}
		condition.ReadClaims(s)
		condition.MappedClaim(s)
	})
}

// TestBounded holds expressions that are made to be dear.
func TestBounded(t *testing.T) {
	big := "true"
	for range 3000 {
		big += " || true"
	}
	deep := ""
	for range 500 {
		deep += "("
	}
	list := "[0,1,2,3,4,5,6,7,8,9,10,11,12,13,14,15,16,17,18,19]"
	for name, s := range map[string]string{
		"long": big, "deep": deep + "true", "nested": list + ".all(a, " + list + ".all(b, " + list + ".all(c, " + list + ".all(d, " + list + ".all(e, a+b+c+d+e >= 0)))))",
	} {
		t.Run(name, func(t *testing.T) {
			start := time.Now()
			got := condition.New(s).Holds(&condition.Context{Now: now()})
			if got != inventory.Unknown || time.Since(start) > 5*time.Second {
				t.Errorf("is %v after %v", got, time.Since(start))
			}
		})
	}
}

// FuzzGate proves that no attribute condition and no mapping fails or takes long, or
// becomes certain of the contrary when more is known.
func FuzzGate(f *testing.F) {
	f.Add(`assertion.sub.matches("^repo:northwind/.*$")`, "assertion.repository + '@' + assertion.ref", "northwind/web@refs/heads/main")
	f.Add(`has(assertion.x) ? attribute.y == "z" : google.subject in ["a"]`, "{assertion.a", "")
	f.Add("\x00", "assertion['a'].extract('{x}')", "\x00")
	f.Fuzz(func(t *testing.T, text, mapping, value string) {
		g := condition.NewGate(text, map[string]string{"google.subject": mapping, "attribute.y": mapping, mapping: text})
		less, more := g.Admits(nil, "", ""), g.Admits(map[string]string{"sub": "repo:a/b:pull_request", "repository": "a/b"}, "", "")
		if less == -more && less != inventory.Unknown {
			t.Errorf("%q with %q is %v, and %v when more is known", text, mapping, less, more)
		}
		g.Admits(nil, "google.subject", value)
	})
}
