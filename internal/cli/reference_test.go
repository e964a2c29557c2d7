package cli

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/spf13/cobra"

	"github.com/muster-nhi/muster/internal/config"
)

// marker stands in docs/cli.md before what this test makes.
const marker = "<!-- From here on the page is made from the program: UPDATE=1 go test ./internal/cli -run TestReference -->\n"

// TestReference holds docs/cli.md to the commands and flags that there are.
func TestReference(t *testing.T) {
	file := filepath.Join("..", "..", "docs", "cli.md")
	b, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	head, got, ok := strings.Cut(string(b), marker)
	if !ok {
		t.Fatalf("%s has no line %s", file, marker)
	}
	want := reference()
	if os.Getenv("UPDATE") != "" {
		if err := os.WriteFile(file, []byte(head+marker+want), 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	if got != want {
		t.Errorf("%s is stale: UPDATE=1 go test ./internal/cli -run TestReference", file)
	}
}

// TestExampleConfiguration holds the configuration that docs/cli.md shows to
// what the program takes.
func TestExampleConfiguration(t *testing.T) {
	b, err := os.ReadFile(filepath.Join("..", "..", "docs", "cli.md"))
	if err != nil {
		t.Fatal(err)
	}
	_, rest, ok := strings.Cut(string(b), "```yaml\n")
	text, _, closed := strings.Cut(rest, "```")
	if !ok || !closed {
		t.Fatal("docs/cli.md shows no configuration")
	}
	if _, err := config.Parse("muster.yaml", strings.NewReader(text)); err != nil {
		t.Error(err)
	}
}

func reference() string {
	var b bytes.Buffer
	root := (&app{}).root()
	fmt.Fprintf(&b, "\n## Flags of every command\n\n```text\n%s```\n", root.PersistentFlags().FlagUsagesWrapped(100))
	var walk func(c *cobra.Command)
	walk = func(c *cobra.Command) {
		if c.Hidden {
			return
		}
		if c != root {
			fmt.Fprintf(&b, "\n## %s\n\n%s\n\n```text\n%s\n", c.CommandPath(), sentence(c), c.UseLine())
			if c.Flags().HasFlags() {
				c.InitDefaultHelpFlag()
				fmt.Fprintf(&b, "\n%s", c.LocalNonPersistentFlags().FlagUsagesWrapped(100))
			}
			b.WriteString("```\n")
			if c.Example != "" {
				fmt.Fprintf(&b, "\n```sh\n%s\n```\n", unindent(c.Example))
			}
		}
		for _, child := range c.Commands() {
			walk(child)
		}
	}
	walk(root)
	return b.String()
}

func sentence(c *cobra.Command) string {
	if c.Long != "" {
		return strings.TrimSpace(c.Long)
	}
	return strings.ToUpper(c.Short[:1]) + c.Short[1:] + "."
}

func unindent(s string) string {
	var out []string
	for line := range strings.Lines(s) {
		out = append(out, strings.TrimPrefix(strings.TrimRight(line, "\n"), "  "))
	}
	return strings.Join(out, "\n")
}
