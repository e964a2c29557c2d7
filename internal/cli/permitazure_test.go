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

	"github.com/muster-nhi/muster/scanners/azure/live"
)

func printedAzure(t *testing.T, format string, f *azureFlags) []byte {
	t.Helper()
	return printed(t, func(w io.Writer) error { return azurePermissions(w, format, f) })
}

// TestAzurePermissions: what is printed is what the reader says that it needs (whose own
// tests hold that against the requests it makes) and nothing else, nothing that returns
// a secret, and the same in every format.
func TestAzurePermissions(t *testing.T) {
	for _, c := range []struct {
		flags   azureFlags
		options live.Options
	}{
		{azureFlags{}, live.Options{}},
		{azureFlags{creators: true, risk: true}, live.Options{Creators: true, Risk: true}},
		{azureFlags{withoutVaults: true, withoutGroup: true, withoutActivity: true}, live.Options{NoVaults: true, NoGroups: true, NoUsage: true}},
		{azureFlags{withoutResources: true}, live.Options{NoResources: true}},
		{azureFlags{withoutDirectory: true}, live.Options{NoDirectory: true}},
	} {
		var got azureGrant
		if err := json.Unmarshal(printedAzure(t, "json", &c.flags), &got); err != nil {
			t.Fatal(err)
		}
		var printed, want []string
		for _, r := range got.Required {
			for _, a := range r.Access {
				printed = append(printed, r.App+" "+a.ID+" "+a.Type)
			}
		}
		for _, r := range got.Roles {
			printed = append(slices.Concat(printed, r.Actions), r.DataActions...)
			if len(r.DataActions) > 0 && strings.Contains(r.Scopes[0], "managementGroups") {
				t.Error("a role with data actions is for a management group")
			}
		}
		tf := printedAzure(t, "terraform", &c.flags)
		for _, p := range live.Permissions(c.options) {
			name := p.Name
			if p.Kind == "graph" {
				name = live.GraphAppID + " " + p.ID + " Role"
			}
			want = append(want, name)
			if quoted := fmt.Sprintf("%q", p.Name); p.Kind != "graph" && !bytes.Contains(tf, []byte(quoted)) || p.Kind == "graph" && !bytes.Contains(tf, []byte(p.ID)) {
				t.Errorf("Terraform lacks %s", p.Name)
			}
		}
		slices.Sort(printed)
		slices.Sort(want)
		if d := cmp.Diff(want, printed); d != "" {
			t.Error(d)
		}
		for _, r := range live.Refused() {
			if slices.Contains(printed, r.Action) {
				t.Errorf("%s is in it", r.Action)
			}
		}
		var same azureGrant
		if err := yaml.Unmarshal(printedAzure(t, "yaml", &c.flags), &same); err != nil {
			t.Fatal(err)
		}
		if d := cmp.Diff(got, same); d != "" {
			t.Error(d)
		}
		checkTerraform(t, tf)
		if text := string(printedAzure(t, "text", &c.flags)); !strings.Contains(text, "muster permissions azure"+flagText(c.flags.set())+" > grant.json") {
			t.Error("the text does not say how to apply it")
		}
	}
	if err := azurePermissions(&bytes.Buffer{}, "cloudformation", &azureFlags{}); err == nil {
		t.Error("there is no such format")
	}
}
