package object

import (
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/muster-nhi/muster/internal/inventory"
)

func listed(name, created string) User {
	return User{Name: name, ARN: arnOf + "user/" + name, Path: "/", CreatedAt: day(created)}
}

func at(text string) MergeOptions {
	return MergeOptions{MadeAt: day("2026-11-22T06:00:00Z"), ListedAt: day(text), Complete: true}
}

func TestMerge(t *testing.T) {
	ci := listed("ci-deployer", "2021-03-04T05:06:07Z")
	ci.ARN, ci.Path = arnOf+"user/robots/ci-deployer", "/robots/"
	for _, c := range []struct {
		name    string
		users   []User
		rows    []string
		opts    MergeOptions
		want    Merged
		keys    map[string]int // users whose keys are known, and how many
		unknown []string       // users whose keys are not known
		note    string
	}{
		{"both agree", []User{listed("ann", "2020-01-01T00:00:00Z"), ci}, []string{rootRow, ciRow, annRow}, at("2026-11-22T09:00:00Z"), Merged{}, map[string]int{"ann": 0, "ci-deployer": 2}, nil, ""},
		{"newer than the report", []User{listed("new", "2026-11-22T08:00:00Z"), ci}, []string{ciRow}, at("2026-11-22T09:00:00Z"), Merged{Missing: []string{"new"}}, map[string]int{"ci-deployer": 2}, []string{"new"}, "1 users made since"},
		{"a report that is cut", []User{listed("ann", "2020-01-01T00:00:00Z"), ci}, []string{ciRow}, at("2026-11-22T09:00:00Z"), Merged{Missing: []string{"ann"}}, map[string]int{"ci-deployer": 2}, []string{"ann"}, "ann missing from the credential report although older"},
		{"deleted since", []User{ci}, []string{ciRow, annRow}, at("2026-11-22T09:00:00Z"), Merged{Deleted: []string{"ann"}}, map[string]int{"ci-deployer": 2}, nil, "ann deleted since"},
		{"of unknown times", []User{ci}, []string{ciRow, annRow}, MergeOptions{Complete: true}, Merged{Added: []string{"ann"}}, map[string]int{"ci-deployer": 2, "ann": 0}, nil, "ann known from the credential report only"},
		{"users not listed", nil, []string{rootRow, ciRow}, MergeOptions{MadeAt: day("2026-11-22T06:00:00Z")}, Merged{Added: []string{"ci-deployer"}}, map[string]int{"ci-deployer": 2}, nil, "known from the credential report only"},
		{"renamed", []User{listed("ci-renamed", "2021-03-04T05:06:07Z")}, []string{ciRow}, at("2026-11-22T09:00:00Z"), Merged{}, map[string]int{"ci-renamed": 2}, nil, "ci-renamed renamed or moved"},
		{"made again under the name", []User{listed("ann", "2026-11-22T08:00:00Z")}, []string{annRow}, at("2026-11-22T09:00:00Z"), Merged{Missing: []string{"ann"}, Deleted: []string{"ann"}}, nil, []string{"ann"}, "ann deleted since"},
		{"made again, of unknown times", []User{listed("ann", "2026-11-22T08:00:00Z")}, []string{annRow}, MergeOptions{Complete: true}, Merged{Missing: []string{"ann"}}, nil, []string{"ann"}, ""},
		{
			"two made in one second are not told apart",
			[]User{listed("x", "2021-03-04T05:06:07Z"), listed("y", "2021-03-04T05:06:07Z")},
			[]string{ciRow},
			at("2026-11-22T09:00:00Z"),
			Merged{Missing: []string{"x", "y"}, Deleted: []string{"ci-deployer"}},
			nil,
			[]string{"x", "y"},
			"ci-deployer deleted since",
		},
		{"a clock ahead", []User{ci}, []string{ciRow}, at("2026-11-22T05:00:00Z"), Merged{}, map[string]int{"ci-deployer": 2}, nil, "one of the clocks is wrong"},
		{"a report from before its own times", []User{ci}, []string{ciRow}, MergeOptions{MadeAt: day("2025-01-01T00:00:00Z")}, Merged{}, map[string]int{"ci-deployer": 2}, nil, "one of the clocks is wrong"},
	} {
		t.Run(c.name, func(t *testing.T) {
			a := Account{ID: account, Users: c.users}
			got := a.Merge(mustParse(t, c.rows...), c.opts)
			if diff := cmp.Diff(c.want, got); diff != "" {
				t.Error(diff)
			}
			keys := map[string]int{}
			var unknown []string
			for i := range a.Users {
				if u := a.Users[i]; u.KeysKnown {
					keys[u.Name] = len(u.Keys)
				} else {
					unknown = append(unknown, u.Name)
				}
			}
			if c.keys == nil {
				c.keys = map[string]int{}
			}
			if diff := cmp.Diff(c.keys, keys); diff != "" {
				t.Error(diff)
			}
			if diff := cmp.Diff(c.unknown, unknown); diff != "" {
				t.Error(diff)
			}
			if notes := strings.Join(a.Notes, "; "); c.note == "" && strings.Contains(notes, "clock") || !strings.Contains(notes, c.note) {
				t.Errorf("notes: %q", notes)
			}
		})
	}
}

// Keys that were listed stay; the report adds when they were used.
func TestMergeKeepsListedKeys(t *testing.T) {
	u := listed("ci-deployer", "2021-03-04T05:06:07Z")
	u.ARN = arnOf + "user/robots/ci-deployer"
	u.KeysKnown = true
	u.Keys = []AccessKey{
		{ID: "AKIA" + "A", Active: inventory.False, CreatedAt: day("2024-02-01T00:00:01Z")},
		{ID: "AKIA" + "B", Active: inventory.True, CreatedAt: day("2026-11-22T07:00:00Z")},
	}
	a := Account{ID: account, Users: []User{u}}
	a.Merge(mustParse(t, rootRow, ciRow), at("2026-11-22T09:00:00Z"))
	want := []AccessKey{
		{
			ID: "AKIA" + "A", Slot: 1, Active: inventory.False, CreatedAt: day("2024-02-01T00:00:01Z"), LastUsed: day("2026-11-20T09:00:00Z"),
			Used: inventory.True, LastRegion: "eu-central-1", LastCause: "s3",
		},
		{ID: "AKIA" + "B", Active: inventory.True, CreatedAt: day("2026-11-22T07:00:00Z")},
	}
	if diff := cmp.Diff(want, a.Users[0].Keys); diff != "" {
		t.Error(diff)
	}
	if a.Root == nil || a.Root.AccessKeys != 0 || a.Root.MFA != inventory.True || a.Root.PasswordEnabled != inventory.Unknown {
		t.Errorf("root: %+v", a.Root)
	}
}

// Without the time at which a report was made, the latest time in it stands for it.
func TestMergeWithoutTime(t *testing.T) {
	a := Account{ID: account}
	a.Merge(mustParse(t, ciRow), MergeOptions{})
	if want := day("2026-11-20T09:00:00Z"); !a.ReportedAt.Equal(want) {
		t.Errorf("reported at %s", a.ReportedAt.Format(time.RFC3339))
	}
}
