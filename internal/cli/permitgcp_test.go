package cli

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"go.yaml.in/yaml/v3"

	"github.com/muster-nhi/muster/scanners/gcp/live"
)

func printedGCP(t *testing.T, format string, f *gcpFlags) []byte {
	t.Helper()
	return printed(t, func(w io.Writer) error { return gcpPermissions(w, format, f) })
}

// TestGCPPermissions: what is printed allows what the reader says it needs and nothing
// else, denies what returns secrets, and says the same in every format.
func TestGCPPermissions(t *testing.T) {
	for _, f := range []*gcpFlags{{}, {organization: true, groups: true}, {organization: true, inventoryOnly: true, withoutActivity: true, withoutInsights: true}} {
		var got gcpCustomRole
		if err := json.Unmarshal(printedGCP(t, "json", f), &got); err != nil {
			t.Fatal(err)
		}
		var want []string
		for _, p := range live.Permissions(live.Options{Activity: !f.withoutActivity, Insights: !f.withoutInsights, Groups: f.groups}) {
			if (f.organization || !p.Organization) && (!f.inventoryOnly || !p.Fallback) && p.Name != gcpQuota {
				want = append(want, p.Name)
			}
		}
		if d := cmp.Diff(want, got.Included); d != "" {
			t.Error(d)
		}
		for _, r := range live.Refused() {
			if slices.Contains(got.Included, r.Name) {
				t.Errorf("%s is in the role", r.Name)
			}
		}
		var same gcpCustomRole
		if err := yaml.Unmarshal(printedGCP(t, "yaml", f), &same); err != nil {
			t.Fatal(err)
		}
		if d := cmp.Diff(got, same); d != "" {
			t.Error(d)
		}
		tf := printedGCP(t, "terraform", f)
		checkTerraform(t, tf)
		for _, name := range got.Included {
			if !bytes.Contains(tf, fmt.Appendf(nil, "\n    %q,\n", name)) {
				t.Errorf("Terraform lacks %s", name)
			}
		}
		for _, r := range live.Refused() {
			if !bytes.Contains(tf, fmt.Appendf(nil, "\n        %q,\n", denied(r.Name))) {
				t.Errorf("Terraform does not deny %s", r.Name)
			}
		}
		// A custom role has at most 3,000 permissions, and at most 64 KB (IAM quotas).
		if n := len(strings.Join(got.Included, "")); len(got.Included) > 3000 || n > 64<<10 {
			t.Errorf("the role has %d permissions, %d bytes", len(got.Included), n)
		}
	}
}

// TestDenied: deny policies spell permissions in another way.
func TestDenied(t *testing.T) {
	for from, want := range map[string]string{
		"secretmanager.versions.access":          "secretmanager.googleapis.com/versions.access",
		"iam.googleapis.com/workforcePools.list": "iam.googleapis.com/workforcePools.list",
	} {
		if got := denied(from); got != want {
			t.Errorf("%s becomes %s", from, got)
		}
	}
}

// TestPermitFlags: a flag that is not about the scanner is refused, and the scanners
// that it is about are told.
func TestPermitFlags(t *testing.T) {
	for _, c := range []struct {
		scanner string
		flags   permitFlags
		message string
	}{
		{"aws", permitFlags{organization: true}, ""},
		{"gcp", permitFlags{organization: true, gcp: gcpFlags{groups: true}}, ""},
		{"kubernetes", permitFlags{withoutSecrets: true}, ""},
		{"repo", permitFlags{}, ""},
		{"repo", permitFlags{organization: true}, "--organization: for aws and gcp only, and not for repo"},
		{"aws", permitFlags{gcp: gcpFlags{groups: true}}, "--groups: for gcp only, and not for aws"},
		{"gcp", permitFlags{aws: awsFlags{creators: true}}, "--creators: for aws and azure only, and not for gcp"},
		{"kubernetes", permitFlags{organization: true}, "--organization: for aws and gcp only, and not for kubernetes"},
	} {
		_, err := c.flags.permit(c.scanner)
		if got := fmt.Sprint(err); (err != nil) != (c.message != "") || err != nil && !strings.Contains(got, c.message) {
			t.Errorf("%s: %s, not %q", c.scanner, got, c.message)
		}
	}
}
