package inventory

import (
	"bytes"
	"encoding/json"
	"fmt"
	"strings"
	"testing"
	"time"
	"unsafe"

	"github.com/google/go-cmp/cmp"
)

// alike makes the records of one identity as a scanner does: by themselves, with texts,
// lists and maps of their own, and maps with more room than they need.
func alike(n int) []Record {
	id := strings.Clone(fmt.Sprintf("aws:role-%d", n))
	own := strings.Clone
	set := func(more string) map[string]string {
		out := make(map[string]string, 16)
		out[own("kind")], out[own("path")], out[own("who")] = own("role"), own("/"), more
		return out
	}
	return []Record{
		{Identity: &Identity{ID: id, Type: own("aws.iam_role"), Scope: own("aws:1"), Name: id, PublicIDs: []string{own("arn"), id}, Tags: set("team"), Attributes: set(id)}},
		{Credential: &Credential{ID: id + "#key", Type: own("aws.access_key"), Scope: own("aws:1"), Identity: own(id), Tags: set("team"), Attributes: set("x")}},
		{Grant: &Grant{ID: id + "#grant", Principal: own(id), Scope: own("aws:1"), Name: own("Reader"), Level: LevelRead, Reasons: append(make([]string, 0, 8), own("reads")), Capabilities: []string{own("data.read")}, Paths: []string{own("a to b")}, Attributes: set("y")}},
		{Usage: &Usage{Subject: own(id), Scope: own("aws:1"), Service: own("s3"), TrackedSince: time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)}},
		{Trust: &Trust{ID: id + "#trust", Identity: own(id), Scope: own("aws:1"), Type: own("oidc"), Issuer: own("https://issuer.example"), Conditions: []string{own("a=b")}, Attributes: set("z")}},
		{Consumer: &Consumer{ID: id + "#consumer", Subject: own(id), Scope: own("aws:1"), Workload: own("w"), Kind: own("job"), Attributes: set("c")}},
		{Owner: &Owner{Subject: own(id), Scope: own("aws:1"), Owner: own("team-a"), Method: own("tag"), Confidence: Confidence(own("high"))}},
		{Coverage: &Coverage{Scanner: own("aws"), Scope: own("aws:1"), Kind: KindGrant, Status: StatusComplete, Notes: []string{own("a note")}}},
	}
}

func TestPackedRecordsSayTheSame(t *testing.T) {
	p := newPacker()
	for n := range 3 * knownMaps / 2 { // more than are known
		for i, r := range alike(n) {
			want, err := json.Marshal(r)
			if err != nil {
				t.Fatal(err)
			}
			p.record(r)
			got, err := json.Marshal(r)
			if err != nil {
				t.Fatal(err)
			}
			if !bytes.Equal(got, want) {
				t.Fatalf("record %d of identity %d was packed:\n%s", i, n, cmp.Diff(string(want), string(got)))
			}
		}
	}
}

func TestPackedRecordsShare(t *testing.T) {
	p := newPacker()
	first, second := alike(1), alike(1)
	for _, r := range append(first, second...) {
		p.record(r)
	}
	a, b := first[2].Grant, second[2].Grant
	for _, x := range []struct {
		name string
		a, b *string
	}{
		{"scope", &a.Scope, &b.Scope},
		{"principal", &a.Principal, &first[0].Identity.ID},
		{"level", (*string)(&a.Level), (*string)(&b.Level)},
		{"reasons", &a.Reasons[0], &b.Reasons[0]},
		{"owner", &first[6].Owner.Owner, &second[6].Owner.Owner},
	} {
		if unsafe.StringData(*x.a) != unsafe.StringData(*x.b) {
			t.Errorf("the %s is held twice", x.name)
		}
	}
	if cap(a.Reasons) != len(a.Reasons) {
		t.Error("a list keeps room for more")
	}
	b.Attributes["changed"] = "true"
	if a.Attributes["changed"] == "" {
		t.Error("attributes are held twice")
	}
}

func TestLargeInventoriesArePacked(t *testing.T) {
	b := NewBuilder()
	for n := range packedFrom {
		for _, r := range alike(n) {
			if err := b.Add(r); err != nil {
				t.Fatal(err)
			}
		}
	}
	inv := b.Build()
	last := len(inv.Grants) - 1
	if unsafe.StringData(inv.Grants[last].Scope) != unsafe.StringData(inv.Grants[last-1].Scope) {
		t.Error("grants of a large inventory hold their scope twice")
	}
}
