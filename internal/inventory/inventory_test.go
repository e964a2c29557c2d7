package inventory_test

import (
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/muster-nhi/muster/internal/inventory"
)

// records have ties in every order that an inventory has.
func tied() []inventory.Record {
	total := 4
	out := one()
	for _, text := range []string{"b", "a", "c"} {
		out = append(out,
			inventory.Record{Identity: &inventory.Identity{ID: "aws:twice", Type: "t", Scope: "s", Name: text}},
			inventory.Record{Usage: &inventory.Usage{Subject: "aws:x", Scope: text}},
			inventory.Record{Owner: &inventory.Owner{Subject: "aws:x", Scope: "s", Owner: "o", Method: "tag", Confidence: inventory.ConfidenceLow, Source: text}},
			inventory.Record{Coverage: &inventory.Coverage{Scanner: "aws", Scope: "s", Kind: inventory.KindGrant, Status: inventory.StatusComplete, ControlTotal: &total, ControlSource: text}},
			inventory.Record{Relation: &inventory.Relation{From: "aws:x", To: "aws:y", Type: inventory.RelationUses, Method: text}},
			inventory.Record{Credential: &inventory.Credential{ID: "aws:c" + text, Type: "t", Scope: "s", Identity: "aws:x"}},
			inventory.Record{Grant: &inventory.Grant{ID: "aws:g" + text, Principal: "aws:x", Scope: "s", Name: "n"}},
		)
	}
	return out
}

func TestBuildDoesNotDependOnTheOrder(t *testing.T) {
	random := rand.New(rand.NewPCG(1, 2))
	var want *inventory.Inventory
	for range 20 {
		records := tied()
		random.Shuffle(len(records), func(i, j int) { records[i], records[j] = records[j], records[i] })
		b := inventory.NewBuilder()
		for _, r := range records {
			if err := b.Add(r); err != nil {
				t.Fatal(err)
			}
		}
		got := b.Build()
		if n := b.Duplicates()[inventory.KindIdentity]; n != 2 {
			t.Fatalf("%d identities are dropped, want 2", n)
		}
		if want == nil {
			want = got
		}
		if diff := cmp.Diff(want, got, cmp.AllowUnexported(inventory.Inventory{}), cmpopts.EquateEmpty()); diff != "" {
			t.Fatal(diff)
		}
	}
	if got := want.Identity("aws:twice"); got == nil || got.Name != "a" {
		t.Errorf("of three identities with one id %+v is kept, want the one that sorts first", got)
	}
}

func TestLookups(t *testing.T) {
	b := inventory.NewBuilder()
	for _, r := range tied() {
		if err := b.Add(r); err != nil {
			t.Fatal(err)
		}
	}
	inv := b.Build()
	for name, got := range map[string]int{
		"credentials": len(inv.CredentialsOf("aws:x")), "grants": len(inv.GrantsOf("aws:x")), "usages": len(inv.UsageOf("aws:x")),
		"owners": len(inv.OwnersOf("aws:x")), "from": len(inv.RelationsFrom("aws:x")), "to": len(inv.RelationsTo("aws:y")),
	} {
		if got != 3 {
			t.Errorf("%s: %d, want 3", name, got)
		}
	}
	if len(inv.TrustsOf("aws:role/r")) != 1 || len(inv.ConsumersOf("aws:role/r")) != 1 || inv.Credential("aws:key/1") == nil || inv.Credential("aws:none") != nil {
		t.Error("a look-up fails")
	}
	if s, ok := inv.CoverageOf("s", inventory.KindGrant); s != inventory.StatusComplete || !ok {
		t.Errorf("coverage is %q, %t", s, ok)
	}
	if s, ok := inv.CoverageOf("s", inventory.KindTrust); s != "" || ok {
		t.Errorf("coverage of what nobody looked at is %q, %t", s, ok)
	}
	if !inv.Partial() {
		t.Error("an inventory with partial coverage is not partial")
	}
	with := inv.With(nil, nil)
	if len(with.RelationsTo("aws:y")) != 0 || len(inv.RelationsTo("aws:y")) != 3 {
		t.Error("With changes the inventory that it is called on")
	}
}

// TestOwnersWhoCanAnswerComeFirst among those that are known with equal confidence.
func TestOwnersWhoCanAnswerComeFirst(t *testing.T) {
	b := inventory.NewBuilder()
	for _, o := range []inventory.Owner{
		{Owner: "a-left@northwind.example", Kind: "person", Method: "app_owner", Confidence: inventory.ConfidenceHigh, Active: inventory.False},
		{Owner: "a-machine", Kind: "nhi", Method: "app_owner", Confidence: inventory.ConfidenceHigh},
		{Owner: "a-guess@northwind.example", Kind: "person", Method: "creator", Confidence: inventory.ConfidenceLow},
		{Owner: "platform", Kind: "team", Method: "tag", Confidence: inventory.ConfidenceHigh},
		{Owner: "told@northwind.example", Kind: "person", Method: "mapping_file", Confidence: inventory.ConfidenceHigh},
	} {
		o.Subject, o.Scope = "azure:x", "s"
		if err := b.Add(inventory.Record{Owner: &o}); err != nil {
			t.Fatal(err)
		}
	}
	var got []string
	for _, o := range b.Build().OwnersOf("azure:x") {
		got = append(got, o.Owner)
	}
	want := []string{"told@northwind.example", "platform", "a-machine", "a-left@northwind.example", "a-guess@northwind.example"}
	if !slices.Equal(got, want) {
		t.Errorf("the owners are %q, want %q", got, want)
	}
}
