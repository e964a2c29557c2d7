package cloud

import (
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/muster-nhi/muster/internal/inventory"
)

func TestMatches(t *testing.T) {
	for _, c := range []struct {
		pattern, call string
		want          bool
	}{
		{"kms:ListKeys", "kms:ListKeys", true},
		{"kms:ListKeys", "kms:ListKeysX", false},
		{"kms:*", "kms:ListKeys", true},
		{"kms:*", "iam:ListKeys", false},
		{"*.list", "secrets.list", true},
		{"*.list", "secrets.listAll", false},
		{"a*b*c", "aXbYc", true},
		{"a*b*c", "aXcYb", false},
		{"ab*b", "ab", false}, // no byte is matched twice
		{"a*bc*c", "abc", false},
		{"*", "", true},
		{"", "x", false},
	} {
		if got := Matches(c.pattern, c.call); got != c.want {
			t.Errorf("%q of %q is %v", c.call, c.pattern, got)
		}
	}
}

func TestFeeds(t *testing.T) {
	type feed struct{ call, loss string }
	feeds := NewFeeds([]inventory.Kind{inventory.KindIdentity, inventory.KindCredential}, func(k inventory.Kind) []feed {
		if k == inventory.KindIdentity {
			return []feed{{"iam:ListUsers", "users"}, {"iam:*", "others"}}
		}
		return []feed{{"iam:ListAccessKeys", "keys"}}
	}, func(f feed) string { return f.call })
	for range 2 { // from the table, and from memory
		first, _ := feeds.Of(inventory.KindIdentity, "iam:ListUsers")
		other, ok := feeds.Of(inventory.KindIdentity, "iam:ListAccessKeys")
		if first.loss != "users" || other.loss != "others" || !ok {
			t.Errorf("identities come as %v and %v, %v", first, other, ok)
		}
		if f, ok := feeds.Of(inventory.KindCredential, "iam:ListUsers"); ok {
			t.Errorf("credentials come from a list of users: %v", f)
		}
		if !feeds.Any("iam:ListRoles") || feeds.Any("kms:ListKeys") {
			t.Error("what feeds anything is told otherwise")
		}
	}
	if len(feeds.List(inventory.KindIdentity)) != 2 || len(feeds.List(inventory.KindGrant)) != 0 {
		t.Error("the lists of kinds are others")
	}
}

// TestStatus sums up listings: main ones, without which next to nothing is seen, and
// others.
func TestStatus(t *testing.T) {
	type told struct {
		status inventory.Status
		main   bool
	}
	denied, skipped, partial, complete := inventory.StatusDenied, inventory.StatusSkipped, inventory.StatusPartial, inventory.StatusComplete
	for name, c := range map[string]struct {
		told  []told
		count int
		want  inventory.Status
	}{
		"all told":                            {[]told{{complete, true}, {"", true}}, 3, complete},
		"nothing there":                       {[]told{{complete, true}}, 0, complete},
		"denied":                              {[]told{{denied, true}}, 0, denied},
		"denied, and yet something":           {[]told{{denied, true}}, 1, partial},
		"one of two denied":                   {[]told{{denied, true}, {complete, true}}, 0, partial},
		"denied and skipped":                  {[]told{{denied, true}, {skipped, true}}, 0, denied},
		"skipped":                             {[]told{{skipped, true}, {skipped, true}}, 0, skipped},
		"what is not main denied":             {[]told{{complete, true}, {denied, false}}, 0, partial},
		"no main one, all denied":             {[]told{{denied, false}, {denied, false}}, 0, denied},
		"no main one, and yet something":      {[]told{{denied, false}}, 1, partial},
		"no main one, some denied":            {[]told{{denied, false}, {complete, false}}, 0, partial},
		"no main one, one broken off":         {[]told{{denied, false}, {partial, false}}, 0, partial},
		"no main one, denied and skipped":     {[]told{{denied, false}, {skipped, false}}, 0, denied},
		"no main one, skipped":                {[]told{{skipped, false}}, 0, skipped},
		"main in part":                        {[]told{{partial, true}}, 0, partial},
		"main denied, and another one denied": {[]told{{denied, true}, {denied, false}}, 0, denied},
	} {
		t.Run(name, func(t *testing.T) {
			var r Reasons
			for i, x := range c.told {
				r.Tell(Listing{Call: "x:List" + strconv.Itoa(i), Status: x.status, Reason: "no"}, "", x.main)
			}
			status, reason := r.Status(c.count)
			if status != c.want || (reason == "") != (status == complete) || r.Empty() != (status == complete) {
				t.Errorf("it is %s: %q", status, reason)
			}
		})
	}
	for refused, want := range map[bool]inventory.Status{true: denied, false: skipped} {
		var r Reasons
		r.Nothing("nobody asked", refused)
		if status, reason := r.Status(0); status != want || reason != "nobody asked" {
			t.Errorf("it is %s: %q", status, reason)
		}
	}
}

