package aws

import (
	"bytes"
	"context"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/muster-nhi/muster/internal/inventory"
	"github.com/muster-nhi/muster/scanners/aws/object"
)

// TestSameOnOneDay: two scans of the same account on the same day tell the same, so
// that what has changed between two snapshots has changed in the account.
func TestSameOnOneDay(t *testing.T) {
	told := func(now time.Time) string {
		var out bytes.Buffer
		w := inventory.NewWriter(&out)
		e := newEstate("aws", &object.Estate{Accounts: []*object.Account{northwind(t)}}, newOwnerTags(nil), now)
		if err := e.run(context.Background(), w.Write); err != nil {
			t.Fatal(err)
		}
		if err := w.Flush(); err != nil {
			t.Fatal(err)
		}
		return out.String()
	}
	if diff := cmp.Diff(told(scanned), told(scanned.Add(90*time.Minute+7))); diff != "" {
		t.Error(diff)
	}
}
