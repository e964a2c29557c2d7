package cli

import (
	"bytes"
	"io"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/hashicorp/hcl/v2"
	"github.com/hashicorp/hcl/v2/hclwrite"
)

// printed is what is printed of permissions.
func printed(t *testing.T, write func(io.Writer) error) []byte {
	t.Helper()
	var b bytes.Buffer
	if err := write(&b); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

// checkTerraform complains of what terraform would not read, or terraform fmt change.
func checkTerraform(t *testing.T, tf []byte) {
	t.Helper()
	if _, problems := hclwrite.ParseConfig(tf, "muster.tf", hcl.InitialPos); problems.HasErrors() {
		t.Fatal(problems)
	}
	if d := cmp.Diff(string(hclwrite.Format(tf)), string(tf)); d != "" {
		t.Error(d)
	}
}
