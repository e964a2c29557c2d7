package cli

import (
	"context"
	"fmt"
	"io"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"github.com/muster-nhi/muster/findings"
	"github.com/muster-nhi/muster/internal/config"
	"github.com/muster-nhi/muster/internal/store"
	"github.com/muster-nhi/muster/rules"
	"github.com/muster-nhi/muster/scanners/all"
)

// completion is a function that offers words for the shell.
type completion = func(*cobra.Command, []string, string) ([]string, cobra.ShellCompDirective)

func shells() []string { return []string{"bash", "zsh", "fish", "powershell"} }

func (a *app) completionCommand() *cobra.Command {
	return &cobra.Command{
		Use: "completion SHELL", Short: "print the completion script for bash, zsh, fish or powershell",
		Example: "  muster completion bash > /etc/bash_completion.d/muster\n  muster completion zsh > \"${fpath[1]}/_muster\"",
		Args:    exactly("a SHELL"), ValidArgs: shells(),
		RunE: func(c *cobra.Command, args []string) error {
			return a.print(func(w io.Writer) error {
				switch args[0] {
				case "bash":
					return c.Root().GenBashCompletionV2(w, true)
				case "zsh":
					return c.Root().GenZshCompletion(w)
				case "fish":
					return c.Root().GenFishCompletion(w, true)
				case "powershell":
					return c.Root().GenPowerShellCompletionWithDesc(w)
				}
				return usage("there is no completion for %q%s", visible(args[0]), config.DidYouMean(args[0], shells()))
			})
		},
	}
}

// fixed offers words that never change.
func fixed(words ...string) completion {
	return func(*cobra.Command, []string, string) ([]string, cobra.ShellCompDirective) {
		return words, cobra.ShellCompDirectiveNoFileComp
	}
}

// completeFlags offers values for the flags that a command has.
func completeFlags(a *app, s *setting, c *cobra.Command) {
	for name, f := range map[string]completion{
		"fail-on":       fixed(config.FailLevels()...),
		"sarif-profile": fixed(config.SARIFProfiles()...),
		"severity":      fixed("critical", "high", "medium", "low", "info"),
		"state":         fixed("new", "open", "reopened"),
		"status":        fixed("ready", "gap", "no data"),
		"for":           fixed("identity", "credential", "grant", "trust", "consumer"),
		"from":          completeSnapshots(a, s, cobra.ShellCompDirectiveDefault),
		"baseline":      completeSnapshots(a, s, cobra.ShellCompDirectiveDefault),
		"disable":       completeRules(a, s),
		"rule":          completeRules(a, s),
		"framework":     completeFrameworks,
		"output":        completeFormats,
		"category":      fixed("rotation", "lifecycle", "ownership", "least-privilege", "exposure", "federation", "third-party", "ai-agent"),
	} {
		if c.Flags().Lookup(name) != nil {
			_ = c.RegisterFlagCompletionFunc(name, f) // fails only for a flag that is not there
		}
	}
}

func completeFormats(c *cobra.Command, _ []string, _ string) ([]string, cobra.ShellCompDirective) {
	if c.Flags().Lookup("sarif-profile") == nil {
		return listFormats(), cobra.ShellCompDirectiveNoFileComp
	}
	return formatNames(), cobra.ShellCompDirectiveDefault
}

// completeSources offers scanners, and the contexts of the kubeconfig after
// "kubernetes:"; the shell adds files.
func completeSources(_ *cobra.Command, _ []string, word string) ([]string, cobra.ShellCompDirective) {
	if strings.HasPrefix(word, "kubernetes:") {
		return completeContexts(), cobra.ShellCompDirectiveNoFileComp
	}
	var out []string
	for _, f := range all.Factories() {
		name := f.Info().Name
		if pathlike(f.Info()) {
			name += ":"
		} else if f.Info().Argument != "" {
			out = append(out, name+":")
		}
		out = append(out, name)
	}
	return out, cobra.ShellCompDirectiveDefault | cobra.ShellCompDirectiveNoSpace
}

// completeRules offers the ids of rules.
func completeRules(*app, *setting) completion {
	return func(*cobra.Command, []string, string) ([]string, cobra.ShellCompDirective) {
		list, err := findings.LoadRules(rules.FS())
		if err != nil {
			return nil, cobra.ShellCompDirectiveError
		}
		var out []string
		for _, r := range list {
			out = append(out, r.ID+"\t"+r.Title)
		}
		return out, cobra.ShellCompDirectiveNoFileComp
	}
}

func completeFrameworks(*cobra.Command, []string, string) ([]string, cobra.ShellCompDirective) {
	lib, err := findings.LoadLibrary(rules.FS())
	if err != nil {
		return nil, cobra.ShellCompDirectiveError
	}
	return append(frameworkKeys(lib), "all"), cobra.ShellCompDirectiveNoFileComp
}

// completeSnapshots offers the ids of snapshots.
func completeSnapshots(a *app, s *setting, directive cobra.ShellCompDirective) completion {
	return func(c *cobra.Command, _ []string, _ string) ([]string, cobra.ShellCompDirective) {
		ctx := c.Context()
		if ctx == nil {
			ctx = context.Background()
		}
		list := a.snapshots(ctx, s)
		out := []string{"latest"}
		for _, e := range list {
			out = append(out, fmt.Sprintf("%s\t%s", e.ID, strings.Join(e.Sources, ", ")))
		}
		return out, directive
	}
}

// snapshots lists the snapshots of the store, none if there is no store.
func (a *app) snapshots(ctx context.Context, s *setting) []store.Entry {
	if s.file == nil {
		if err := a.settle(s); err != nil {
			return nil
		}
	}
	p, err := a.place(s)
	if err != nil || p.url == "" {
		return nil
	}
	st, err := store.Open(ctx, p.url, store.Options{ReadOnly: true})
	if err != nil {
		return nil
	}
	defer st.Close() //nolint:errcheck // it was read only
	list, err := st.List(ctx)
	if err != nil {
		return nil
	}
	return slices.Clip(list)
}

func (a *app) hasSnapshots(ctx context.Context, s *setting) bool { return len(a.snapshots(ctx, s)) > 0 }
