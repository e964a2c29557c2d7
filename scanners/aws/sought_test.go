package aws

import (
	"context"
	"errors"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/muster-nhi/muster/internal/inventory"
	"github.com/muster-nhi/muster/scanners"
	"github.com/muster-nhi/muster/scanners/aws/object"
)

// TestSoughtKeys: what AWS says of keys that lie about is told, and what it does
// not say is a gap.
func TestSoughtKeys(t *testing.T) {
	gone, root, hidden, known := keyOf("NORTHWINDGONE001"), keyOf("NORTHWINDROOT001"), keyOf("NORTHWINDHIDDEN1"), keyOf("NORTHWINDKNOWN01")
	a := &object.Account{
		ID:        account,
		Listings:  []object.Listing{{Call: callDetails, Status: inventory.StatusComplete}},
		Users:     []object.User{{Name: "u", ARN: iamARN("user/u"), KeysKnown: true, Keys: []object.AccessKey{{ID: known, Active: inventory.True}, {Slot: 2, Active: inventory.True}}}},
		Sought:    []object.SoughtKey{{ID: gone, Gone: true}, {ID: hidden, User: "hidden"}, {ID: known, User: "u", Listed: true}, {ID: root}},
		SoughtAll: true,
	}
	got := records(t, &object.Estate{Accounts: []*object.Account{a}})
	c := got.credential(t, "aws:access-key/"+gone)
	if c.Identity != "" || c.Disabled != inventory.True || c.DisabledReason != "DELETED" || c.Validity != "inactive" || c.PublicID != gone {
		t.Errorf("%+v", c)
	}
	if x := got.credential(t, "aws:access-key/"+known); x.Identity != "aws:"+iamARN("user/u") || x.Disabled != inventory.False {
		t.Errorf("%+v", x)
	}
	x := got.coverage(t, "aws:"+account, inventory.KindCredential)
	for _, want := range []string{
		root + " lies about and is of this account, and AWS names no user of it", hidden + " lies about and is of the user hidden, which was not listed",
		"1 access keys are known from the credential report only, which does not tell their ids: what other sources of this scan found was looked up, and is none of them",
	} {
		if !slices.ContainsFunc(x.Notes, func(n string) bool { return strings.Contains(n, want) }) {
			t.Errorf("no note %q in %q", want, x.Notes)
		}
	}
	if x.Status != inventory.StatusComplete {
		t.Errorf("%s: %s", x.Status, x.Reason)
	}
	a.SoughtAll, a.SoughtProblems = false, []string{"whose 1 keys are that lie about is not known"}
	x = records(t, &object.Estate{Accounts: []*object.Account{a}}).coverage(t, "aws:"+account, inventory.KindCredential)
	if x.Status != inventory.StatusPartial || !strings.Contains(x.Reason, "whose 1 keys are that lie about is not known") {
		t.Errorf("%s: %s", x.Status, x.Reason)
	}
}

// TestSoughtOfConfiguration joins ids that were named with those that others find.
func TestSoughtOfConfiguration(t *testing.T) {
	failed := errors.New("they run yet")
	others := func(context.Context, string) ([]string, error) { return []string{"B", "D"}, failed }
	got, err := sought([]string{"C", "B", "A"}, others)(t.Context(), typeKey)
	if d := cmp.Diff([]string{"A", "B", "C", "D"}, got); d != "" || !errors.Is(err, failed) {
		t.Errorf("error %v: %s", err, d)
	}
	got, err = sought([]string{"A"}, nil)(t.Context(), typeKey)
	if d := cmp.Diff([]string{"A"}, got); d != "" || err != nil {
		t.Errorf("error %v: %s", err, d)
	}
	if sought(nil, nil) != nil {
		t.Error("there is nobody to ask, and it asks")
	}
	if _, err := open(scanners.Env{}, Config{KeyIDs: []string{"AS" + "IA" + strings.Repeat("A", 16)}}); err == nil || !strings.Contains(err.Error(), "key_ids") {
		t.Errorf("error %v", err)
	}
}
