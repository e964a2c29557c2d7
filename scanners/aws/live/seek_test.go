package live_test

import (
	"context"
	"encoding/base32"
	"errors"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/muster-nhi/muster/internal/inventory"
	"github.com/muster-nhi/muster/scanners/aws/live"
	"github.com/muster-nhi/muster/scanners/aws/live/fake"
	"github.com/muster-nhi/muster/scanners/aws/object"
)

// issued makes the id of an access key of the account, or with other bits of
// another, at run time, so that this file holds none.
func issued(of uint64, n byte) string {
	bits := 1<<47 | of<<7 | uint64(n)
	raw := []byte{byte(bits >> 40), byte(bits >> 32), byte(bits >> 24), byte(bits >> 16), byte(bits >> 8), byte(bits), 1, 2, 3, n}
	return "AK" + "IA" + base32.StdEncoding.EncodeToString(raw)
}

const accountNumber = 111122223333

// old is an id of before 2019, which does not tell its account.
func old(n string) string { return "AK" + "IA" + "I" + strings.Repeat("A", 14) + n }

// seeking gives some ids to a reading.
func seeking(o live.Options, ids ...string) live.Options {
	o.Sought = func(_ context.Context, typ string) ([]string, error) {
		if typ != "aws.access_key" {
			return nil, errors.New("it seeks " + typ)
		}
		return ids, nil
	}
	return o
}

// whose says whose a key is, and lists the keys of that user.
func whose(s *fake.Server, id, user, status string) {
	s.Set(account, "", "iam:GetAccessKeyLastUsed?AccessKeyId="+id, fake.Tree{
		"UserName": user, "AccessKeyLastUsed": fake.Tree{"ServiceName": "s3", "Region": eu, "LastUsedDate": "2026-11-02T07:00:00Z"},
	})
	s.Set(account, "", "iam:ListAccessKeys?UserName="+user, fake.Tree{"AccessKeyMetadata": []any{
		fake.Tree{"UserName": user, "AccessKeyId": id, "Status": status, "CreateDate": "2024-01-10T08:05:00Z"},
	}})
}

// counts says how often each call was made.
func counts(s *fake.Server) map[string]int {
	out := map[string]int{}
	for _, r := range s.Requests() {
		out[r.Action]++
	}
	return out
}

func userOf(t *testing.T, a *object.Account, name string) *object.User {
	t.Helper()
	i := slices.IndexFunc(a.Users, func(u object.User) bool { return u.Name == name })
	if i < 0 {
		t.Fatalf("no user %s", name)
	}
	return &a.Users[i]
}

// TestLeakedKeysOfALargeAccount looks up the keys that leaked, with two requests
// for each and nothing else.
func TestLeakedKeysOfALargeAccount(t *testing.T) {
	s := large(1000, 10, 0)
	plain := read(t, options(t, s))
	before := counts(s)
	s.Forget()
	leaked, gone, elsewhere, early, strange := issued(accountNumber, 1), issued(accountNumber, 2), issued(accountNumber+1, 1), old("B"), old("C")
	whose(s, leaked, "user-0007", "Inactive")
	whose(s, early, "user-0500", "Active")
	s.Set(account, "", "iam:GetAccessKeyLastUsed?AccessKeyId="+strange, fake.Refusal("AccessDenied", http.StatusForbidden))
	e := read(t, seeking(options(t, s), leaked, gone, elsewhere, early, strange, "AS"+"IA"+leaked[4:], "no id"))
	a := e.Accounts[0]
	want := []object.SoughtKey{{ID: early, User: "user-0500", Listed: true}, {ID: leaked, User: "user-0007", Listed: true}, {ID: gone, Gone: true}}
	slices.SortFunc(want, func(x, y object.SoughtKey) int { return strings.Compare(x.ID, y.ID) })
	if d := cmp.Diff(want, a.Sought); d != "" {
		t.Error(d)
	}
	if !a.SoughtAll || len(a.SoughtProblems) > 0 {
		t.Errorf("all is %v, problems %q", a.SoughtAll, a.SoughtProblems)
	}
	key := object.AccessKey{
		ID: leaked, Slot: 1, Active: inventory.False, CreatedAt: time.Date(2024, 1, 10, 8, 5, 0, 0, time.UTC), Used: inventory.True,
		LastUsed: time.Date(2026, 11, 1, 22, 15, 0, 0, time.UTC), LastRegion: eu, LastCause: "s3",
	}
	if d := cmp.Diff([]object.AccessKey{key}, userOf(t, a, "user-0007").Keys); d != "" {
		t.Error(d)
	}
	if k := userOf(t, a, "user-0008").Keys; len(k) != 1 || k[0].ID != "" {
		t.Errorf("another user: %+v", k)
	}
	after := counts(s)
	before["iam:GetAccessKeyLastUsed"], before["iam:ListAccessKeys"] = 4, 2 // not for the key of another account
	if d := cmp.Diff(before, after); d != "" {
		t.Error(d)
	}
	if plain.Accounts[0].SoughtAll || len(plain.Accounts[0].Sought) > 0 {
		t.Errorf("nobody sought: %+v", plain.Accounts[0].Sought)
	}
}