// TestMainFirst tells first what matters most, and bounds what it tells.
func TestMainFirst(t *testing.T) {
	var r Reasons
	r.Tell(Listing{Call: "x:Little", Status: inventory.StatusPartial, Reason: "slow"}, "a detail", false)
	r.Tell(Listing{Call: "x:Much", Where: "eu", Status: inventory.StatusDenied, Reason: "x:Much in eu: the permission x:Much is missing"}, "all keys", true)
	if want, got := "x:Much in eu (all keys): the permission is missing; x:Little (a detail): slow", r.Text(); got != want {
		t.Errorf("it says %q", got)
	}
	for i := range 40 {
		r.Tell(Listing{Call: "y:List", Status: inventory.StatusPartial, Reason: "reason " + strconv.Itoa(i)}, "", false)
	}
	if got := r.Text(); !strings.HasSuffix(got, "; and 30 more") || strings.Count(got, "; ") != maxReasons {
		t.Errorf("it says %q", got)
	}
}

func TestTags(t *testing.T) {
	tags := []Tag{{"", "x"}, {"Env", " PRD "}, {"reviewed-at", "2026-03-01"}, {"empty", ""}, {"ctl", "a\x1bb"}}
	if got := EnvironmentOf(nil, tags); got != "production" {
		t.Errorf("the environment is %q", got)
	}
	if got := EnvironmentOf([]Tag{{"env", "Blue"}}); got != "Blue" {
		t.Errorf("the environment is %q", got)
	}
	if got := EnvironmentOf([]Tag{{"env", "a\x1bb"}}); got != "" {
		t.Errorf("the environment is %q", got)
	}
	if got := ReviewedAt(tags); !got.Equal(time.Date(2026, 3, 1, 0, 0, 0, 0, time.UTC)) {
		t.Errorf("it was reviewed at %v", got)
	}
	if got := ReviewedAt([]Tag{{"reviewed_at", "last summer"}}); !got.IsZero() {
		t.Errorf("it was reviewed at %v", got)
	}
	if got := TagValue(tags, "EMPTY", "env"); got != " PRD " {
		t.Errorf("the value is %q", got)
	}
	var many []Tag
	for i := range 2 * maxTags {
		many = append(many, Tag{strconv.Itoa(i), strings.Repeat("x", 5*MaxText)})
	}
	out := TagsOf(many)
	if len(out) != maxTags || len(out["0"]) > MaxText+len("…") {
		t.Errorf("%d tags of %d bytes are kept", len(out), len(out["0"]))
	}
	if TagsOf(nil) != nil {
		t.Error("no tags are some")
	}
}

func TestWords(t *testing.T) {
	long := strings.Repeat("x", 2*MaxText)
	for in, want := range map[string]string{"": "-", "plain": "plain", "50%": inventory.Printable("50%"), "a b": inventory.Printable("a b")} {
		if got := Word(in); got != want {
			t.Errorf("%q is %q", in, got)
		}
	}
	if a, b := Word(long+"a"), Word(long+"b"); a == b || len(a) > MaxText+len("…")+16 {
		t.Error("what is cut is not told apart, or not cut")
	}
	if len(Label(long)) > MaxName+len("…") {
		t.Error("a label is too long")
	}
	names := []string{"b", "", "a", "b"}
	if got := List(names); got != "a,b" || names[0] != "b" {
		t.Errorf("the list is %q, of %v", got, names)
	}
	for i := range MaxMore {
		names = append(names, strconv.Itoa(i))
	}
	if got := InOrder(names); !strings.HasSuffix(got, ",… (54)") {
		t.Errorf("the list is %q", got)
	}
	if diff := cmp.Diff([]string{"x", "y"}, PublicIDs([]string{"x", "", "y", "x"})); diff != "" {
		t.Error(diff)
	}
}

func TestAttributes(t *testing.T) {
	a := Attributes{}
	a.Set("empty", "")
	a.Yes("no", false)
	a.Yes("yes", true)
	a.Tri("unknown", inventory.Unknown)
	a.Tri("false", inventory.False)
	a.Time("never", time.Time{})
	a.Time("at", time.Date(2026, 11, 2, 9, 30, 0, 5, time.FixedZone("", 3600)))
	a.Count("none", 0, true)
	a.Count("nobody knows", 0, false)
	a.Count("three", 3, false)
	a.Add(map[string]string{"yes": "taken", "more": "x", "": "nameless"})
	want := Attributes{"yes": "true", "false": "false", "at": "2026-11-02T08:30:00Z", "none": "0", "three": "3", "more": "x"}
	if diff := cmp.Diff(want, a); diff != "" {
		t.Error("attributes (-want +got):\n", diff)
	}
}
