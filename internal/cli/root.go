package cli

import (
	"strings"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/muster-nhi/muster/internal/config"
)

const about = `muster lists every machine identity it can see (service accounts, keys, tokens,
workloads, agents) and says which of them do not pass, why, and what to do.

Start with  muster scan .   or, without anything to scan,  muster demo`

// root builds the tree of commands. Nothing of it outlives the run.
func (a *app) root() *cobra.Command {
	s := &setting{}
	root := &cobra.Command{
		Use:           "muster",
		Short:         "lists the machine identities of an organisation and says which do not pass",
		Long:          about,
		SilenceErrors: true,
		SilenceUsage:  true,
		Args: func(c *cobra.Command, args []string) error {
			if len(args) > 0 {
				return unknownCommand(c, args[0])
			}
			return nil
		},
		RunE: func(c *cobra.Command, _ []string) error { return c.Help() },
	}
	root.SetIn(a.Stdin)
	root.SetOut(a.Stdout)
	root.SetErr(a.Stderr)
	root.SetFlagErrorFunc(flagError)
	root.SetHelpCommand(a.helpCommand())
	root.Version = a.tool().Version // --version does as the command
	root.SetVersionTemplate("muster {{.Version}}\n")
	root.CompletionOptions.DisableDefaultCmd = true
	s.bindGlobal(root)
	root.AddGroup(&cobra.Group{ID: "work", Title: "Scan and look:"}, &cobra.Group{ID: "know", Title: "Learn:"}, &cobra.Group{ID: "keep", Title: "Keep house:"})
	for _, g := range []struct {
		id       string
		commands []*cobra.Command
	}{
		{"work", []*cobra.Command{a.scanCommand(s), a.reportCommand(s), a.inventoryCommand(s), a.findingsCommand(s), a.explainCommand(s), a.demoCommand(s)}},
		{"know", []*cobra.Command{a.rulesCommand(s), a.controlsCommand(s), a.scannersCommand(s), a.permissionsCommand(s)}},
		{"keep", []*cobra.Command{a.doctorCommand(s), a.snapshotCommand(s), a.completionCommand(), a.versionCommand()}},
	} {
		for _, c := range g.commands {
			c.GroupID = g.id
			root.AddCommand(c)
		}
	}
	return root
}

// parent makes a command that only holds others.
func parent(use, short string, children ...*cobra.Command) *cobra.Command {
	c := &cobra.Command{
		Use: use, Short: short,
		Args: func(c *cobra.Command, args []string) error {
			if len(args) > 0 {
				return unknownCommand(c, args[0])
			}
			return nil
		},
		RunE: func(c *cobra.Command, _ []string) error {
			return usage("%s needs one of: %s (muster help %s)", c.CommandPath(), strings.Join(childNames(c), ", "), c.Name())
		},
	}
	c.AddCommand(children...)
	return c
}

func childNames(c *cobra.Command) []string {
	var out []string
	for _, child := range c.Commands() {
		if !child.Hidden {
			out = append(out, child.Name())
		}
	}
	return out
}

// unknownCommand says what was probably meant.
func unknownCommand(c *cobra.Command, word string) error {
	return usage("%s has no command %q%s (%s help lists them)", c.CommandPath(), visible(word), config.DidYouMean(word, childNames(c)), c.Root().Name())
}

// flagError says which flag was probably meant.
func flagError(c *cobra.Command, err error) error {
	text := err.Error()
	name, ok := strings.CutPrefix(text, "unknown flag: ")
	if !ok {
		return usage("%s (%s)", plainFlagError(text), helpOf(c))
	}
	var names []string
	c.Flags().VisitAll(func(f *pflag.Flag) { names = append(names, "--"+f.Name) })
	meant := ""
	if near := config.Closest(name, names); near != "" {
		meant = "; did you mean " + near + "?"
	}
	return usage("%s has no flag %s%s (%s lists them)", c.CommandPath(), name, meant, helpOf(c))
}

// helpOf names the command that helps with another.
func helpOf(c *cobra.Command) string {
	return strings.Replace(c.CommandPath(), "muster", "muster help", 1)
}

// plainFlagError says in plain words what the flag library says of a value.
func plainFlagError(text string) string {
	rest, ok := strings.CutPrefix(text, "invalid argument ")
	value, rest, cut := strings.Cut(rest, " for \"")
	flag, why, cut2 := strings.Cut(rest, "\" flag: ")
	if !ok || !cut || !cut2 {
		return text
	}
	flag = flag[max(0, strings.Index(flag, "--")):] // "-o, --output"
	switch {
	case strings.Contains(why, "ParseInt"):
		return flag + ": " + value + " is no whole number"
	case strings.Contains(why, "ParseBool"):
		return flag + ": " + value + " is neither true nor false"
	case strings.Contains(why, "duration"):
		return flag + ": " + value + " is no duration such as 90s, 30m or 2h"
	}
	return flag + ": " + value + ": " + why
}

// exactly asks for a number of arguments by name.
func exactly(names ...string) cobra.PositionalArgs {
	return func(c *cobra.Command, args []string) error {
		switch {
		case len(args) < len(names):
			return usage("%s needs %s (usage: %s)", c.CommandPath(), strings.Join(names[len(args):], " and "), c.UseLine())
		case len(args) > len(names):
			return usage("%s takes no %q (usage: %s)", c.CommandPath(), visible(args[len(names)]), c.UseLine())
		}
		return nil
	}
}