// TestLeakedKeysOfASmallAccount asks about no key that it lists anyway, and about
// one that it does not.
func TestLeakedKeysOfASmallAccount(t *testing.T) {
	s := northwind()
	read(t, options(t, s))
	before := counts(s)
	s.Forget()
	leaked, gone := issued(accountNumber, 1), issued(accountNumber, 2)
	s.Set(account, "", "iam:ListAccessKeys?UserName=ci", fake.Tree{"AccessKeyMetadata": []any{
		fake.Tree{"UserName": "ci", "AccessKeyId": leaked, "Status": "Active", "CreateDate": "2024-01-10T08:05:00Z"},
	}})
	a := read(t, seeking(options(t, s), leaked, gone, old("B"))).Accounts[0]
	if d := cmp.Diff([]object.SoughtKey{{ID: gone, Gone: true}}, a.Sought); d != "" {
		t.Error(d)
	}
	before["iam:GetAccessKeyLastUsed"]++
	if d := cmp.Diff(before, counts(s)); d != "" {
		t.Error(d)
	}
}

// TestLeakedKeysThatCannotBeToldOf says so.
func TestLeakedKeysThatCannotBeToldOf(t *testing.T) {
	one, two := issued(accountNumber, 1), issued(accountNumber, 2)
	refuse := func(s *fake.Server, id string) {
		s.Set(account, "", "iam:GetAccessKeyLastUsed?AccessKeyId="+id, fake.Refusal("AccessDenied", http.StatusForbidden))
	}
	for _, c := range []struct {
		name    string
		ids     []string
		server  func(*fake.Server)
		change  func(*live.Options)
		problem string // in what is told
		asked   int
	}{
		{"the permission is missing", []string{one, two}, func(s *fake.Server) { refuse(s, one); refuse(s, two) }, nil, "whose 2 keys are that lie about is not known: the permission iam:GetAccessKeyLastUsed is missing", 2},
		{"AWS is silent of one", []string{one, two}, func(s *fake.Server) { refuse(s, one); whose(s, two, "user-0001", "Active") }, nil, "whose 1 keys are that lie about is not known: AWS does not tell", 2},
		{"the server fails", []string{one}, func(s *fake.Server) {
			s.Set(account, "", "iam:GetAccessKeyLastUsed?AccessKeyId="+one, fake.Refusal("MalformedInput", http.StatusBadRequest))
		}, nil, "MalformedInput", 1},
		{"the others do not end", []string{one}, func(s *fake.Server) { whose(s, one, "user-0001", "Active") }, func(o *live.Options) {
			o.Sought = func(context.Context, string) ([]string, error) { return []string{one}, errors.New("they run yet") }
		}, "not all keys that lie about could be looked up: they run yet", 1},
		{"no details", []string{one}, func(*fake.Server) {}, func(o *live.Options) { o.Details = live.DetailsNone }, "by choice (details: none)", 0},
		{"keys of before 2019", []string{old("B")}, func(s *fake.Server) { refuse(s, old("B")) }, nil, "1 keys of before 2019 lie about, and AWS does not tell", 1},
	} {
		t.Run(c.name, func(t *testing.T) {
			s := large(150, 0, 0)
			c.server(s)
			o := seeking(options(t, s), c.ids...)
			if c.change != nil {
				c.change(&o)
			}
			a := read(t, o).Accounts[0]
			if told := strings.Join(append(a.SoughtProblems, a.Notes...), "\n"); !strings.Contains(told, c.problem) {
				t.Errorf("told: %s", told)
			}
			if n := counts(s)["iam:GetAccessKeyLastUsed"]; n != c.asked || a.SoughtAll {
				t.Errorf("%d requests, all is %v", n, a.SoughtAll)
			}
		})
	}
}

// TestLeakedKeyOfAUserWhoseKeysAreWithheld still says whose it is.
func TestLeakedKeyOfAUserWhoseKeysAreWithheld(t *testing.T) {
	s, id := large(150, 0, 0), issued(accountNumber, 1)
	whose(s, id, "user-0001", "Active")
	s.Set(account, "", "iam:ListAccessKeys?UserName=user-0001", fake.Refusal("AccessDenied", http.StatusForbidden))
	a := read(t, seeking(options(t, s), id)).Accounts[0]
	keys := userOf(t, a, "user-0001").Keys
	at := slices.IndexFunc(keys, func(k object.AccessKey) bool { return k.ID == id })
	if at < 0 || keys[at].Active != inventory.Unknown || keys[at].Used != inventory.True {
		t.Errorf("%+v", keys)
	}
	if !slices.ContainsFunc(a.Listings, func(l object.Listing) bool {
		return l.Call == "iam:ListAccessKeys" && l.Status == inventory.StatusPartial && strings.Contains(l.Reason, "whose key lies about")
	}) {
		t.Errorf("%+v", a.Listings)
	}
}

// TestSeekingEndsWithItsContext returns the error of a scan that was interrupted
// while it waits for others.
func TestSeekingEndsWithItsContext(t *testing.T) {
	o := options(t, large(3, 0, 0))
	ctx, cancel := context.WithCancel(t.Context())
	o.Sought = func(ctx context.Context, _ string) ([]string, error) {
		cancel()
		<-ctx.Done()
		return nil, ctx.Err()
	}
	r, err := live.Open(ctx, o)
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	if _, err := r.Read(ctx, nil); !errors.Is(err, context.Canceled) {
		t.Errorf("error %v", err)
	}
}
