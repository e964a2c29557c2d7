package aws

import (
	"testing"
	"time"

	"github.com/muster-nhi/muster/internal/cloud"
	"github.com/muster-nhi/muster/scanners/aws/object"
)

func TestReviewedAt(t *testing.T) {
	for _, test := range []struct {
		key, value string
		want       time.Time
	}{
		{"reviewed_at", "2026-03-01", day(2026, 3, 1)},
		{"Reviewed_At", " 2026-03-01T00:00:00Z ", day(2026, 3, 1)},
		{"last_reviewed", "2026-03-01", day(2026, 3, 1)},
		{"reviewed_at", "last spring", time.Time{}},
		{"reviewed_at", "", time.Time{}},
		{"owner", "2026-03-01", time.Time{}},
	} {
		if got := cloud.ReviewedAt([]object.Tag{{Key: test.key, Value: test.value}}); !got.Equal(test.want) {
			t.Errorf("%s=%q: got %v, want %v", test.key, test.value, got, test.want)
		}
	}
}
