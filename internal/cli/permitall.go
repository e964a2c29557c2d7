package cli

import (
	"io"
	"strings"

	"github.com/spf13/cobra"
)

// A permit prints what one scanner needs to be allowed, ready to apply.
type permit struct {
	scanner string
	flags   func() []string // names of the flags about it that were given
	print   func(w io.Writer, format string) error
}

// A flagged is a flag and whether it was given.
type flagged struct {
	on   bool
	name string
}

// named returns the names of the flags that were given.
func named(list ...flagged) []string {
	var out []string
	for _, x := range list {
		if x.on {
			out = append(out, x.name)
		}
	}
	return out
}

// permitFlags are the flags of muster permissions, which each are about one scanner or
// some.
type permitFlags struct {
	format         string
	withoutSecrets bool
	organization   bool
	aws            awsFlags
	gcp            gcpFlags
	azure          azureFlags
}

func (f *permitFlags) add(c *cobra.Command) {
	c.Flags().StringVarP(&f.format, "output", "o", "", "`FORMAT`: text, json, yaml, terraform, cloudformation (default yaml for a cluster, json for a cloud, else text)")
	c.Flags().BoolVar(&f.withoutSecrets, "without-secrets", false, "kubernetes: leave out listing Secrets")
	c.Flags().BoolVar(&f.organization, "organization", false, "aws, gcp: with what lists the accounts, folders, projects and policies of the organisation")
	f.aws.add(c)
	f.gcp.add(c)
	f.azure.add(c)
}

// permits are the scanners for which something can be applied.
func (f *permitFlags) permits() []permit {
	f.aws.organization, f.gcp.organization = f.organization, f.organization
	f.azure.creators, f.azure.withoutActivity = f.aws.creators, f.gcp.withoutActivity
	return []permit{
		{"kubernetes", func() []string { return named(flagged{f.withoutSecrets, "--without-secrets"}) }, func(w io.Writer, format string) error {
			return clusterPermissions(w, format, f.withoutSecrets)
		}},
		{"aws", f.aws.set, func(w io.Writer, format string) error { return awsPermissions(w, format, f.aws.options()) }},
		{"gcp", f.gcp.set, func(w io.Writer, format string) error { return gcpPermissions(w, format, &f.gcp) }},
		{"azure", f.azure.set, func(w io.Writer, format string) error { return azurePermissions(w, format, &f.azure) }},
	}
}

// permit returns how the permissions of a scanner are printed; nil if there is nothing
// to apply. Flags that are not about it are an error.
func (f *permitFlags) permit(scanner string) (*permit, error) {
	var found *permit
	about := map[string][]string{} // scanners of a flag
	var given []string
	for _, p := range f.permits() {
		if p.scanner == scanner {
			found = &p
		}
		for _, flag := range p.flags() {
			if about[flag] == nil {
				given = append(given, flag)
			}
			about[flag] = append(about[flag], p.scanner)
		}
	}
	for _, flag := range given {
		if of := strings.Join(about[flag], " and "); !strings.Contains(" "+of+" ", " "+scanner+" ") {
			return nil, usage("%s: for %s only, and not for %s", flag, of, scanner)
		}
	}
	return found, nil
}
