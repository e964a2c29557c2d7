package cli

import (
	"cmp"
	"fmt"
	"io"
	"strings"

	"github.com/spf13/cobra"

	"github.com/muster-nhi/muster/internal/config"
	"github.com/muster-nhi/muster/internal/inventory"
	"github.com/muster-nhi/muster/scanners"
	"github.com/muster-nhi/muster/scanners/all"
)

func (a *app) scannersCommand(s *setting) *cobra.Command {
	var format string
	c := &cobra.Command{
		Use: "scanners [NAME]", Short: "what can be scanned, what each reads, what it needs",
		Example: "  muster scanners\n  muster scanners repo",
		RunE: func(_ *cobra.Command, args []string) error {
			if err := errorsFirst(a.settle(s), checkListFormat(format)); err != nil {
				return err
			}
			switch len(args) {
			case 0:
				return a.writeList(scannerList(), format)
			case 1:
				f, err := namedScanner(args[0])
				if err != nil {
					return err
				}
				return a.print(func(w io.Writer) error { return describeScanner(w, f) })
			}
			return usage("muster scanners takes one NAME")
		},
		ValidArgs: scannerNames(all.Factories()),
	}
	c.Flags().StringVarP(&format, "output", "o", "", "`FORMAT`: table, json, jsonl, csv")
	return c
}

func scannerList() *listing {
	l := &listing{head: []string{"Source", "Lists", "Network", "What"}}
	for _, f := range all.Factories() {
		info := f.Info()
		l.add(infoRecord(info), sourceForm(info), kinds(info), yes(info.Network), info.Title)
	}
	return l
}

// infoRecord is a scanner in JSON.
func infoRecord(i scanners.Info) map[string]any {
	return map[string]any{
		"name": i.Name, "title": i.Title, "argument": i.Argument, "kinds": i.Kinds, "permissions": i.Permissions, "network": i.Network,
	}
}

// sourceForm is how a source of a scanner is written. What is no path has a
// default.
func sourceForm(i scanners.Info) string {
	switch {
	case i.Argument == "":
		return i.Name
	case !pathlike(i):
		return i.Name + "[:" + strings.ToUpper(i.Argument) + "]"
	}
	return i.Name + ":" + strings.ToUpper(i.Argument)
}

func kinds(i scanners.Info) string {
	var out []string
	for _, k := range i.Kinds {
		out = append(out, string(k))
	}
	if len(out) == len(inventory.ScanKinds()) {
		return "everything"
	}
	return strings.Join(out, ", ")
}

func yes(b bool) string {
	if b {
		return "yes"
	}
	return "no"
}

// namedScanner finds a scanner, or says what was meant.
func namedScanner(name string) (scanners.Factory, error) {
	factories := all.Factories()
	if f, ok := factory(factories, name); ok {
		return f, nil
	}
	return scanners.Factory{}, usage("there is no scanner %q%s", visible(name), config.DidYouMean(name, scannerNames(factories)))
}

func describeScanner(w io.Writer, f scanners.Factory) error {
	info := f.Info()
	fmt.Fprintf(w, "%s: %s\n\n  Source   %s\n  Lists    %s\n  Network  %s\n  Needs    %s\n", info.Name, info.Title, sourceForm(info), kinds(info), yes(info.Network), needs(info))
	defaults, err := config.Marshal(f.Defaults())
	if err != nil {
		return err
	}
	source, _, _ := strings.Cut(sourceForm(info), "[")
	fmt.Fprintf(w, "\nIn muster.yaml, with its defaults:\n\n  sources:\n    - source: %s\n", source)
	for line := range strings.Lines(string(defaults)) {
		fmt.Fprint(w, "      "+line)
	}
	return nil
}

func needs(i scanners.Info) string {
	if len(i.Permissions) == 0 {
		return "no permission but to read the files it is pointed at"
	}
	if n := len(i.Permissions); n > maxNeeds {
		return fmt.Sprintf("%d permissions, which only read:  muster permissions %s  prints them", n, i.Name)
	}
	return strings.Join(i.Permissions, ", ")
}

// maxNeeds is how many permissions still read well in one line.
const maxNeeds = 20

func (a *app) permissionsCommand(s *setting) *cobra.Command {
	var flags permitFlags
	c := &cobra.Command{
		Use: "permissions SCANNER", Short: "the read-only policy to grant, ready to apply",
		Long: `Print what a scanner needs to be allowed, which is never more than to read. For a
cluster these are objects to apply; for AWS a policy, or with it the role to put
into each account, with a Deny on every call that returns the value of a secret;
for Google Cloud a custom role, or with it who has it and a deny policy; for Azure
the permissions of Microsoft Graph and the custom roles, or with them who has them.
A scanner of files needs no policy; for it this says what it reads.`,
		Example: `  muster permissions kubernetes | kubectl apply -f -
  muster permissions kubernetes --without-secrets -o terraform
  muster permissions aws > policy.json
  muster permissions aws --organization --role-name muster-read -o cloudformation
  muster permissions gcp --organization -o terraform
  muster permissions azure -o terraform
  muster permissions repo -o json`,
		Args: exactly("a SCANNER"), ValidArgs: scannerNames(all.Factories()),
		RunE: func(_ *cobra.Command, args []string) error {
			if err := a.settle(s); err != nil {
				return err
			}
			f, err := namedScanner(args[0])
			if err != nil {
				return err
			}
			p, err := flags.permit(f.Info().Name)
			switch {
			case err != nil:
				return err
			case p != nil:
				return a.print(func(w io.Writer) error { return p.print(w, flags.format) })
			}
			return a.print(func(w io.Writer) error { return permissions(w, f.Info(), cmp.Or(flags.format, "text")) })
		},
	}
	flags.add(c)
	return c
}

// permissions prints what a scanner needs.
func permissions(w io.Writer, info scanners.Info, format string) error {
	list := info.Permissions
	if list == nil {
		list = []string{}
	}
	doc := map[string]any{"scanner": info.Name, "network": info.Network, "permissions": list}
	switch format {
	case "json":
		return writeJSON(w, doc)
	case "yaml":
		return writeYAML(w, doc)
	case "text":
	default:
		return noFormat(format, "text", "json", "yaml")
	}
	if !info.Network {
		fmt.Fprintf(w, "%s needs no permission to be granted: it reads what it is pointed at as the user who runs muster,\nreaches no network and writes nothing.\n", info.Name)
		for _, p := range info.Permissions {
			fmt.Fprintln(w, "\n  "+p)
		}
		return nil
	}
	fmt.Fprintf(w, "%s reads only; it needs:\n\n", info.Name)
	for _, p := range info.Permissions {
		fmt.Fprintln(w, "  "+p)
	}
	return nil
}
